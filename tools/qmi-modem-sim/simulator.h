/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A running simulator: the modem, its line, and how long it lives. */
#ifndef SIMULATOR_H
#define SIMULATOR_H

#include <stdbool.h>

#include "line.h"
#include "modem_state.h"
#include "pty.h"
#include "settings.h"
#include "usb_port.h"

struct simulator {
	struct settings settings;
	struct pty pty;      /* the port, or */
	struct usb_port usb; /* with settings.usb, this one */
	struct line line;
	struct modem modem;
	bool ended;
};

#endif

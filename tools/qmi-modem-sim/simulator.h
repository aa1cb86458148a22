/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A running simulator: the modem, its line and its port. */
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
	struct pty pty;      /* the port without settings.usb */
	struct usb_port usb; /* the port with settings.usb */
	struct line line;
	struct modem modem;
	bool ended;
};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A running simulator: the modem, its line, and how long it lives. */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>

#include "line.h"
#include "modem_state.h"
#include "pty.h"
#include "settings.h"
#include "usb_port.h"

struct sim {
	struct settings settings;
	bool on_usb; /* its port is usb, else pty */
	struct pty pty;
	struct usb_port usb;
	struct line line;
	struct modem modem;
	bool ended;
};

#endif

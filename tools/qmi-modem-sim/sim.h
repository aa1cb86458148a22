/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A running simulator: the modem, its line, and how long it lives. */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>

#include "line.h"
#include "modem.h"
#include "settings.h"

struct sim {
	struct settings settings;
	struct line line;
	struct modem modem;
	bool ended;
};

#endif

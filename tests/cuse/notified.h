/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon tells its supervisor, state by state. */
#ifndef NOTIFIED_H
#define NOTIFIED_H

#include "daemon.h"

#define NOTIFIED_MAX 512

/* The next state, awaited. */
void notified_next(struct daemon *d, char state[NOTIFIED_MAX]);

/* The next one has to begin with this line, and to say this in its STATUS, its only other line. */
void notified_expect(struct daemon *d, const char *line, const char *status);

#endif

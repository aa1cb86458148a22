/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The states that the daemon reports to its supervisor. */
#ifndef NOTIFIED_H
#define NOTIFIED_H

#include "daemon.h"

#define NOTIFIED_MAX 512

/* Waits for the next state. */
void notified_next(struct daemon *d, char state[NOTIFIED_MAX]);

/* Expects the next state to be this line followed by a STATUS line with this text. */
void notified_expect(struct daemon *d, const char *line, const char *status);

#endif

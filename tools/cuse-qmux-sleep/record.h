/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Remembers whom this program has stopped, in a file, so that they go on even if it is
 * killed. Whoever has the record open keeps out others.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>

#include "program.h"

#define RECORD_DIRECTORY "/run/cuse-qmux"
#define RECORD_PATH      RECORD_DIRECTORY "/stopped"

struct record {
	int fd;
};

/*
 * Opens the record, or makes it, and waits until nobody else has it open. Returns 0, or
 * -errno: -EINTR when limit_reached().
 */
int record_open(struct record *record, bool make);

void record_close(struct record *record);

/* Call this before stopping the program. Returns 0 or -errno. */
int record_add(const struct record *record, const struct program *program);

/*
 * Continues everyone recorded, except those that have ended, and removes the record.
 * It need not be open. Returns the number of programs, or -errno.
 */
int record_continue_all(void);

#endif

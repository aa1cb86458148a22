/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks for other programs that have the port open, and warns of each. A process of its
 * own does so: it keeps the capabilities that this takes, which the daemon gives up, and
 * the daemon does not wait for it. It looks whenever somebody opens the port, too.
 */
#ifndef LOOKOUT_H
#define LOOKOUT_H

#include <stdint.h>
#include <sys/types.h>

struct loop;

/* Call this while the process has few files open, and all its capabilities. */
void lookout_start(void);

/* Call this before the loop is finished. */
void lookout_stop(void);

/*
 * Looks for the first time, waits for the result, and watches from then on. path must
 * have at most PATH_MAX bytes, and stay valid.
 */
void lookout_at(struct loop *loop, const char *path, dev_t device);

/*
 * V29: lookout_leave() leaves the search, which goes on, to the program that this process
 * becomes; lookout_start() then finds it. After lookout_hurry() the first search of
 * lookout_at() is not waited for.
 */
void lookout_leave(void);
void lookout_hurry(void);

/* There is reason to look again. */
void lookout_want(void);

/* The time in ms by which to call lookout_tick(), or UINT64_MAX. Calling it earlier is harmless. */
uint64_t lookout_deadline(void);
void lookout_tick(uint64_t now);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V28: replies late to calls that cost the daemon work and their caller nothing. A
 * program that does nothing else would otherwise keep the instance busy, and a process
 * that never sleeps gets its turns on the processor late.
 */
#ifndef PACE_H
#define PACE_H

#include <stdint.h>

#define FUSE_USE_VERSION 31
#include <fuse_lowlevel.h>

#include "list.h"

#define PACE_LINES 64

/* The calls of the users whose uids share a remainder. */
struct pace_line {
	struct list waiting; /* the oldest first */
	unsigned count;
	uint64_t next; /* ms, when the first of them is due */
	struct list busy;
};

struct pace {
	struct pace_line lines[PACE_LINES];
	struct list busy; /* lines in which calls wait, next turn first */
	uint64_t next;    /* ms, when another call that waits may be served */
};

/* Replies to req. error is what pace_reply() was given. */
typedef int pace_end(fuse_req_t req, int error);

void pace_init(struct pace *pace);

/*
 * Calls end(), now or later: every few ms for a user, by uid, and each user in turn. A
 * call that is interrupted while it waits gets EINTR instead. now is in ms.
 */
void pace_reply(struct pace *pace, uint32_t uid, fuse_req_t req, pace_end *end, int error,
		uint64_t now);

/* The time in ms at which pace_tick() has something to do, or UINT64_MAX. */
uint64_t pace_deadline(const struct pace *pace);
void pace_tick(struct pace *pace, uint64_t now);

/* Replies to all of them. */
void pace_finish(struct pace *pace);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds and stops whoever has a node open. */
#ifndef HUNT_H
#define HUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "devices.h"
#include "record.h"

#define HUNT_GROUPS_MAX 1024
#define HUNT_CALLERS    64

struct hunt {
	struct devices devices;
	const struct record *record;
	void *stopped;  /* a tree of those that were stopped */
	unsigned count; /* of them */
	pid_t callers[HUNT_CALLERS];
	size_t callers_count;
	char awaited[64];            /* someone who has not come to rest */
	char hooks[HUNT_GROUPS_MAX]; /* the control groups of systemd's other hooks, or empty */
};

/* The caller calls hunt_finish(). */
void hunt_begin(struct hunt *hunt, const struct record *record);

void hunt_finish(struct hunt *hunt);

/*
 * Stops everyone who has a node open, except those that rest already, init, servers of
 * nodes, the processes that called this one, and systemd's other sleep hooks. Returns 0
 * when all of them have come to rest and there are no new ones; -ETIME if that takes too
 * long; -EINTR if a signal asks for the end; or another -errno.
 */
int hunt_run(struct hunt *hunt);

/* True if systemd has called this program, and is about to put the machine to sleep. */
bool hunt_is_for_systemd(const struct hunt *hunt);

/* Stops those who have a node open now. Does not wait. Returns 0 or -errno. */
int hunt_again(struct hunt *hunt, const struct record *record);

#endif

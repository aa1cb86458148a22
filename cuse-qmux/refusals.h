/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V28: answers "try again" to those who ask too often, each only after the others. A
 * program that does nothing but ask would otherwise keep the instance busy, and a
 * process that never sleeps gets its turns on the processor late.
 */
#ifndef REFUSALS_H
#define REFUSALS_H

#include <stdint.h>

#define FUSE_USE_VERSION 31
#include <fuse_lowlevel.h>

#include "list.h"

struct refusals {
	struct list waiting; /* the oldest first */
	uint64_t next;       /* ms, when the first of them is due */
};

void refusals_init(struct refusals *refusals);

/* Replies EAGAIN, now or later. now is in ms. */
void refusals_add(struct refusals *refusals, fuse_req_t req, uint64_t now);

/* The time in ms at which refusals_tick() has something to do, or UINT64_MAX. */
uint64_t refusals_deadline(const struct refusals *refusals);
void refusals_tick(struct refusals *refusals, uint64_t now);

/* Replies to all of them. */
void refusals_finish(struct refusals *refusals);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection that is not passed on yet: reads its first frame, and finds the device
 * that this names.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "handover.h"
#include "list.h"
#include "peer.h"

enum guest_state {
	GUEST_HELD,    /* its user has had many connections lately */
	GUEST_READING, /* its first frame */
	GUEST_LOOKING, /* for the device, in another process */
	GUEST_WAITING, /* for an instance */
	GUEST_ENDED,   /* to be destroyed */
};

struct guest {
	enum guest_state state;
	struct peer peer;
	size_t have; /* bytes of the frame */
	dev_t device;
	int lookup_fd; /* in GUEST_LOOKING */
	pid_t lookup_pid;
	uint64_t until; /* ms, when the state times out */
	struct list link;
	struct handover handover; /* owns the connection */
};

/* Takes the connection. NULL if out of memory, or if it has no peer; then it is closed. */
struct guest *guest_create(int fd);

/* Begins to read its first frame at this time. */
void guest_hold(struct guest *guest, uint64_t until);

/* Closes what it has. */
void guest_destroy(struct guest *guest);

/* The connection, or in GUEST_LOOKING the descriptor of the lookup, can be read. */
void guest_go_on(struct guest *guest, uint64_t now);

/* In GUEST_WAITING: there may be an instance now. */
void guest_try(struct guest *guest, uint64_t now);

/* The state has timed out. */
void guest_time_out(struct guest *guest, uint64_t now);

/* Closes the connection to make room for others. */
void guest_evict(struct guest *guest);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session: what one open() of a node has, its two queues and what it still
 * waits for. The public verbs on a session are in mux.h; these are the mux's.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "list.h"
#include "queue.h"

/* A write is taken, and then whole, while fewer bytes than this wait for the port: V21. */
#define SESSION_OUT_BYTES 65536
/* V14 bounds the inbound queue in frames too. */
#define SESSION_IN_FRAMES 1024
/* Requests of services in flight; further ones wait, so that a flood costs bounded memory. */
#define SESSION_IN_FLIGHT 1024

struct session {
	struct mux *mux;
	void *owner;
	uint64_t id; /* counts the instance's sessions from 1; for people */
	unsigned node;
	unsigned in_flight; /* requests of services that the modem has not answered */
	unsigned sync_left; /* releases that its Sync still waits for: V10 */
	uint16_t sync_tid;
	uint64_t broadcast; /* the last broadcast indication that it was given: V12 */
	bool closed;        /* only what it has written is still to be sent */
	bool overflowed;    /* the next read has to say so: V14 */
	uint8_t *partial;   /* the beginning of a frame, or NULL: V19 */
	size_t partial_bytes;
	struct queue in;     /* to the application */
	struct queue out;    /* to the modem */
	struct list link;    /* in the mux's sessions */
	struct list turn;    /* in the mux's turns while something waits in out */
	struct list changed; /* in the mux's changed sessions */
};

/* NULL if there is no memory. */
struct session *session_create(struct mux *mux, unsigned node, uint64_t id, void *owner);
void session_destroy(struct session *session);

/* Nobody reads or writes any more; what waits in out is all that is left. */
void session_close(struct session *session);

/*
 * Takes bytes that the application wrote into out. Returns how many were
 * taken, or with nothing taken -EAGAIN (out is full), -ENOMEM, or, with the
 * partial input discarded as well, -EINVAL (no frame of an application begins
 * there) or -EMSGSIZE (a frame of more than frame_max bytes).
 */
ssize_t session_accept(struct session *session, const uint8_t *data, size_t size, size_t frame_max);

bool session_out_full(const struct session *session);

/*
 * Queues a frame for the application, max_bytes in all unless it is the only
 * one. Returns how many frames were dropped for it or with it.
 */
unsigned session_deliver(struct session *session, const uint8_t *frame, size_t max_bytes);

#endif

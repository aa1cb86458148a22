/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session: what one open() of a node has, its two queues and what it still
 * waits for. Only these functions touch its queues.
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

/* The sessions of one mux. */
struct sessions {
	struct list open;
	struct list changed; /* open ones whose owners have something new to see */
	unsigned count;      /* open ones */
	uint64_t seen;       /* sessions so far */
	size_t frame_max;    /* bytes that the port takes at a time */
	size_t queue_bytes;  /* V14: of the queue to the application */
};

struct session {
	struct sessions *all;
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
	struct list link;    /* in all->open */
	struct list changed; /* in all->changed */
	struct list turn;    /* in the turns while something waits in out */
};

void sessions_init(struct sessions *sessions, size_t frame_max, size_t queue_bytes);
void sessions_finish(struct sessions *sessions); /* destroys the open ones */

/* An open session that has changed, which is told once; NULL if there is none. */
struct session *sessions_next_changed(struct sessions *sessions);
void sessions_mark_all_changed(struct sessions *sessions);

/* NULL if there is no memory. */
struct session *session_create(struct sessions *sessions, unsigned node, void *owner);
void session_destroy(struct session *session);

/* Nobody reads or writes any more; what waits in out is all that is left. */
void session_close(struct session *session);

/*
 * From the application. session_accept() takes bytes that it wrote, all of
 * them. Returns size, or with nothing taken -EAGAIN (out is full), -ENOMEM, or,
 * with the partial input discarded as well, -EINVAL (no frame of an application
 * begins there) or -EMSGSIZE (a frame of more than frame_max bytes). Fewer bytes
 * are taken only where memory ran out behind them.
 */
ssize_t session_accept(struct session *session, const uint8_t *data, size_t size);
bool session_writable(const struct session *session); /* not -EAGAIN */

/* The next request for the modem, *size bytes, valid until a change; NULL if there is none. */
const uint8_t *session_request(const struct session *session, size_t *size);
void session_pop_request(struct session *session);
void session_discard_requests(struct session *session);

/*
 * To the application. session_deliver() queues a frame, and drops others for it
 * if the queue is full: V14. Returns how many frames were dropped, this one
 * included if it was not queued.
 */
unsigned session_deliver(struct session *session, const uint8_t *frame);

/*
 * What a read returns next: *data and its size, which is the front frame's or
 * the rest of it, valid until a change; or -EAGAIN, or -ENOBUFS, which is then
 * reported and over. session_consume() takes bytes that were read off.
 */
ssize_t session_peek(struct session *session, const uint8_t **data);
void session_consume(struct session *session, size_t size);
bool session_readable(const struct session *session); /* not -EAGAIN */

#endif

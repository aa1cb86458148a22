/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session: the state of one open() of a node, with its two queues. Only these
 * functions touch the queues.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "list.h"
#include "queue.h"

/* V21: a write is accepted whole while fewer bytes than this wait for the port. */
#define SESSION_OUT_BYTES 65536
/* V14: limit of the inbound queue in frames. */
#define SESSION_IN_FRAMES 1024
/* V5: limit on requests to services in flight, so that a flood costs bounded memory. */
#define SESSION_IN_FLIGHT 1024

/* The sessions of one mux. */
struct sessions {
	struct list open;
	struct list changed; /* open ones with a change to report */
	unsigned count;      /* open ones */
	uint64_t seen;       /* sessions opened so far */
	size_t frame_max;    /* bytes of the longest frame that the port accepts */
	size_t queue_bytes;  /* V14: limit of the inbound queue */
};

struct session {
	struct sessions *all;
	void *owner;
	uint64_t id; /* counts the instance's sessions from 1 */
	unsigned node;
	unsigned in_flight; /* V5: unanswered requests to services */
	unsigned sync_left; /* V10: releases that its Sync still waits for */
	uint16_t sync_tid;
	uint64_t broadcast; /* V12: number of the last broadcast delivered to it */
	bool closed;        /* lingering: only its requests remain to be sent */
	bool overflowed;    /* V14: the next read must report it */
	uint8_t *partial;   /* V19: the beginning of a frame, or NULL */
	size_t partial_bytes;
	struct queue in;     /* to the application */
	struct queue out;    /* to the modem */
	struct list link;    /* in all->open */
	struct list changed; /* in all->changed */
	struct list turn;    /* in turns.order while out is not empty */
};

void sessions_init(struct sessions *sessions, size_t frame_max, size_t queue_bytes);
void sessions_finish(struct sessions *sessions); /* destroys the open ones */

/* The next open session with a change to report, each reported once; NULL if there is none. */
struct session *sessions_next_changed(struct sessions *sessions);
void sessions_mark_all_changed(struct sessions *sessions);

/* NULL if out of memory. */
struct session *session_create(struct sessions *sessions, unsigned node, void *owner);
void session_destroy(struct session *session);

/* Drops everything but the requests in out. */
void session_close(struct session *session);

/*
 * From the application. session_accept() takes the bytes of a write. Returns
 * size; or, having taken nothing, -EAGAIN (out is full) or -ENOMEM; or, having
 * discarded the partial input too, -EINVAL (not a request frame) or -EMSGSIZE
 * (a frame longer than frame_max). Takes only part of the data if memory runs
 * out in the middle.
 */
ssize_t session_accept(struct session *session, const uint8_t *data, size_t size);
bool session_writable(const struct session *session); /* not -EAGAIN */

/* The next request for the modem, *size bytes, valid until out changes; NULL if there is none. */
const uint8_t *session_request(const struct session *session, size_t *size);
void session_pop_request(struct session *session);
void session_discard_requests(struct session *session);

/*
 * To the application. session_deliver() queues a frame, dropping others if the
 * queue is full: V14. Returns the number of frames dropped, including this one
 * if it was not queued.
 */
unsigned session_deliver(struct session *session, const uint8_t *frame);

/*
 * What the next read returns: *data and its size, the front frame or what is
 * left of it, valid until the queue changes; or -EAGAIN, or -ENOBUFS, only once
 * for each overflow. session_consume() removes bytes that were read.
 */
ssize_t session_peek(struct session *session, const uint8_t **data);
void session_consume(struct session *session, size_t size);
bool session_readable(const struct session *session); /* not -EAGAIN */

#endif

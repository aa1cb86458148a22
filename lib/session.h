/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session: the state of one open() of a node, with its queues. Only these
 * functions touch the queues.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kept.h"
#include "list.h"
#include "queue.h"
#include "user.h"

/* V21: a write is accepted whole while fewer bytes than this wait for the port. */
#define SESSION_OUT_BYTES 65536
/* V14: limit of the inbound queue in frames. */
#define SESSION_IN_FRAMES 1024
/* V5: limit on requests to services in flight, so that a flood costs bounded memory. */
#define SESSION_IN_FLIGHT 1024
/* V28: limit on CTL requests in flight. */
#define SESSION_CTL_IN_FLIGHT 8

/* The sessions of one mux. */
struct sessions {
	struct list open;
	struct list lingering;             /* V6: closed ones with frames to send */
	struct list changed;               /* open ones with a change to report */
	unsigned count;                    /* open ones */
	uint64_t seen;                     /* sessions opened so far */
	size_t frame_max;                  /* bytes of the longest frame that the port accepts */
	size_t queue_bytes;                /* V14: limit of the inbound queue */
	struct list queues[QUEUE_CLASSES]; /* sessions with indications to read, by size */
	struct kept *kept;                 /* or NULL */
};

/* V28: the places among CTL requests that a session has taken for its next frame. */
enum session_slot {
	SLOT_NONE,
	SLOT_USER, /* its user's; it waits for one of everybody's */
	SLOT_BOTH, /* the frame can be sent */
};

struct session {
	struct sessions *all;
	struct user *user;
	void *owner;
	uint32_t number; /* V29: while it is saved */
	uint64_t id;     /* counts the instance's sessions from 1 */
	unsigned node;
	unsigned kept;          /* V29: its slot, once it has held a client */
	bool left;              /* V29: loaded, and without an owner since */
	size_t charged;         /* bytes that the caller of the mux has charged */
	unsigned in_flight;     /* V5: unanswered requests to services */
	unsigned ctl_in_flight; /* V28: and to CTL */
	unsigned sync_left;     /* V10: releases that its Sync still waits for */
	uint16_t sync_tid;
	uint64_t broadcast; /* V12: number of the last broadcast delivered to it */
	bool closed;        /* lingering: only its requests remain to be sent */
	uint64_t gives_up;  /* lingering: ms, when they are dropped */
	bool overflowed;    /* V14: the next read must report it */
	uint8_t *partial;   /* V19: the beginning of a frame, or NULL */
	size_t partial_bytes;
	size_t partial_capacity;
	struct queue responses; /* to the application; V14: it loses indications first */
	struct queue indications;
	struct queue out;         /* to the modem */
	uint32_t in_seen;         /* frames queued for the application so far */
	struct list transactions; /* requests that it waits for */
	struct list holdings;     /* V8: the clients that it holds */
	struct list link;         /* in all->open or all->lingering */
	struct list changed;      /* in all->changed */
	struct list all_queues;   /* in all->queues and its user's, by the size of indications */
	struct list user_queues;

	/* Where it stands with its next frame: stand.h. */
	struct turn turn;
	struct place local;    /* in user->local while the frame must be looked at */
	struct list waits;     /* in the line of what the frame waits for */
	struct list followers; /* sessions behind it in the line for a tid */
	struct list names;     /* in the heads of the client that the frame names */
	enum session_slot slot;
	unsigned slot_rank; /* how many its user had before */
};

void sessions_init(struct sessions *sessions, size_t frame_max, size_t queue_bytes);

/* The next open session with a change to report, each reported once; NULL if there is none. */
struct session *sessions_next_changed(struct sessions *sessions);
void sessions_mark_all_changed(struct sessions *sessions);

/* NULL with errno EMFILE or ENOMEM. It holds its user. */
struct session *session_create(struct sessions *sessions, struct user *user, unsigned node,
			       void *owner);

/* V29: one of this number from before a restart, without an owner, as yet. NULL: ENOMEM. */
struct session *session_restore(struct sessions *sessions, struct user *user, unsigned node,
				uint64_t id);

/* V29: a crash has lost what it had to read: its next read says so. */
void session_restore_loss(struct session *session);

/* V29: it had closed, with frames to send. */
void session_restore_closed(struct session *session);

/* V29: its indications were restored; sessions are to be named in their old order. */
void session_restore_queue(struct session *session);

/* V29: keeps the session, because it holds a client. */
void session_keep(struct session *session);

/* It must stand nowhere. */
void session_destroy(struct session *session);

/* Drops everything but the requests in out. */
void session_close(struct session *session);

/* V28: counts bytes that the caller keeps for it. False if that is over a limit. */
bool session_charge(struct session *session, size_t bytes);
void session_refund(struct session *session, size_t bytes);

/*
 * From the application. session_accept() takes the bytes of a write. Returns
 * size; or, having taken nothing, -EAGAIN (out is full) or -ENOMEM; or, having
 * discarded the partial input too, -EINVAL (not a request frame) or -EMSGSIZE
 * (a frame longer than frame_max). Takes only part of the data if memory runs
 * out in the middle.
 */
ssize_t session_accept(struct session *session, const uint8_t *data, size_t size);
bool session_writable(const struct session *session); /* not -EAGAIN */

/* The next request for the modem, valid until out changes; NULL if there is none. */
const uint8_t *session_request(const struct session *session);
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose turn it is to use the port. One frame each: the sessions with something
 * to send, closed ones among them, and the mux itself with its own requests.
 */
#ifndef TURNS_H
#define TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"

struct mux;
struct session;

struct turns {
	struct list order; /* who has something for the port: sessions, and own */
	struct list own;   /* in order while one of the mux's own requests waits */
	uint8_t *frame;    /* the one that the port is sending: frame_max bytes */
	bool port_busy;
	unsigned lingering; /* closed sessions whose last frames still wait */
};

/* 0, or -ENOMEM. turns_finish() takes either; it destroys the sessions that linger. */
int turns_init(struct turns *turns, size_t frame_max);
void turns_finish(struct turns *turns);

/*
 * Deals with what the next frames of this session, NULL for none, need no modem
 * for, and with those of all sessions where a client has come or gone. A closed
 * session that has nothing more to send is gone afterwards.
 */
void turns_settle(struct mux *mux, struct session *session);

/* The session has written something. */
void turns_join(struct mux *mux, struct session *session);

/*
 * The session has closed. It lives on while it has frames to send (V6), and is
 * returned to be settled; NULL if it could not stay.
 */
struct session *turns_linger(struct mux *mux, struct session *session);

/* The mux's own requests come next: what is allocated before a Sync would be taken by it. */
void turns_own_first(struct mux *mux);

/* V18: what sessions have not sent yet is not sent any more. */
void turns_discard(struct mux *mux);

/* As mux_port_next() and so on in mux.h. */
const uint8_t *turns_next(struct mux *mux, uint64_t now, size_t *size);
void turns_sent(struct mux *mux);
void turns_unplugged(struct mux *mux);
void turns_failed(struct mux *mux, uint64_t now);
void turns_lost(struct mux *mux, uint64_t now);

#endif

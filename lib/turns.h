/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns at the port, one frame each: sessions with something to send, including
 * closed ones, and the mux itself with its own requests.
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
	struct list order; /* sessions with requests, and own; next turn first */
	struct list own;   /* in order while an own request waits */
	uint8_t *frame;    /* the frame at the port; frame_max bytes */
	bool port_busy;
	unsigned lingering; /* closed sessions with unsent frames */
};

/* 0, or -ENOMEM. turns_finish() accepts either, and destroys lingering sessions. */
int turns_init(struct turns *turns, size_t frame_max);
void turns_finish(struct turns *turns);

/*
 * Answers the session's next frames, up to the first that needs the modem; none if
 * session is NULL. If heads_changed, does so for every session. Destroys closed
 * sessions that have nothing left to send.
 */
void turns_settle(struct mux *mux, struct session *session);

/* The session has written something: it takes turns. */
void turns_join(struct mux *mux, struct session *session);

/*
 * V6: the session has closed, and lingers while it has frames to send. Returns
 * it, to be settled; or NULL if it was destroyed.
 */
struct session *turns_linger(struct mux *mux, struct session *session);

/* Own requests go first: a Sync would release clients allocated just before it. */
void turns_own_first(struct mux *mux);

/* V18: discards the requests that sessions have not sent. */
void turns_discard(struct mux *mux);

/* The same as mux_port_next() and so on in mux.h. */
const uint8_t *turns_next(struct mux *mux, uint64_t now, size_t *size);
void turns_sent(struct mux *mux);
void turns_unplugged(struct mux *mux);
void turns_failed(struct mux *mux, uint64_t now);
void turns_lost(struct mux *mux, uint64_t now);

#endif

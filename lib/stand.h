/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a session stands with its next frame:
 *
 *   - in the local rotation: the frame must be looked at;
 *   - in the rotation of heads: it can be sent when the port takes it;
 *   - in the line of what the frame waits for: the end of a transaction, or a
 *     place among the CTL requests in flight;
 *   - nowhere: it has no frame, or waits for something of its own.
 *
 * Nobody who stands in a line is looked at before there is a reason to.
 */
#ifndef STAND_H
#define STAND_H

#include <stdbool.h>

#include "list.h"
#include "transaction.h"

struct mux;
struct session;

/* Lines for a place: as many tids as a request may have to leave free for others. */
#define SLOT_LINES (CTL_TIDS_RESERVED + USER_CTL_SLOTS)

/* V28: places among the CTL requests in flight. */
struct slots {
	struct list lines[SLOT_LINES]; /* sessions that wait, by what they must leave free */
	unsigned promised;             /* places of sessions that have not sent their request yet */
};

void slots_init(struct slots *slots);

/* True if the mux may send a CTL request of its own: a tid is free, and not promised. */
bool slots_are_free(const struct mux *mux);

/* True if a session waits for one of everybody's places. */
bool slots_are_awaited(const struct slots *slots);

/* Its next frame must be looked at: it is new, or something about it has changed. */
void stand_look(struct mux *mux, struct session *session);

/* Its next frame, a request to a service, can be sent. */
void stand_ready(struct mux *mux, struct session *session);

/* Its next frame waits for the transaction's end, and whoever is behind it with it. */
void stand_behind(struct mux *mux, struct session *session, struct transaction *transaction);

/* Its next frame, a CTL request, can be sent, or waits for a place among those in flight. */
void stand_for_slot(struct mux *mux, struct session *session);

/* It waits for something of its own: the end of its Sync, or of one of its requests. */
void stand_aside(struct mux *mux, struct session *session);

/* One of those it may have waited for is over. */
void stand_return(struct mux *mux, struct session *session);

/* Its next frame is sent as this transaction: those behind it wait for that now. */
void stand_sent(struct mux *mux, struct session *session, struct transaction *transaction);

/* Its next frame is gone in another way: it stands nowhere. */
void stand_leave(struct mux *mux, struct session *session);

/* The transaction ends: the first one that waits for it is looked at. */
void stand_wake(struct mux *mux, struct transaction *transaction);

/* A tid, or one of the user's places among CTL requests, is free. */
void stand_fill_slots(struct mux *mux, struct user *user);

#endif

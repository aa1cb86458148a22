/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mux's own CTL requests, with which it cleans up after applications. They
 * wait in the turn of the session that they serve, or of its user.
 */
#ifndef OWN_H
#define OWN_H

#include <stdbool.h>
#include <stdint.h>

#include "window.h"

struct client;
struct mux;
struct session;
struct transaction;
struct turn;
struct user;

struct own {
	uint64_t retry_at;    /* ms: own requests wait until then; UINT64_MAX: they need not */
	struct window window; /* V28: those that are young, by which a user's are limited */
};

void own_init(struct own *own);

/* True if a request of the mux's own may be sent now. If one waits for a tid, it contends. */
bool own_may_send(struct mux *mux);

/* True if one waits. */
bool own_is_waiting(const struct mux *mux);

/* The time in ms at which one that is held may go on. */
uint64_t own_deadline(const struct mux *mux);

/* Copies the next one in this turn into frame. own_may_send() must be true. */
void own_send(struct mux *mux, struct turn *turn, uint8_t *frame);

/* Queues a request again that the port failed to send. */
void own_send_again(struct mux *mux, struct transaction *transaction);

/* V15: holds own requests back for 200 ms, in which the port, or memory, may recover. */
void own_retry_later(struct mux *mux);
void own_end_pause(struct mux *mux);

/* Releases a client that only the modem still knows; this user has caused it. */
void own_release(struct mux *mux, struct user *user, uint8_t service, uint8_t device_cid);

/* Releases and forgets one client, all of them, or (V9) the orphans that are too old. */
void own_release_client(struct mux *mux, struct client *client);
void own_release_all(struct mux *mux);
void own_release_old_orphans(struct mux *mux);

/* V9: releases an orphan that became too old before it could be released. */
void own_release_if_overdue(struct mux *mux, struct client *client);

/* The modem did not release this client: it becomes usable again. */
void own_keep(struct mux *mux, struct client *client);

/* V9: releases this client before a session's Allocate CID; false if out of memory. */
bool own_reclaim(struct mux *mux, struct session *session, uint16_t tid, struct client *client);

/* V9: the client is gone, so retries the Allocate CID that it was reclaimed for. */
void own_allocate(struct mux *mux, struct transaction *reclaim);

/* V16: the modem has restarted: nothing that waits need be sent any more. */
void own_abandon_all(struct mux *mux);

/* V10: a session's Sync, which is answered after the last of its releases. */
void own_sync(struct mux *mux, struct session *session, uint16_t tid);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mux's own CTL requests, with which it cleans up after applications. They
 * wait in transactions.waiting for their turn.
 */
#ifndef OWN_H
#define OWN_H

#include <stdbool.h>
#include <stdint.h>

struct client;
struct mux;
struct session;
struct transaction;

struct own {
	uint64_t retry_at; /* ms: own requests wait until then; UINT64_MAX: they need not */
	bool sync_answered;
};

void own_init(struct own *own);

/* True if an own request waits. */
bool own_is_waiting(const struct mux *mux);

/* Copies the next waiting request into frame; false if it must keep waiting. One must wait. */
bool own_send(struct mux *mux, uint8_t *frame, uint64_t now);

/* Queues a request again that the port failed to send. */
void own_send_again(struct mux *mux, struct transaction *transaction, uint64_t now);

/* V15: holds own requests back for 200 ms, in which the port, or memory, may recover. */
void own_retry_later(struct mux *mux, uint64_t now);
void own_end_pause(struct mux *mux, uint64_t now);

/* Queues a Sync; there must be no clients. 0 or -ENOMEM. */
int own_start_sync(struct mux *mux);
void own_sync_is_answered(struct mux *mux); /* also by a restart of the modem */

/* Releases a client that only the modem still knows. */
void own_release(struct mux *mux, uint8_t service, uint8_t device_cid);

/* Releases and forgets one client, all of them, or (V9) the orphans that are too old. */
void own_release_client(struct mux *mux, struct client *client);
void own_release_all(struct mux *mux);
void own_release_old_orphans(struct mux *mux, uint64_t now);

/* The modem did not release this client: it becomes usable again. */
void own_keep(struct mux *mux, struct client *client);

/* V9: releases an orphan before a session's Allocate CID; false if none can be reclaimed. */
bool own_reclaim(struct mux *mux, struct session *session, uint16_t tid, uint8_t service);

/* V9: the orphan is gone, so retries the Allocate CID that it was reclaimed for. */
void own_allocate(struct mux *mux, const struct transaction *reclaim);

/* V10: a session's Sync, which is answered after the last of its releases. */
void own_sync(struct mux *mux, struct session *session, uint16_t tid);

#endif

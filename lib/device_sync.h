/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V10, V16: the mux's own Sync, with which the modem releases clients that nobody
 * knows: those of an earlier instance, or those that it kept although it said that
 * it had restarted. The modem takes requests in order, so a Sync that is sent
 * before an Allocate CID does its client no harm. After one, none is sent.
 */
#ifndef DEVICE_SYNC_H
#define DEVICE_SYNC_H

#include <stdbool.h>
#include <stdint.h>

struct mux;
struct transaction;
struct turn;

struct device_sync {
	bool answered;        /* ever, or the modem has restarted */
	bool owed;            /* it was never answered: the modem's next frame causes another */
	bool clean;           /* no client has come since it was queued */
	uint64_t fresh_until; /* ms: 1 s after the last answer */
	uint64_t again_at;    /* ms: then it is repeated; UINT64_MAX: no more */
	uint64_t gives_up_at; /* ms */
};

void device_sync_init(struct device_sync *sync);

/* Queues a Sync, which is repeated until it is answered. 0 or -ENOMEM. */
int device_sync_start(struct mux *mux);

/* The modem has restarted. Queues a Sync, if it is to be sent at all. */
void device_sync_restart(struct mux *mux);

/* Queues one before everything else; also one that the port has failed to send. */
void device_sync_queue(struct mux *mux, struct transaction *transaction);

/* The turn of one that waits, before everybody else's; or NULL. */
struct turn *device_sync_turn(const struct mux *mux);

/*
 * A session's Allocate CID is sent: a Sync that still waits, since the port has failed to
 * send it, would take its client away. (The mux's own go behind it.)
 */
void device_sync_cancel(struct mux *mux);

void device_sync_answer(struct mux *mux); /* the modem has answered one */

/*
 * True if a Sync indication comes with the answer to a Sync of the mux's own, and so
 * means no restart: one is in flight, or was answered less than 1 s ago, and no
 * client has come since.
 */
bool device_sync_explains_indication(const struct mux *mux);

/* There is a client: no Sync is repeated any more. */
void device_sync_note_client(struct mux *mux);

/* A frame has come from the modem, and has been dealt with. */
void device_sync_hear(struct mux *mux);

void device_sync_tick(struct mux *mux);

#endif

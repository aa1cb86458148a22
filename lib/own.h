/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the mux itself asks of CTL: it clears up behind applications. These
 * requests wait in transactions.waiting until their turn comes.
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
	uint64_t retry_at; /* ms, when what failed is tried again; UINT64_MAX: nothing failed */
	bool sync_answered;
};

void own_init(struct own *own);

/* Whether one of them waits. */
bool own_is_waiting(const struct mux *mux);

/* Takes the next one, of which there is one, into frame; false if it has to wait on. */
bool own_send(struct mux *mux, uint8_t *frame, uint64_t now);

/* Puts one that the port failed to send back into the line. */
void own_send_again(struct mux *mux, struct transaction *transaction, uint64_t now);

/* The port, or memory, may have recovered by then: V15. Until then none of these is sent. */
void own_retry_later(struct mux *mux, uint64_t now);
void own_end_pause(struct mux *mux, uint64_t now);

/* Sync, before any client is allocated. 0 or -ENOMEM. */
int own_start_sync(struct mux *mux);
void own_sync_is_answered(struct mux *mux); /* or the modem has restarted instead */

/* Releases a client that only the modem knows. */
void own_release(struct mux *mux, uint8_t service, uint8_t device_cid);

/* Releases and forgets a client, or all of them, or the orphans that are too old: V9. */
void own_release_client(struct mux *mux, struct client *client);
void own_release_all(struct mux *mux);
void own_release_old_orphans(struct mux *mux, uint64_t now);

/* The modem keeps a client whose Release CID was under way: it is one like others again. */
void own_keep(struct mux *mux, struct client *client);

/* Gives up an orphan for a session's Allocate CID, which follows. False if there is none: V9. */
bool own_reclaim(struct mux *mux, struct session *session, uint16_t tid, uint8_t service);

/* The orphan is gone: the Allocate CID that it was given up for is tried again. */
void own_allocate(struct mux *mux, const struct transaction *reclaim);

/* V10: a session's Sync. It is answered when the last of its releases is. */
void own_sync(struct mux *mux, struct session *session, uint16_t tid);

#endif

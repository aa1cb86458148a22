/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V29: after a crash. What is kept says who has which client, but not which requests of
 * services are in flight, nor whether the answer to an Allocate CID was read and
 * lost. So for a second only the mux's own requests are sent. In it come the answers to
 * most of those requests, for the only holders of their clients; and clients that were
 * being released when the process crashed are released, before their CIDs can be
 * allocated anew.
 */
#ifndef RESUME_H
#define RESUME_H

#include <stdbool.h>
#include <stdint.h>

struct client;
struct mux;
struct session;
struct transaction;

struct resumption {
	bool holds;             /* no request of a session is sent */
	uint64_t waits_until;   /* ms: for answers; UINT64_MAX: not, or not any more */
	uint64_t answers_until; /* ms: so long answers are for requests from before */
	uint8_t allocates[256]; /* Allocate CIDs of a service from before that are not answered */
	uint64_t seen;          /* the highest session number before it; 0: no crash */
};

void resume_init(struct resumption *resumption);

/* V29: false if the mux, of a planned restart, does not have what is kept. */
bool resume_fits(const struct mux *mux);

/* Goes on with what mux->kept has. 0, -ENOMEM or -EINVAL. */
int resume_from_kept(struct mux *mux);

/* Ends the wait. An Allocate CID that is not answered may have left a client. */
void resume_tick(struct mux *mux);

/* A CTL request that had expired is answered late. */
void resume_note_answer(struct mux *mux, const struct transaction *transaction);

/* The modem has forgotten all clients. */
void resume_note_restart(struct mux *mux);

/* Lets sessions' requests go on, if nothing keeps them any more. */
void resume_go_on(struct mux *mux);

/* Who gets the client's response to a request from before the crash, or NULL. */
struct session *resume_asker(const struct mux *mux, const struct client *client);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the multiplexer share: mux.c, requests.c, answers.c, own.c and deadlines.c. */
#ifndef MUX_PRIVATE_H
#define MUX_PRIVATE_H

#include "client.h"
#include "frame.h"
#include "mux.h"
#include "session.h"
#include "transaction.h"

struct mux {
	struct mux_config config;
	struct mux_counters counters;
	struct clients clients;
	struct transactions transactions;
	struct list sessions;
	struct list turns;    /* who has something for the port, in the order of their turns */
	struct list own_turn; /* in turns while one of the mux's own requests waits */
	struct list changed;
	uint64_t sessions_seen;
	uint64_t broadcasts_seen;
	uint64_t orphan_deadline;     /* no orphan is too old before */
	uint64_t contention_deadline; /* when the first contended transaction is forgotten */
	uint64_t retry_at;            /* when what failed is tried again; its own wait till then */
	unsigned lingering;           /* closed sessions whose last frames still wait */
	bool port_busy;
	bool heads_changed; /* a client has come or gone: what waits may not need the modem now */
	bool sync_answered;
	bool stopping;
	bool unplugged;
	uint8_t *request; /* the one that the port is sending: frame_max bytes */
	uint8_t *input;   /* from the port, at most one frame that is not whole yet */
	size_t input_bytes;
	size_t skipped;          /* bytes of garbage since the last frame */
	uint64_t input_deadline; /* when the rest of the partial frame has to be there */
};

/* mux.c */

void mux_log(struct mux *mux, enum mux_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

const char *mux_service_name(uint8_t service); /* for people */

void mux_trace(struct mux *mux, const struct mux_trace *trace);

/* Gives a frame to a session that is open. */
void mux_deliver(struct mux *mux, struct session *session, const uint8_t *frame);

/* Answers a request, known by its numbers on the application's side, without the modem. */
void mux_answer(struct mux *mux, struct session *session, uint8_t service, uint8_t cid,
		uint16_t tid, uint16_t message, uint16_t error);

/* The same for one that is in flight or waits, if somebody still wants an answer; it goes on. */
void mux_answer_transaction(struct mux *mux, const struct transaction *transaction, uint16_t error);

/*
 * The modem will not answer this one: tells whoever waits for it, with this
 * error. The transaction itself goes on.
 */
void mux_abandon(struct mux *mux, struct transaction *transaction, uint16_t error);

/* V15: nobody waits for it any more, but a late answer to it is known as such. */
void mux_expire(struct mux *mux, struct transaction *transaction);

/* Ends a transaction, and its part in what its session may have in flight. */
void mux_end(struct mux *mux, struct transaction *transaction);

/* Forgets a client. Its requests in flight are answered Aborted: nothing else will. */
void mux_forget(struct mux *mux, struct client *client);

/* The modem keeps a client whose Release CID was under way: it is one like others again. */
void mux_keep(struct mux *mux, struct client *client);

/* An orphan may have become one that can be given up: its age counts again. */
void mux_check_orphans(struct mux *mux);

/*
 * Deals with what a session's next frames need no modem for. A closed session
 * that has nothing more to send is gone afterwards.
 */
void mux_settle(struct mux *mux, struct session *session);

/* To be called after a change: where a client has gone, requests that wait may be foreign now. */
void mux_settle_all(struct mux *mux);

/* Takes the session's next frame off; tells when there is room again. */
void mux_pop_request(struct mux *mux, struct session *session);

/* V16: the modem has forgotten every client. */
void mux_restart(struct mux *mux);

/* deadlines.c: because time passes. */

/* Whether a CTL request has to wait for a tid, and what to do that it does not for ever. */
bool mux_lacks_ctl_tid(struct mux *mux, uint64_t now);

/* A request waits because the answer to this expired one may still come: V15. */
void mux_contend(struct mux *mux, struct transaction *expired, uint64_t now);

/* The port, or memory, may have recovered by then: V15. */
void mux_retry_later(struct mux *mux, uint64_t now);

/* requests.c: from an application. */

/* Answers the session's next frame, if that can be done without the modem. */
bool request_answer(struct mux *mux, struct session *session, const uint8_t *frame);

/* answers.c: from the modem. */

/* The rest of what looked like a frame has not come: it was none. */
void answer_skip_partial(struct mux *mux, uint64_t now);

/* own.c: the mux's own requests to CTL. One of them at least waits when own_send() is called. */

/* Takes the next of them into mux->request; false if it has to wait. */
bool own_send(struct mux *mux, uint64_t now);

/* Puts one that the port failed to send back into the line. */
void own_send_again(struct mux *mux, struct transaction *transaction, uint64_t now);

/* Releases a client that only the modem knows. */
void own_release(struct mux *mux, uint8_t service, uint8_t device_cid);

/* Releases and forgets a client. */
void own_release_client(struct mux *mux, struct client *client);

/* Gives up an orphan for a session's Allocate CID, which follows. False if there is none: V9. */
bool own_reclaim(struct mux *mux, struct session *session, uint16_t tid, uint8_t service);

/* The orphan is gone: the Allocate CID that it was given up for is tried again. */
void own_allocate(struct mux *mux, const struct transaction *reclaim);

/* Nobody waits for these any more; an Allocate CID among them is not sent: V6. */
void own_forget_asker(struct mux *mux, const struct session *session);

/* V10: a session's Sync. It is answered when each of its releases has come to own_sync_step(). */
void own_sync(struct mux *mux, struct session *session, uint16_t tid);
void own_sync_step(struct mux *mux, struct session *session);

#endif

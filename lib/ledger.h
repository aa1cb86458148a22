/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger: who has which client, who is owed which answer, and the few verbs
 * that change it. Everything above goes through these.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "mux_private.h"

void ledger_log(struct mux *mux, enum mux_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

const char *ledger_service_name(uint8_t service); /* for people */

void ledger_trace(struct mux *mux, const struct mux_trace *trace);

/* Gives a frame to a session that is open. */
void ledger_deliver(struct mux *mux, struct session *session, const uint8_t *frame);

/* Answers a request, known by its numbers on the application's side, without the modem. */
void ledger_answer(struct mux *mux, struct session *session, uint8_t service, uint8_t cid,
		   uint16_t tid, uint16_t message, uint16_t error);

/* The same for one that is in flight or waits, if somebody still wants an answer; it goes on. */
void ledger_answer_transaction(struct mux *mux, const struct transaction *transaction,
			       uint16_t error);

/* V10: one of the releases that a session's Sync waits for is done; the last one answers it. */
void ledger_sync_step(struct mux *mux, struct session *session);

/*
 * The modem will not answer this one: tells whoever waits for it, with this
 * error. The transaction itself goes on.
 */
void ledger_abandon(struct mux *mux, struct transaction *transaction, uint16_t error);

/* V15: nobody waits for it any more, but a late answer to it is known as such. */
void ledger_expire(struct mux *mux, struct transaction *transaction);

/* V15: the same for one that the modem has not answered in time. */
void ledger_time_out(struct mux *mux, struct transaction *transaction);

/* Ends a transaction, and its part in what its session may have in flight. */
void ledger_end(struct mux *mux, struct transaction *transaction);

/* Forgets a client. Its requests in flight are answered Aborted: nothing else will. */
void ledger_forget(struct mux *mux, struct client *client);

/* The session gets no more answers: it has closed (V6), or the instance stops (V18). */
void ledger_forget_asker(struct mux *mux, struct session *session);

#endif

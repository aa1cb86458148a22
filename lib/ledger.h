/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger: which session holds which client, which session is owed which
 * response, and the verbs that change this.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "mux_private.h"

void ledger_log(struct mux *mux, enum mux_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

const char *ledger_service_name(uint8_t service); /* for logs */

void ledger_trace(struct mux *mux, const struct mux_trace *trace);

/* Queues a frame for a session, which must be open. */
void ledger_deliver(struct mux *mux, struct session *session, const uint8_t *frame);

/* Answers a request without the modem. All numbers are the application's own. */
void ledger_answer(struct mux *mux, struct session *session, uint8_t service, uint8_t cid,
		   uint16_t tid, uint16_t message, uint16_t error);

/* Answers a transaction's request, if a session still waits for it. The transaction goes on. */
void ledger_answer_transaction(struct mux *mux, const struct transaction *transaction,
			       uint16_t error);

/* V10: one of the releases that a Sync waits for is done; the last one answers the Sync. */
void ledger_sync_step(struct mux *mux, struct session *session);

/*
 * The modem will not answer this transaction: sends this error to the session
 * that waits for it. The transaction goes on.
 */
void ledger_abandon(struct mux *mux, struct transaction *transaction, uint16_t error);

/* V15: detaches its session, and keeps the transaction to recognise a late response. */
void ledger_expire(struct mux *mux, struct transaction *transaction);

/* V15: the modem has not answered in time. Counts and logs that, and expires it. */
void ledger_time_out(struct mux *mux, struct transaction *transaction);

/* Ends a transaction and frees its place among its session's requests in flight. */
void ledger_end(struct mux *mux, struct transaction *transaction);

/* Forgets a client, and answers its requests in flight Aborted: nothing else will. */
void ledger_forget(struct mux *mux, struct client *client);

/* The session gets no more responses: it has closed (V6), or the instance is stopping (V18). */
void ledger_forget_asker(struct mux *mux, struct session *session);

#endif

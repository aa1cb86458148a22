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

#define LEDGER_WHO_MAX 96

/* Who has a session, for logs; at most LEDGER_WHO_MAX bytes. */
void ledger_describe(const struct mux *mux, const struct session *session,
		     char who[LEDGER_WHO_MAX]);

void ledger_trace(struct mux *mux, const struct mux_trace *trace);

/* Queues a frame for a session, which must be open. */
void ledger_deliver(struct mux *mux, struct session *session, const uint8_t *frame);

/* Answers a request without the modem. All numbers are the application's own. */
void ledger_answer(struct mux *mux, struct session *session, uint8_t service, uint8_t cid,
		   uint16_t tid, uint16_t message, uint16_t error);

/* Answers a transaction's request, if a session still waits for it. The transaction goes on. */
void ledger_answer_transaction(struct mux *mux, const struct transaction *transaction,
			       uint16_t error);

/* A request that the mux deals with itself is about to be: only for the trace. */
void ledger_take(struct mux *mux, const struct session *session, const uint8_t *frame);

/* V10: one of the releases that a Sync waits for is done; the last one answers the Sync. */
void ledger_sync_step(struct mux *mux, struct session *session);

/*
 * A transaction for a request of the session, which gets the response unless it
 * has closed. Forgets the oldest expired one of its user if memory demands it.
 * NULL with errno EDQUOT (V28: over the user's limit) or ENOMEM.
 */
struct transaction *ledger_begin(struct mux *mux, struct session *session);

/* The session waits for this transaction. */
void ledger_owe(struct session *session, struct transaction *transaction);

/* No session waits for it any more. */
void ledger_detach(struct transaction *transaction);

/* V28: the request counts as a client of its user from now on. */
void ledger_reserve_client(struct transaction *transaction, uint8_t service);

/* It is with the modem now. */
void ledger_sent(struct mux *mux, struct transaction *transaction);

/* The modem has answered it. */
void ledger_answered(struct mux *mux, struct transaction *transaction);

/* V28: those that the modem has had for long count no more among those that it may have. */
void ledger_age(struct mux *mux);

/*
 * The modem will not answer this transaction: sends this error to the session
 * that waits for it. The transaction goes on.
 */
void ledger_abandon(struct mux *mux, struct transaction *transaction, uint16_t error);

/* V15: detaches its session, and keeps the transaction to recognise a late response. */
void ledger_expire(struct mux *mux, struct transaction *transaction);

/* V15: the modem has not answered in time. Counts and logs that, and expires it. */
void ledger_time_out(struct mux *mux, struct transaction *transaction);

/* Takes it out of flight, to be sent again. */
void ledger_withdraw(struct mux *mux, struct transaction *transaction);

/* Ends a transaction, and its session's and its user's count of it. */
void ledger_end(struct mux *mux, struct transaction *transaction);

/* Sessions whose next frame names the client look at it again: it has become unusable. */
void ledger_warn(struct mux *mux, struct client *client);

/* Forgets a client, and answers its requests in flight Aborted: nothing else will. */
void ledger_forget(struct mux *mux, struct client *client);

/* The session gets no more responses: it has closed (V6), or the instance is stopping (V18). */
void ledger_forget_asker(struct mux *mux, struct session *session);

/* V15, V28: the session closes: its CTL requests expire at once. */
void ledger_expire_ctl(struct mux *mux, struct session *session);

void ledger_forget_clients(struct mux *mux); /* all of them */

/* Forgets every client, and ends every transaction that is in flight or expired. */
void ledger_end_all(struct mux *mux);

#endif

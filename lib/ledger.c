/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ledger.h"

#include <errno.h>
#include <stdio.h>

#include "frame.h"
#include "names.h"

void ledger_log(struct mux *mux, enum mux_level level, const char *format, ...)
{
	va_list args;

	if (!mux->config.hooks.log)
		return;
	va_start(args, format);
	mux->config.hooks.log(mux->config.hooks.context, level, format, args);
	va_end(args);
}

const char *ledger_service_name(uint8_t service)
{
	const char *name = qmi_service_name(service);

	return name ? name : "unknown service";
}

void ledger_describe(const struct mux *mux, const struct session *session, char who[LEDGER_WHO_MAX])
{
	const struct mux_hooks *hooks = &mux->config.hooks;

	if (hooks->describe)
		hooks->describe(hooks->context, session, who, LEDGER_WHO_MAX);
	else
		snprintf(who, LEDGER_WHO_MAX, "session %llu of user %u",
			 (unsigned long long)session->id, session->user->uid);
}

void ledger_trace(struct mux *mux, const struct mux_trace *trace)
{
	if (mux->config.hooks.trace)
		mux->config.hooks.trace(mux->config.hooks.context, trace);
}

void ledger_deliver(struct mux *mux, struct session *session, const uint8_t *frame)
{
	bool known = session->overflowed;
	unsigned dropped = session_deliver(session, frame);

	if (dropped > 0 && !known)
		ledger_log(mux, MUX_DEBUG,
			   "session %llu is not reading: dropping its oldest frames",
			   (unsigned long long)session->id);
	mux->counters.overflowed += dropped;
}

void ledger_answer(struct mux *mux, struct session *session, uint8_t service, uint8_t cid,
		   uint16_t tid, uint16_t message, uint16_t error)
{
	uint8_t frame[FRAME_HEADER_MAX + 7];

	if (session->closed)
		return;
	frame_begin(frame, FRAME_RESPONSE, service, cid, tid, message);
	frame_add_result(frame, error);
	ledger_trace(mux, &(struct mux_trace){.path = MUX_ANSWERED,
					      .session = session,
					      .frame = frame,
					      .cid = cid,
					      .tid = tid});
	ledger_deliver(mux, session, frame);
}

void ledger_answer_transaction(struct mux *mux, const struct transaction *transaction,
			       uint16_t error)
{
	uint16_t message = transaction->message;

	if (!transaction->session)
		return;
	if (transaction->purpose == PURPOSE_RECLAIM)
		message = QMI_CTL_ALLOCATE_CID;
	ledger_answer(mux, transaction->session,
		      transaction->client ? transaction->service : QMI_SERVICE_CTL,
		      transaction->client ? transaction->cid : QMI_CID_NONE, transaction->tid,
		      message, error);
}

void ledger_take(struct mux *mux, const struct session *session, const uint8_t *frame)
{
	ledger_trace(mux, &(struct mux_trace){.path = MUX_TAKEN,
					      .session = session,
					      .frame = frame,
					      .cid = frame_cid(frame),
					      .tid = frame_tid(frame)});
}

void ledger_sync_step(struct mux *mux, struct session *session)
{
	if (!session || --session->sync_left > 0)
		return;
	ledger_answer(mux, session, QMI_SERVICE_CTL, QMI_CID_NONE, session->sync_tid, QMI_CTL_SYNC,
		      QMI_ERROR_NONE);
	/* Whatever the session wrote after its Sync may go on. */
	stand_return(mux, session);
}

void ledger_owe(struct session *session, struct transaction *transaction)
{
	transaction->session = session;
	list_append(&session->transactions, &transaction->of_session);
}

struct transaction *ledger_begin(struct mux *mux, struct session *session)
{
	struct transactions *transactions = &mux->transactions;
	struct user *user = session->user;
	struct transaction *transaction = transaction_create(transactions, user);

	if (!transaction && errno == EDQUOT && !list_empty(&user->expired)) {
		ledger_end(mux, container_of(user->expired.next, struct transaction, age));
		transaction = transaction_create(transactions, user);
	}
	if (transaction && !session->closed)
		ledger_owe(session, transaction);
	return transaction;
}

void ledger_reserve_client(struct transaction *transaction, uint8_t service)
{
	transaction->service = service;
	transaction->allocating = true;
	transaction->user->clients[service]++;
}

static void ledger_unreserve_client(struct transaction *transaction)
{
	if (transaction->allocating)
		transaction->user->clients[transaction->service]--;
	transaction->allocating = false;
}

static void ledger_end_leaving(struct mux *mux, struct transaction *transaction)
{
	if (transaction->leaving)
		clients_end_leaving(&mux->clients, transaction->service);
	transaction->leaving = false;
}

void ledger_detach(struct transaction *transaction)
{
	ledger_unreserve_client(transaction);
	transaction->session = NULL;
	list_remove(&transaction->of_session);
}

static bool transaction_is_own(const struct transaction *transaction)
{
	return transaction->purpose >= PURPOSE_CLEAN;
}

static void ledger_leave_window(struct mux *mux, struct transaction *transaction)
{
	struct user *user = transaction->user;

	if (transaction_is_own(transaction)) {
		if (window_forget(&mux->own.window, &transaction->young))
			user_drop_own_young(user);
	} else if (window_forget(&mux->window, &transaction->young)) {
		user_drop_young(user);
	}
}

void ledger_sent(struct mux *mux, struct transaction *transaction)
{
	struct session *session = transaction->session;

	if (transaction_is_own(transaction)) {
		window_sent(&mux->own.window, &transaction->young, mux->now);
		user_add_own_young(transaction->user);
		return;
	}
	window_sent(&mux->window, &transaction->young, mux->now);
	user_add_young(transaction->user);
	if (!session)
		return;
	session->in_flight += transaction->client != NULL;
	session->ctl_in_flight += !transaction->client;
}

void ledger_answered(struct mux *mux, struct transaction *transaction)
{
	if (transaction_is_own(transaction)) {
		ledger_leave_window(mux, transaction);
		return;
	}
	if (window_answered(&mux->window, &transaction->young, mux->now))
		user_drop_young(transaction->user);
}

void ledger_age(struct mux *mux)
{
	struct window_entry *aged;

	while ((aged = window_aged(&mux->window, mux->now)))
		user_drop_young(container_of(aged, struct transaction, young)->user);
	while ((aged = window_aged(&mux->own.window, mux->now)))
		user_drop_own_young(container_of(aged, struct transaction, young)->user);
}

/* It is not with the modem any more, so far as others wait for that. */
static void ledger_leave_flight(struct mux *mux, struct transaction *transaction)
{
	struct session *session = transaction->session;

	ledger_leave_window(mux, transaction);
	if (!transaction->in_flight || !session || transaction_is_own(transaction))
		return;
	session->in_flight -= transaction->client != NULL;
	session->ctl_in_flight -= !transaction->client;
	stand_return(mux, session);
}

void ledger_abandon(struct mux *mux, struct transaction *transaction, uint16_t error)
{
	if (transaction->purpose == PURPOSE_SYNC_RELEASE)
		ledger_sync_step(mux, transaction->session);
	else
		ledger_answer_transaction(mux, transaction, error);
}

void ledger_expire(struct mux *mux, struct transaction *transaction)
{
	struct user *user = transaction->user;
	bool ctl = !transaction->client;

	ledger_unreserve_client(transaction);
	ledger_end_leaving(mux, transaction);
	ledger_leave_flight(mux, transaction);
	transaction_expire(&mux->transactions, transaction);
	stand_wake(mux, transaction);
	/* Whoever waits for a tid has a new one to outwait. */
	if (ctl && !list_empty(&user->ctl_waiting))
		transactions_contend_ctl(&mux->transactions, user, mux->now);
	if (ctl && slots_are_awaited(&mux->slots))
		transactions_contend_ctl(&mux->transactions, NULL, mux->now);
	if (user->expired_count > USER_EXPIRED)
		ledger_end(mux, container_of(user->expired.next, struct transaction, age));
}

void ledger_time_out(struct mux *mux, struct transaction *transaction)
{
	mux->counters.expired++;
	ledger_log(mux, MUX_DEBUG, "the modem did not answer %s message 0x%04x",
		   transaction->client ? ledger_service_name(transaction->service) : "CTL",
		   transaction->message);
	/* The modem may or may not have released it, so it must not be used again. */
	if (transaction->released)
		ledger_forget(mux, transaction->released);
	if (transaction->purpose == PURPOSE_SYNC_RELEASE)
		ledger_sync_step(mux, transaction->session);
	ledger_expire(mux, transaction);
}

void ledger_withdraw(struct mux *mux, struct transaction *transaction)
{
	ledger_leave_window(mux, transaction);
	transaction_withdraw(&mux->transactions, transaction);
	stand_fill_slots(mux, transaction->user);
}

void ledger_end(struct mux *mux, struct transaction *transaction)
{
	struct user *user = user_hold(transaction->user);
	bool ctl = !transaction->client;

	ledger_unreserve_client(transaction);
	ledger_end_leaving(mux, transaction);
	ledger_leave_flight(mux, transaction);
	user->ctl_slots -= transaction->has_slot;
	stand_wake(mux, transaction);
	transaction_end(&mux->transactions, transaction);
	if (ctl)
		stand_fill_slots(mux, user);
	user_put(user);
}

void ledger_warn(struct mux *mux, struct client *client)
{
	list_for_each (link, &client->heads)
		stand_look(mux, container_of(link, struct session, names));
}

void ledger_forget(struct mux *mux, struct client *client)
{
	list_for_each (link, &client->transactions) {
		struct transaction *transaction = container_of(link, struct transaction, of_client);

		ledger_answer_transaction(mux, transaction, QMI_ERROR_ABORTED);
		ledger_end(mux, transaction);
	}
	ledger_warn(mux, client);
	if (client->releasing)
		client->releasing->released = NULL;
	clients_remove(&mux->clients, client);
}

void ledger_forget_asker(struct mux *mux, struct session *session)
{
	struct user *user = session->user;

	list_for_each (link, &session->transactions) {
		struct transaction *transaction =
			container_of(link, struct transaction, of_session);

		ledger_detach(transaction);
		if (transaction->in_flight)
			continue;
		if (transaction->purpose == PURPOSE_ALLOCATE) {
			ledger_end(mux, transaction);
		} else {
			list_append(&user->turn.own, &transaction->age);
			rotation_join(user_owns(user), &user->own, &user->turn.own_place);
		}
	}
	rotation_leave(&user->own, &session->turn.own_place);
	session->in_flight = 0;
	session->ctl_in_flight = 0;
	session->sync_left = 0;
}

void ledger_expire_ctl(struct mux *mux, struct session *session)
{
	/* Nobody reads what a client that goes with its Release CID has to say. */
	list_for_each (link, &session->transactions) {
		struct transaction *transaction =
			container_of(link, struct transaction, of_session);

		if (transaction->client)
			ledger_detach(transaction);
	}
	session->in_flight = 0;
	list_for_each (link, &session->transactions) {
		struct transaction *transaction =
			container_of(link, struct transaction, of_session);

		if (!transaction->in_flight || transaction->client ||
		    transaction_is_own(transaction))
			continue;
		if (transaction->released)
			ledger_forget(mux, transaction->released);
		ledger_expire(mux, transaction);
	}
}

void ledger_forget_clients(struct mux *mux)
{
	for (unsigned service = 0; service < 256; service++) {
		list_for_each (link, &mux->clients.services[service].clients)
			ledger_forget(mux, container_of(link, struct client, link));
	}
}

void ledger_end_all(struct mux *mux)
{
	ledger_forget_clients(mux);
	for (unsigned tid = 1; tid <= CTL_TIDS; tid++) {
		if (mux->transactions.ctl[tid])
			ledger_end(mux, mux->transactions.ctl[tid]);
	}
}

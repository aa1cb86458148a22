/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ledger.h"

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

void ledger_sync_step(struct mux *mux, struct session *session)
{
	if (!session || --session->sync_left > 0)
		return;
	ledger_answer(mux, session, QMI_SERVICE_CTL, QMI_CID_NONE, session->sync_tid, QMI_CTL_SYNC,
		      QMI_ERROR_NONE);
	/* Whatever the session wrote after its Sync may go on. */
	mux->heads_changed = true;
}

void ledger_abandon(struct mux *mux, struct transaction *transaction, uint16_t error)
{
	if (transaction->purpose == PURPOSE_SYNC_RELEASE)
		ledger_sync_step(mux, transaction->session);
	else
		ledger_answer_transaction(mux, transaction, error);
}

static void ledger_leave_flight(struct transaction *transaction)
{
	if (transaction->client && transaction->session)
		transaction->session->in_flight--;
}

void ledger_expire(struct mux *mux, struct transaction *transaction)
{
	ledger_leave_flight(transaction);
	transaction_expire(&mux->transactions, transaction);
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

void ledger_end(struct mux *mux, struct transaction *transaction)
{
	ledger_leave_flight(transaction);
	transaction_end(&mux->transactions, transaction);
}

void ledger_forget(struct mux *mux, struct client *client)
{
	list_for_each (link, &client->transactions) {
		struct transaction *transaction = container_of(link, struct transaction, of_client);

		ledger_answer_transaction(mux, transaction, QMI_ERROR_ABORTED);
		ledger_end(mux, transaction);
	}
	if (client->releasing)
		client->releasing->released = NULL;
	clients_remove(&mux->clients, client);
	mux->heads_changed = true;
}

void ledger_forget_asker(struct mux *mux, struct session *session)
{
	list_for_each (link, &mux->transactions.in_flight) {
		struct transaction *transaction = container_of(link, struct transaction, age);

		if (transaction->session == session)
			transaction->session = NULL;
	}
	list_for_each (link, &mux->transactions.waiting) {
		struct transaction *transaction = container_of(link, struct transaction, age);

		if (transaction->session != session)
			continue;
		transaction->session = NULL;
		if (transaction->purpose == PURPOSE_ALLOCATE)
			ledger_end(mux, transaction);
	}
	session->in_flight = 0;
	session->sync_left = 0;
}

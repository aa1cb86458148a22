/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answers.h"

#include <errno.h>

#include "device_sync.h"
#include "frame.h"
#include "ledger.h"

static void answers_drop(struct mux *mux, const uint8_t *frame, const char *why)
{
	if (frame_kind(frame) == FRAME_RESPONSE)
		mux->counters.dropped_responses++;
	else
		mux->counters.dropped_indications++;
	ledger_trace(mux, &(struct mux_trace){.path = MUX_DROPPED,
					      .frame = frame,
					      .device_cid = frame_cid(frame),
					      .device_tid = frame_tid(frame),
					      .why = why});
}

static void answers_drop_unasked(struct mux *mux, const uint8_t *frame)
{
	mux->unasked++;
	answers_drop(mux, frame, "no matching request");
}

/* Delivers a translated frame; device_cid and device_tid are only for the trace. */
static void answers_forward(struct mux *mux, struct session *session, const uint8_t *frame,
			    uint8_t device_cid, uint16_t device_tid)
{
	mux->counters.delivered++;
	ledger_trace(mux, &(struct mux_trace){.path = MUX_TO_APP,
					      .session = session,
					      .frame = frame,
					      .cid = frame_cid(frame),
					      .device_cid = device_cid,
					      .tid = frame_tid(frame),
					      .device_tid = device_tid});
	ledger_deliver(mux, session, frame);
}

static void answers_forward_answer(struct mux *mux, const struct transaction *transaction,
				   uint8_t *frame)
{
	if (!transaction->session) {
		answers_drop(mux, frame, transaction->expired ? "late" : "its session has closed");
		return;
	}
	frame_set_tid(frame, transaction->tid);
	if (transaction->client)
		frame_set_cid(frame, transaction->cid);
	answers_forward(mux, transaction->session, frame,
			transaction->client ? transaction->device_cid : QMI_CID_NONE,
			transaction->device_tid);
}

/* The CID in a successful Allocate CID response, or QMI_CID_NONE if the response is malformed. */
static uint8_t answers_allocated_cid(const uint8_t *frame, uint8_t service)
{
	const uint8_t *value = frame_tlv(frame, QMI_TLV_FIRST, 2, NULL);

	if (!value || value[0] != service || value[1] == QMI_CID_BROADCAST)
		return QMI_CID_NONE;
	return value[1];
}

/* Adds the modem's new client to the session's node; false if that fails. */
static bool answers_add_client(struct mux *mux, const struct transaction *transaction,
			       uint8_t device_cid, uint8_t *frame)
{
	struct session *session = transaction->session;
	uint8_t service = transaction->service;
	struct client *client = clients_of_modem(&mux->clients, service, device_cid);

	if (client) {
		ledger_log(mux, MUX_WARNING, "the modem allocated %s client %u twice",
			   ledger_service_name(service), device_cid);
		ledger_forget(mux, client);
	}
	client = clients_add(&mux->clients, session, service, device_cid);
	if (!client) {
		ledger_answer_transaction(mux, transaction,
					  errno == EMFILE ? QMI_ERROR_CLIENT_IDS_EXHAUSTED
							  : QMI_ERROR_INTERNAL);
		return false;
	}
	device_sync_note_client(mux);
	frame_set_tlv(frame, QMI_TLV_FIRST, (uint8_t[]){service, client->cid}, 2);
	return true;
}

/* V9: other words for exhaustion, if they have not been said already after a reclaim. */
static bool answers_may_be_exhaustion(const struct transaction *transaction, uint16_t error)
{
	return (error == QMI_ERROR_NO_MEMORY || error == QMI_ERROR_INTERNAL) &&
	       !transaction->retried;
}

/* V9: gives up another client so that the Allocate CID can be retried; false if there is none. */
static bool answers_reclaim(struct mux *mux, const struct transaction *transaction, uint16_t error)
{
	struct clients *clients = &mux->clients;
	struct user *user = transaction->user;
	uint8_t service = transaction->service;
	bool exhausted = error == QMI_ERROR_CLIENT_IDS_EXHAUSTED;
	struct client *client;

	if (!exhausted && !answers_may_be_exhaustion(transaction, error))
		return false;
	if (exhausted)
		clients_note_exhaustion(clients, service);
	if (!transaction->session)
		return false;
	client = clients_reclaimable(clients, user, service, NODE_ANY);
	if (!client && exhausted)
		client = clients_revocable(clients, user, service);
	return client && own_reclaim(mux, transaction->session, transaction->tid, client);
}

static void answers_finish_allocate(struct mux *mux, const struct transaction *transaction,
				    uint8_t *frame)
{
	uint16_t error = frame_error(frame);
	uint8_t device_cid = answers_allocated_cid(frame, transaction->service);

	if (answers_reclaim(mux, transaction, error))
		return;
	if (error == QMI_ERROR_NONE && device_cid == QMI_CID_NONE) {
		answers_drop(mux, frame, "malformed response");
		ledger_answer_transaction(mux, transaction, QMI_ERROR_INTERNAL);
		return;
	}
	/* V6: a new client that no session can take must not stay allocated. */
	if (error == QMI_ERROR_NONE &&
	    (!transaction->session || !answers_add_client(mux, transaction, device_cid, frame))) {
		answers_drop(mux, frame, "no session can take the client");
		own_release(mux, transaction->user, transaction->service, device_cid);
		return;
	}
	answers_forward_answer(mux, transaction, frame);
}

static void answers_finish_release(struct mux *mux, const struct transaction *transaction,
				   uint8_t *frame)
{
	uint16_t error = frame_error(frame);

	frame_set_tlv(frame, QMI_TLV_FIRST, (uint8_t[]){transaction->service, transaction->cid}, 2);
	answers_forward_answer(mux, transaction, frame);
	if (!transaction->released)
		return;
	if (error == QMI_ERROR_NONE || error == QMI_ERROR_INVALID_CLIENT_ID)
		ledger_forget(mux, transaction->released);
	else
		own_keep(mux, transaction->released);
}

/* A client that was allocated too late belongs to no session: V6. */
static void answers_finish_late(struct mux *mux, const struct transaction *transaction,
				uint8_t *frame)
{
	uint16_t error = frame_error(frame);
	uint8_t service = transaction->service;
	uint8_t device_cid = transaction->device_cid;

	if (transaction->purpose == PURPOSE_ALLOCATE && error == QMI_ERROR_NONE &&
	    !clients_of_modem(&mux->clients, service, answers_allocated_cid(frame, service))) {
		answers_finish_allocate(mux, transaction, frame);
		return;
	}
	answers_drop(mux, frame, "late");
	if (transaction->purpose == PURPOSE_RELEASE && error != QMI_ERROR_NONE &&
	    error != QMI_ERROR_INVALID_CLIENT_ID &&
	    !clients_of_modem(&mux->clients, service, device_cid))
		own_release(mux, transaction->user, service, device_cid);
}

/* V29: it need not be released after a crash. */
static void answers_note_release(struct mux *mux, const struct transaction *transaction)
{
	uint8_t service = transaction->service;
	uint8_t device_cid = transaction->device_cid;
	const struct client *client = clients_of_modem(&mux->clients, service, device_cid);

	if (!client || client == transaction->released)
		kept_set_leaving(&mux->kept, service, device_cid, false);
}

static void answers_route_ctl_response(struct mux *mux, uint8_t *frame)
{
	struct transaction *transaction = mux->transactions.ctl[frame_tid(frame)];

	if (!transaction || transaction->message != frame_message(frame)) {
		answers_drop_unasked(mux, frame);
		return;
	}
	if (transaction->purpose == PURPOSE_START)
		device_sync_answer(mux);
	if (transaction->message == QMI_CTL_RELEASE_CID)
		answers_note_release(mux, transaction);
	resume_note_answer(mux, transaction);
	if (transaction->expired) {
		answers_finish_late(mux, transaction, frame);
		ledger_end(mux, transaction);
		return;
	}
	ledger_answered(mux, transaction);
	switch (transaction->purpose) {
	case PURPOSE_FORWARD:
		answers_forward_answer(mux, transaction, frame);
		break;
	case PURPOSE_ALLOCATE:
		answers_finish_allocate(mux, transaction, frame);
		break;
	case PURPOSE_RELEASE:
		answers_finish_release(mux, transaction, frame);
		break;
	case PURPOSE_RECLAIM:
		own_allocate(mux, transaction);
		break;
	case PURPOSE_SYNC_RELEASE:
		ledger_sync_step(mux, transaction->session);
		break;
	case PURPOSE_START:
	case PURPOSE_CLEAN:
		break;
	}
	ledger_end(mux, transaction);
}

/*
 * V9: a data call protects its client from being reclaimed, whether or not
 * anybody remembers who asked for it.
 */
static void answers_note_call(struct mux *mux, struct client *client, const uint8_t *frame,
			      uint32_t subject)
{
	if (client->service != QMI_SERVICE_WDS)
		return;
	if (frame_kind(frame) == FRAME_RESPONSE)
		calls_note_response(&client->calls, frame, subject);
	else
		calls_note_indication(&client->calls, frame);
	client_keep_calls(&mux->clients, client);
	if (!calls_are_up(&client->calls))
		own_release_if_overdue(mux, client);
}

/* V9: the modem is offline. */
static void answers_end_calls(struct mux *mux)
{
	list_for_each (link, &mux->clients.services[QMI_SERVICE_WDS].clients) {
		struct client *client = container_of(link, struct client, link);

		client->calls = (struct calls){0};
		client_keep_calls(&mux->clients, client);
		own_release_if_overdue(mux, client);
	}
}

static void answers_route_response(struct mux *mux, uint8_t *frame)
{
	struct client *client =
		clients_of_modem(&mux->clients, frame_service(frame), frame_cid(frame));
	struct transaction *transaction =
		client ? transaction_answered(&mux->transactions, client, frame_tid(frame),
					      frame_message(frame))
		       : NULL;
	struct session *asker = transaction ? NULL : resume_asker(mux, client);
	uint32_t subject = transaction ? transaction->subject : 0;

	if (transaction) {
		ledger_answered(mux, transaction);
		answers_forward_answer(mux, transaction, frame);
		ledger_end(mux, transaction);
	} else if (asker) {
		frame_set_cid(frame, client->cid);
		answers_forward(mux, asker, frame, client->device_cid, frame_tid(frame));
	} else {
		answers_drop_unasked(mux, frame);
	}
	/* It may release the client. */
	if (client)
		answers_note_call(mux, client, frame, subject);
	if (calls_end_with(frame, subject))
		answers_end_calls(mux);
}

/* V12: once to each session that holds a client of the service. */
static void answers_broadcast(struct mux *mux, const uint8_t *frame)
{
	uint64_t number = ++mux->broadcasts_seen;
	bool given = false;

	list_for_each (link, &mux->clients.services[frame_service(frame)].clients) {
		const struct client *client = container_of(link, struct client, link);

		list_for_each (holding, &client->holders) {
			struct session *holder =
				container_of(holding, struct holding, of_client)->session;

			if (holder->broadcast == number)
				continue;
			holder->broadcast = number;
			answers_forward(mux, holder, frame, QMI_CID_BROADCAST, 0);
			given = true;
		}
	}
	if (!given)
		answers_drop(mux, frame, "no session has a client of the service");
}

/* V8: to each session that holds the client; false if none does. */
static bool answers_forward_to_holders(struct mux *mux, const struct client *client,
				       const uint8_t *frame, uint8_t device_cid)
{
	list_for_each (link, &client->holders) {
		answers_forward(mux, container_of(link, struct holding, of_client)->session, frame,
				device_cid, 0);
	}
	return !client_is_orphan(client);
}

static void answers_route_indication(struct mux *mux, uint8_t *frame)
{
	uint8_t device_cid = frame_cid(frame);
	struct client *client;

	if (device_cid == QMI_CID_BROADCAST) {
		answers_broadcast(mux, frame);
		return;
	}
	client = clients_of_modem(&mux->clients, frame_service(frame), device_cid);
	if (!client || client_is_orphan(client)) {
		answers_drop(mux, frame, client ? "orphaned client" : "unknown client");
	} else {
		frame_set_cid(frame, client->cid);
		answers_forward_to_holders(mux, client, frame, device_cid);
	}
	if (client)
		answers_note_call(mux, client, frame, 0);
}

/* V13: the modem has revoked a client. */
static void answers_revoke(struct mux *mux, uint8_t *frame)
{
	const uint8_t *value = frame_tlv(frame, QMI_TLV_FIRST, 2, NULL);
	struct client *client = value ? clients_of_modem(&mux->clients, value[0], value[1]) : NULL;

	if (!client) {
		answers_drop(mux, frame, "unknown client");
		return;
	}
	frame_set_tlv(frame, QMI_TLV_FIRST, (uint8_t[]){client->service, client->cid}, 2);
	if (!answers_forward_to_holders(mux, client, frame, QMI_CID_NONE))
		answers_drop(mux, frame, "orphaned client");
	ledger_forget(mux, client);
}

/* V16: the modem has restarted, unless this comes with the answer to a Sync of the mux's own. */
static bool answers_note_sync(struct mux *mux, const uint8_t *frame)
{
	if (device_sync_explains_indication(mux)) {
		answers_drop(mux, frame, "comes with the answer to Sync");
		return false;
	}
	answers_restart(mux);
	device_sync_restart(mux);
	return true;
}

static void answers_route_ctl_indication(struct mux *mux, uint8_t *frame)
{
	uint16_t message = frame_message(frame);

	if (message == QMI_CTL_REVOKE_CID || message == QMI_CTL_INVALID_CID) {
		answers_revoke(mux, frame);
		return;
	}
	if (message == QMI_CTL_SYNC && !answers_note_sync(mux, frame))
		return;
	list_for_each (link, &mux->sessions.open)
		answers_forward(mux, container_of(link, struct session, link), frame, QMI_CID_NONE,
				0);
}

static void answers_route(struct mux *mux, uint8_t *frame)
{
	bool ctl = frame_service(frame) == QMI_SERVICE_CTL;

	if (frame_kind(frame) == FRAME_RESPONSE) {
		mux->responses++;
		ctl ? answers_route_ctl_response(mux, frame) : answers_route_response(mux, frame);
		return;
	}
	ctl ? answers_route_ctl_indication(mux, frame) : answers_route_indication(mux, frame);
}

static void answers_route_input(struct mux *mux, uint64_t now)
{
	for (;;) {
		size_t skipped;
		uint8_t *frame = input_next(&mux->input, now, &skipped);

		mux->counters.garbage += skipped;
		if (!frame)
			return;
		answers_route(mux, frame);
		device_sync_hear(mux);
	}
}

/*
 * V19: a port that delivers one message per read delivers none together with a rest. A new
 * one may itself have lost its tail, but its header tells it from a rest.
 */
static bool answers_begin_anew(const struct mux *mux, const uint8_t *data, size_t size)
{
	enum frame_scan scan;
	size_t frame;

	if (!mux->config.message_port || mux->input.bytes == 0)
		return false;
	scan = frame_scan(data, size, FRAME_FROM_MODEM, &frame);
	return scan == FRAME_WHOLE || (scan == FRAME_PARTIAL && size >= FRAME_HEADER_MAX);
}

void answers_receive(struct mux *mux, const uint8_t *data, size_t size, uint64_t now)
{
	if (answers_begin_anew(mux, data, size))
		answers_drop_partial(mux);
	while (size > 0) {
		size_t taken = input_push(&mux->input, data, size);

		data += taken;
		size -= taken;
		answers_route_input(mux, now);
	}
}

void answers_end_partial(struct mux *mux, uint64_t now)
{
	if (mux->input.deadline > now)
		return;
	input_expire(&mux->input);
	answers_route_input(mux, now);
}

void answers_drop_partial(struct mux *mux)
{
	mux->counters.garbage += input_discard(&mux->input);
}

void answers_restart(struct mux *mux)
{
	mux->counters.restarts++;
	ledger_log(mux, MUX_INFO, "the modem restarted: its clients are gone");
	ledger_forget_clients(mux);
	mux->transactions.sent = NULL;
	/* The requests of clients have ended; only CTL requests are left. */
	list_for_each (link, &mux->transactions.ctl_in_flight) {
		struct transaction *transaction = container_of(link, struct transaction, age);

		ledger_abandon(mux, transaction, QMI_ERROR_ABORTED);
		ledger_expire(mux, transaction);
	}
	own_abandon_all(mux);
	resume_note_restart(mux);
	kept_clear_leaving(&mux->kept);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the modem says, on its way to the sessions that it is for. */
#include <errno.h>
#include <string.h>

#include "mux_private.h"

/* How long the modem may take to write the rest of a frame before it counts as garbage. */
#define PARTIAL_TIMEOUT 2000

static void drop(struct mux *mux, const uint8_t *frame, const char *why)
{
	if (frame_kind(frame) == FRAME_RESPONSE)
		mux->counters.dropped_responses++;
	else
		mux->counters.dropped_indications++;
	mux_trace(mux, &(struct mux_trace){.path = MUX_DROPPED,
					   .frame = frame,
					   .device_cid = frame_cid(frame),
					   .device_tid = frame_tid(frame),
					   .why = why});
}

/* Gives a frame, already mapped, to a session; device_cid and device_tid are for the trace. */
static void forward(struct mux *mux, struct session *session, const uint8_t *frame,
		    uint8_t device_cid, uint16_t device_tid)
{
	mux->counters.delivered++;
	mux_trace(mux, &(struct mux_trace){.path = MUX_TO_APP,
					   .session = session,
					   .frame = frame,
					   .cid = frame_cid(frame),
					   .device_cid = device_cid,
					   .tid = frame_tid(frame),
					   .device_tid = device_tid});
	mux_deliver(mux, session, frame);
}

static void forward_answer(struct mux *mux, const struct transaction *transaction, uint8_t *frame)
{
	if (!transaction->session) {
		drop(mux, frame, transaction->expired ? "late" : "its session has closed");
		return;
	}
	frame_set_tid(frame, transaction->tid);
	if (transaction->client)
		frame_set_cid(frame, transaction->cid);
	forward(mux, transaction->session, frame,
		transaction->client ? transaction->device_cid : QMI_CID_NONE,
		transaction->device_tid);
}

/* The CID in an Allocate CID that succeeded, or QMI_CID_NONE if the answer makes no sense. */
static uint8_t allocated_cid(const uint8_t *frame, uint8_t service)
{
	const uint8_t *value = frame_tlv(frame, QMI_TLV_FIRST, 2, NULL);

	if (!value || value[0] != service || value[1] == QMI_CID_BROADCAST)
		return QMI_CID_NONE;
	return value[1];
}

/* A new client of the modem becomes one of the session's node; false if it can not. */
static bool adopt(struct mux *mux, const struct transaction *transaction, uint8_t device_cid,
		  uint8_t *frame)
{
	struct session *session = transaction->session;
	uint8_t service = transaction->service;
	struct client *client = clients_of_modem(&mux->clients, service, device_cid);

	if (client) {
		mux_log(mux, MUX_WARNING, "the modem allocated %s client %u twice",
			mux_service_name(service), device_cid);
		mux_forget(mux, client);
	}
	client = clients_add(&mux->clients, session->node, service, device_cid, session);
	if (!client) {
		mux_answer_transaction(mux, transaction,
				       errno == EMFILE ? QMI_ERROR_CLIENT_IDS_EXHAUSTED
						       : QMI_ERROR_INTERNAL);
		return false;
	}
	/* Its node may be full now. */
	mux->heads_changed = true;
	frame_set_tlv(frame, QMI_TLV_FIRST, (uint8_t[]){service, client->cid}, 2);
	return true;
}

static void answer_allocate(struct mux *mux, const struct transaction *transaction, uint8_t *frame)
{
	uint16_t error = frame_error(frame);
	uint8_t device_cid = allocated_cid(frame, transaction->service);

	if (error == QMI_ERROR_CLIENT_IDS_EXHAUSTED && transaction->session &&
	    own_reclaim(mux, transaction->session, transaction->tid, transaction->service))
		return;
	if (error == QMI_ERROR_NONE && device_cid == QMI_CID_NONE) {
		drop(mux, frame, "it makes no sense");
		mux_answer_transaction(mux, transaction, QMI_ERROR_INTERNAL);
		return;
	}
	/* A new client that nobody can have must not stay allocated: V6. */
	if (error == QMI_ERROR_NONE &&
	    (!transaction->session || !adopt(mux, transaction, device_cid, frame))) {
		drop(mux, frame, "nobody can have the client");
		own_release(mux, transaction->service, device_cid);
		return;
	}
	forward_answer(mux, transaction, frame);
}

static void answer_release(struct mux *mux, const struct transaction *transaction, uint8_t *frame)
{
	uint16_t error = frame_error(frame);

	frame_set_tlv(frame, QMI_TLV_FIRST, (uint8_t[]){transaction->service, transaction->cid}, 2);
	forward_answer(mux, transaction, frame);
	if (!transaction->released)
		return;
	if (error == QMI_ERROR_NONE || error == QMI_ERROR_INVALID_CLIENT_ID)
		mux_forget(mux, transaction->released);
	else
		mux_keep(mux, transaction->released);
}

static void route_ctl_response(struct mux *mux, uint8_t *frame)
{
	struct transaction *transaction = mux->transactions.ctl[frame_tid(frame)];

	if (!transaction || transaction->message != frame_message(frame)) {
		drop(mux, frame, "nobody asked");
		return;
	}
	if (transaction->expired) {
		/* A client that was allocated too late is nobody's: V6. */
		if (transaction->purpose == PURPOSE_ALLOCATE)
			answer_allocate(mux, transaction, frame);
		else
			drop(mux, frame, "late");
		mux_end(mux, transaction);
		return;
	}
	switch (transaction->purpose) {
	case PURPOSE_FORWARD:
		forward_answer(mux, transaction, frame);
		break;
	case PURPOSE_ALLOCATE:
		answer_allocate(mux, transaction, frame);
		break;
	case PURPOSE_RELEASE:
		answer_release(mux, transaction, frame);
		break;
	case PURPOSE_RECLAIM:
		own_allocate(mux, transaction);
		break;
	case PURPOSE_SYNC_RELEASE:
		own_sync_step(mux, transaction->session);
		break;
	case PURPOSE_START:
		mux->sync_answered = true;
		break;
	case PURPOSE_CLEAN:
		break;
	}
	mux_end(mux, transaction);
}

/* V9: whether the client may be given up depends on its data call. */
static void note_call(struct mux *mux, struct client *client, const uint8_t *frame)
{
	if (client->service != QMI_SERVICE_WDS || frame_error(frame) != QMI_ERROR_NONE)
		return;
	if (frame_message(frame) == QMI_WDS_START_NETWORK) {
		client->call_up = true;
	} else if (frame_message(frame) == QMI_WDS_STOP_NETWORK) {
		client->call_up = false;
		mux_check_orphans(mux);
	}
}

static void route_response(struct mux *mux, uint8_t *frame)
{
	struct client *client =
		clients_of_modem(&mux->clients, frame_service(frame), frame_cid(frame));
	struct transaction *transaction =
		client ? transaction_answered(client, frame_tid(frame), frame_message(frame))
		       : NULL;

	if (!transaction) {
		drop(mux, frame, "nobody asked");
		return;
	}
	note_call(mux, client, frame);
	forward_answer(mux, transaction, frame);
	mux_end(mux, transaction);
}

/* V12: once to each session that holds a client of the service. */
static void broadcast(struct mux *mux, const uint8_t *frame)
{
	uint64_t number = ++mux->broadcasts_seen;
	bool given = false;

	list_for_each (link, &mux->clients.all) {
		struct client *client = container_of(link, struct client, link);
		struct session *holder = client->holder;

		if (client->service != frame_service(frame) || !holder ||
		    holder->broadcast == number)
			continue;
		holder->broadcast = number;
		forward(mux, holder, frame, QMI_CID_BROADCAST, 0);
		given = true;
	}
	if (!given)
		drop(mux, frame, "nobody has such a client");
}

static void route_indication(struct mux *mux, uint8_t *frame)
{
	uint8_t device_cid = frame_cid(frame);
	struct client *client;

	if (device_cid == QMI_CID_BROADCAST) {
		broadcast(mux, frame);
		return;
	}
	client = clients_of_modem(&mux->clients, frame_service(frame), device_cid);
	if (!client || !client->holder) {
		drop(mux, frame, client ? "nobody has its client open" : "nobody's client");
		return;
	}
	frame_set_cid(frame, client->cid);
	forward(mux, client->holder, frame, device_cid, 0);
}

/* V13: the modem has taken a client away. */
static void revoke(struct mux *mux, uint8_t *frame)
{
	const uint8_t *value = frame_tlv(frame, QMI_TLV_FIRST, 2, NULL);
	struct client *client = value ? clients_of_modem(&mux->clients, value[0], value[1]) : NULL;

	if (!client) {
		drop(mux, frame, "nobody's client");
		return;
	}
	frame_set_tlv(frame, QMI_TLV_FIRST, (uint8_t[]){client->service, client->cid}, 2);
	if (client->holder)
		forward(mux, client->holder, frame, QMI_CID_NONE, 0);
	else
		drop(mux, frame, "nobody has its client open");
	mux_forget(mux, client);
}

static void route_ctl_indication(struct mux *mux, uint8_t *frame)
{
	uint16_t message = frame_message(frame);

	if (message == QMI_CTL_REVOKE_CID || message == QMI_CTL_INVALID_CID) {
		revoke(mux, frame);
		return;
	}
	if (message == QMI_CTL_SYNC)
		mux_restart(mux);
	list_for_each (link, &mux->sessions)
		forward(mux, container_of(link, struct session, link), frame, QMI_CID_NONE, 0);
}

static void route(struct mux *mux, uint8_t *frame)
{
	bool ctl = frame_service(frame) == QMI_SERVICE_CTL;

	if (frame_kind(frame) == FRAME_RESPONSE)
		ctl ? route_ctl_response(mux, frame) : route_response(mux, frame);
	else
		ctl ? route_ctl_indication(mux, frame) : route_indication(mux, frame);
}

static void note_garbage(struct mux *mux)
{
	if (mux->skipped == 0)
		return;
	mux_log(mux, MUX_WARNING, "skipped %zu bytes from the modem that are no QMI frame",
		mux->skipped);
	mux->counters.garbage += mux->skipped;
	mux->skipped = 0;
}

/* Routes what is whole, and moves the rest, less than a frame, to the front. */
static void scan_input(struct mux *mux)
{
	size_t at = 0;

	while (at < mux->input_bytes) {
		size_t size;
		enum frame_scan scan =
			frame_scan(mux->input + at, mux->input_bytes - at, FRAME_FROM_MODEM, &size);

		if (scan == FRAME_PARTIAL)
			break;
		if (scan == FRAME_INVALID) {
			mux->skipped++;
			at++;
			continue;
		}
		note_garbage(mux);
		route(mux, mux->input + at);
		at += size;
	}
	note_garbage(mux);
	mux->input_bytes -= at;
	memmove(mux->input, mux->input + at, mux->input_bytes);
}

void mux_port_received(struct mux *mux, const uint8_t *data, size_t size, uint64_t now)
{
	while (size > 0) {
		size_t room = QMUX_SIZE_MAX - mux->input_bytes;
		size_t taken = size < room ? size : room;

		memcpy(mux->input + mux->input_bytes, data, taken);
		mux->input_bytes += taken;
		data += taken;
		size -= taken;
		scan_input(mux);
	}
	mux->input_deadline = mux->input_bytes > 0 ? now + PARTIAL_TIMEOUT : MUX_NEVER;
	mux_settle_all(mux);
}

void answer_skip_partial(struct mux *mux, uint64_t now)
{
	mux->skipped++;
	mux->input_bytes--;
	memmove(mux->input, mux->input + 1, mux->input_bytes);
	scan_input(mux);
	mux->input_deadline = mux->input_bytes > 0 ? now + PARTIAL_TIMEOUT : MUX_NEVER;
}

void mux_port_reset(struct mux *mux)
{
	mux->input_bytes = 0;
	mux->input_deadline = MUX_NEVER;
	mux_restart(mux);
	mux_settle_all(mux);
}

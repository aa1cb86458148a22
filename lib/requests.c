/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include <string.h>

#include "frame.h"
#include "ledger.h"

/* V3: the client that a request names, or NULL if the node does not own it any more. */
static struct client *requests_find_client(struct mux *mux, const struct session *session,
					   uint8_t service, uint8_t cid)
{
	struct client *client = clients_of_node(&mux->clients, session->node, service, cid);

	return client && !client->releasing ? client : NULL;
}

static void requests_refuse(struct mux *mux, struct session *session, const uint8_t *frame,
			    uint16_t error)
{
	ledger_answer(mux, session, frame_service(frame), frame_cid(frame), frame_tid(frame),
		      frame_message(frame), error);
}

/* True if an Allocate CID is dealt with, and does not go to the modem. */
static bool requests_answer_allocate(struct mux *mux, struct session *session, const uint8_t *frame)
{
	uint16_t len;
	const uint8_t *value = frame_tlv(frame, QMI_TLV_FIRST, 1, &len);

	/* Drop it: nothing would know the new client. */
	if (session->closed)
		return true;
	if (!value || len != 1) {
		requests_refuse(mux, session, frame, QMI_ERROR_MALFORMED_MESSAGE);
		return true;
	}
	if (!clients_exhausted(&mux->clients, session->node, value[0]))
		return false;
	if (!own_reclaim(mux, session, frame_tid(frame), value[0]))
		requests_refuse(mux, session, frame, QMI_ERROR_CLIENT_IDS_EXHAUSTED);
	return true;
}

static bool requests_answer_release(struct mux *mux, struct session *session, const uint8_t *frame)
{
	uint16_t len;
	const uint8_t *value = frame_tlv(frame, QMI_TLV_FIRST, 2, &len);

	if (!value || len != 2)
		requests_refuse(mux, session, frame, QMI_ERROR_MALFORMED_MESSAGE);
	else if (!requests_find_client(mux, session, value[0], value[1]))
		requests_refuse(mux, session, frame, QMI_ERROR_INVALID_CLIENT_ID);
	else
		return false;
	return true;
}

static bool requests_answer_ctl(struct mux *mux, struct session *session, const uint8_t *frame)
{
	if (frame_cid(frame) != QMI_CID_NONE) {
		requests_refuse(mux, session, frame, QMI_ERROR_INVALID_CLIENT_ID);
		return true;
	}
	switch (frame_message(frame)) {
	case QMI_CTL_ALLOCATE_CID:
		return requests_answer_allocate(mux, session, frame);
	case QMI_CTL_RELEASE_CID:
		return requests_answer_release(mux, session, frame);
	case QMI_CTL_SYNC:
		own_sync(mux, session, frame_tid(frame));
		return true;
	default:
		return false;
	}
}

bool requests_answer(struct mux *mux, struct session *session, const uint8_t *frame)
{
	if (frame_service(frame) == QMI_SERVICE_CTL)
		return requests_answer_ctl(mux, session, frame);
	if (requests_find_client(mux, session, frame_service(frame), frame_cid(frame)))
		return false;
	requests_refuse(mux, session, frame, QMI_ERROR_INVALID_CLIENT_ID);
	return true;
}

/* The session that gets the response, or NULL once it has closed: V6. */
static struct session *requests_asker(struct session *session)
{
	return session->closed ? NULL : session;
}

/* V5: another session's request has this tid. V15: or an expired one's late response may come. */
static bool requests_tid_is_taken(struct mux *mux, struct session *session, const uint8_t *frame,
				  uint64_t now)
{
	const struct client *client =
		requests_find_client(mux, session, frame_service(frame), frame_cid(frame));
	const struct transaction *other =
		transaction_in_flight(&mux->transactions, client, frame_tid(frame));
	struct transaction *expired = transaction_expired(&mux->transactions, client,
							  frame_tid(frame), frame_message(frame));

	if (expired)
		transaction_contend(&mux->transactions, expired, now);
	return expired || (other && other->session != requests_asker(session));
}

static bool requests_have_to_wait(struct mux *mux, struct session *session, const uint8_t *frame,
				  uint64_t now)
{
	if (session->sync_left > 0)
		return true;
	if (frame_service(frame) == QMI_SERVICE_CTL)
		return transactions_lack_ctl_tid(&mux->transactions, now);
	return session->in_flight >= SESSION_IN_FLIGHT ||
	       requests_tid_is_taken(mux, session, frame, now);
}

/* Keeps the client's numbers on both sides, to translate the response. */
static void requests_note_client(struct transaction *transaction, const struct client *client)
{
	transaction->service = client->service;
	transaction->cid = client->cid;
	transaction->device_cid = client->device_cid;
}

static void requests_begin_ctl(struct mux *mux, struct session *session,
			       struct transaction *transaction, uint8_t *frame, uint64_t now)
{
	const uint8_t *value = frame_tlv(frame, QMI_TLV_FIRST, 1, NULL);
	struct client *client;

	transaction->purpose = PURPOSE_FORWARD;
	if (transaction->message == QMI_CTL_ALLOCATE_CID) {
		transaction->purpose = PURPOSE_ALLOCATE;
		transaction->service = value[0];
	} else if (transaction->message == QMI_CTL_RELEASE_CID) {
		client = requests_find_client(mux, session, value[0], value[1]);
		client->releasing = transaction;
		transaction->released = client;
		mux->heads_changed = true;
		transaction->purpose = PURPOSE_RELEASE;
		requests_note_client(transaction, client);
		frame_set_tlv(frame, QMI_TLV_FIRST, (uint8_t[]){value[0], client->device_cid}, 2);
	}
	transaction_begin_ctl(&mux->transactions, transaction,
			      now + mux->config.transaction_timeout);
}

static void requests_begin(struct mux *mux, struct session *session,
			   struct transaction *transaction, uint8_t *frame, uint64_t now)
{
	struct client *client =
		requests_find_client(mux, session, frame_service(frame), frame_cid(frame));

	client_use(&mux->clients, client, requests_asker(session));
	if (transaction->session)
		session->in_flight++;
	requests_note_client(transaction, client);
	transaction_begin(&mux->transactions, transaction, client,
			  now + mux->config.transaction_timeout);
	frame_set_cid(frame, client->device_cid);
}

bool requests_send(struct mux *mux, struct session *session, uint8_t *frame, uint64_t now)
{
	struct transaction *transaction;
	size_t size;
	const uint8_t *request = session_request(session, &size);

	if (requests_have_to_wait(mux, session, request, now))
		return false;
	transaction = transaction_create(&mux->transactions);
	if (!transaction) {
		own_retry_later(mux, now);
		return false;
	}
	memcpy(frame, request, size);
	session_pop_request(session);

	transaction->session = requests_asker(session);
	transaction->message = frame_message(frame);
	transaction->tid = frame_tid(frame);
	if (frame_service(frame) == QMI_SERVICE_CTL)
		requests_begin_ctl(mux, session, transaction, frame, now);
	else
		requests_begin(mux, session, transaction, frame, now);
	frame_set_tid(frame, transaction->device_tid);
	mux->transactions.sending = transaction;
	ledger_trace(mux, &(struct mux_trace){.path = MUX_TO_MODEM,
					      .session = session,
					      .frame = frame,
					      .cid = transaction->cid,
					      .device_cid = frame_cid(frame),
					      .tid = transaction->tid,
					      .device_tid = transaction->device_tid});
	return true;
}

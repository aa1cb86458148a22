/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What applications ask for, on its way to the modem. */
#include <assert.h>
#include <string.h>

#include "mux_private.h"

/* The client that a request names, as far as its node still owns it: V3. */
static struct client *find_client(struct mux *mux, const struct session *session, uint8_t service,
				  uint8_t cid)
{
	struct client *client = clients_of_node(&mux->clients, session->node, service, cid);

	return client && !client->releasing ? client : NULL;
}

static void refuse(struct mux *mux, struct session *session, const uint8_t *frame, uint16_t error)
{
	mux_answer(mux, session, frame_service(frame), frame_cid(frame), frame_tid(frame),
		   frame_message(frame), error);
}

/* True if an Allocate CID needs no answer of the modem. */
static bool answer_allocate(struct mux *mux, struct session *session, const uint8_t *frame)
{
	uint16_t len;
	const uint8_t *value = frame_tlv(frame, QMI_TLV_FIRST, 1, &len);

	/* Nobody would know the new client. */
	if (session->closed)
		return true;
	if (!value || len != 1) {
		refuse(mux, session, frame, QMI_ERROR_MALFORMED_MESSAGE);
		return true;
	}
	if (!clients_exhausted(&mux->clients, session->node, value[0]))
		return false;
	if (!own_reclaim(mux, session, frame_tid(frame), value[0]))
		refuse(mux, session, frame, QMI_ERROR_CLIENT_IDS_EXHAUSTED);
	return true;
}

static bool answer_release(struct mux *mux, struct session *session, const uint8_t *frame)
{
	uint16_t len;
	const uint8_t *value = frame_tlv(frame, QMI_TLV_FIRST, 2, &len);

	if (!value || len != 2)
		refuse(mux, session, frame, QMI_ERROR_MALFORMED_MESSAGE);
	else if (!find_client(mux, session, value[0], value[1]))
		refuse(mux, session, frame, QMI_ERROR_INVALID_CLIENT_ID);
	else
		return false;
	return true;
}

static bool answer_ctl(struct mux *mux, struct session *session, const uint8_t *frame)
{
	if (frame_cid(frame) != QMI_CID_NONE) {
		refuse(mux, session, frame, QMI_ERROR_INVALID_CLIENT_ID);
		return true;
	}
	switch (frame_message(frame)) {
	case QMI_CTL_ALLOCATE_CID:
		return answer_allocate(mux, session, frame);
	case QMI_CTL_RELEASE_CID:
		return answer_release(mux, session, frame);
	case QMI_CTL_SYNC:
		own_sync(mux, session, frame_tid(frame));
		return true;
	default:
		return false;
	}
}

bool request_answer(struct mux *mux, struct session *session, const uint8_t *frame)
{
	if (frame_service(frame) == QMI_SERVICE_CTL)
		return answer_ctl(mux, session, frame);
	if (find_client(mux, session, frame_service(frame), frame_cid(frame)))
		return false;
	refuse(mux, session, frame, QMI_ERROR_INVALID_CLIENT_ID);
	return true;
}

/* Who gets the answers: nobody, once the session has closed (V6). */
static struct session *asker(struct session *session)
{
	return session->closed ? NULL : session;
}

/* V5: another session's request with this tid; V15: an expired one, whose answer may come late. */
static bool tid_is_taken(struct mux *mux, struct session *session, const uint8_t *frame,
			 uint64_t now)
{
	const struct client *client =
		find_client(mux, session, frame_service(frame), frame_cid(frame));
	const struct transaction *other = transaction_in_flight(client, frame_tid(frame));
	struct transaction *expired =
		transaction_expired(client, frame_tid(frame), frame_message(frame));

	if (expired)
		mux_contend(mux, expired, now);
	return expired || (other && other->session != asker(session));
}

static bool has_to_wait(struct mux *mux, struct session *session, const uint8_t *frame,
			uint64_t now)
{
	if (session->sync_left > 0)
		return true;
	if (frame_service(frame) == QMI_SERVICE_CTL)
		return mux_lacks_ctl_tid(mux, now);
	return session->in_flight >= SESSION_IN_FLIGHT || tid_is_taken(mux, session, frame, now);
}

/* Both sides' numbers of the client that the request is about, to map the answer back. */
static void note_client(struct transaction *transaction, const struct client *client)
{
	transaction->service = client->service;
	transaction->cid = client->cid;
	transaction->device_cid = client->device_cid;
}

static void begin_ctl(struct mux *mux, struct session *session, struct transaction *transaction,
		      uint8_t *frame, uint64_t now)
{
	const uint8_t *value = frame_tlv(frame, QMI_TLV_FIRST, 1, NULL);
	struct client *client;

	transaction->purpose = PURPOSE_FORWARD;
	if (transaction->message == QMI_CTL_ALLOCATE_CID) {
		transaction->purpose = PURPOSE_ALLOCATE;
		transaction->service = value[0];
	} else if (transaction->message == QMI_CTL_RELEASE_CID) {
		client = find_client(mux, session, value[0], value[1]);
		client->releasing = transaction;
		transaction->released = client;
		mux->heads_changed = true;
		transaction->purpose = PURPOSE_RELEASE;
		note_client(transaction, client);
		frame_set_tlv(frame, QMI_TLV_FIRST, (uint8_t[]){value[0], client->device_cid}, 2);
	}
	transaction_begin_ctl(&mux->transactions, transaction,
			      now + mux->config.transaction_timeout);
}

static void begin(struct mux *mux, struct session *session, struct transaction *transaction,
		  uint8_t *frame, uint64_t now)
{
	struct client *client = find_client(mux, session, frame_service(frame), frame_cid(frame));

	client_use(&mux->clients, client, asker(session));
	if (transaction->session)
		session->in_flight++;
	note_client(transaction, client);
	transaction_begin(&mux->transactions, transaction, client,
			  now + mux->config.transaction_timeout);
	frame_set_cid(frame, client->device_cid);
}

/* Takes the session's next frame into mux->request; false if it has to wait. */
static bool send_next(struct mux *mux, struct session *session, uint64_t now)
{
	struct transaction *transaction;
	size_t size;
	const uint8_t *frame = queue_front(&session->out, &size);

	if (has_to_wait(mux, session, frame, now))
		return false;
	transaction = transaction_create(&mux->transactions);
	if (!transaction) {
		mux_retry_later(mux, now);
		return false;
	}
	memcpy(mux->request, frame, size);
	mux_pop_request(mux, session);

	transaction->session = asker(session);
	transaction->message = frame_message(mux->request);
	transaction->tid = frame_tid(mux->request);
	if (frame_service(mux->request) == QMI_SERVICE_CTL)
		begin_ctl(mux, session, transaction, mux->request, now);
	else
		begin(mux, session, transaction, mux->request, now);
	frame_set_tid(mux->request, transaction->device_tid);
	mux->transactions.sending = transaction;
	mux_trace(mux, &(struct mux_trace){.path = MUX_TO_MODEM,
					   .session = session,
					   .frame = mux->request,
					   .cid = transaction->cid,
					   .device_cid = frame_cid(mux->request),
					   .tid = transaction->tid,
					   .device_tid = transaction->device_tid});
	return true;
}

const uint8_t *mux_port_next(struct mux *mux, uint64_t now, size_t *size)
{
	if (mux->unplugged)
		return NULL;
	assert(!mux->port_busy);
	list_for_each (link, &mux->turns) {
		struct session *session = container_of(link, struct session, turn);

		if (link == &mux->own_turn) {
			if (!own_send(mux, now))
				continue;
		} else {
			if (!send_next(mux, session, now))
				continue;
			list_append(&mux->turns, &session->turn);
			mux_settle(mux, session);
			mux_settle_all(mux);
		}
		mux->port_busy = true;
		mux->counters.requests++;
		*size = frame_size(mux->request);
		return mux->request;
	}
	return NULL;
}

void mux_port_sent(struct mux *mux)
{
	mux->port_busy = false;
	mux->transactions.sent = mux->transactions.sending;
	mux->transactions.sending = NULL;
}

/* How often one of the mux's own requests is tried on a port that fails, before who waits is told.
 */
#define ATTEMPTS_MAX 3

static bool is_own(const struct transaction *transaction)
{
	return transaction->purpose >= PURPOSE_CLEAN;
}

/* Nobody else knows of the client: given up, it would stay allocated on the modem. */
static void go_on_releasing(struct mux *mux, struct transaction *transaction, uint64_t now)
{
	transaction->purpose = PURPOSE_CLEAN;
	transaction->session = NULL;
	transaction->attempts = 0;
	own_send_again(mux, transaction, now);
}

/*
 * V15: the modem will not answer this request, it seems. NULL: it has ended
 * already. One that was sent may have reached the modem after all: what the
 * modem then says is late, and a client that it grants is nobody's.
 */
static void fail(struct mux *mux, struct transaction *transaction, bool sent, uint64_t now)
{
	if (!transaction || transaction->expired)
		return;
	if (is_own(transaction) && ++transaction->attempts < ATTEMPTS_MAX) {
		own_send_again(mux, transaction, now);
		return;
	}
	if (transaction->released)
		mux_keep(mux, transaction->released);
	mux_abandon(mux, transaction, QMI_ERROR_INTERNAL);
	if (is_own(transaction) && transaction->message == QMI_CTL_RELEASE_CID)
		go_on_releasing(mux, transaction, now);
	else if (sent)
		mux_expire(mux, transaction);
	else
		mux_end(mux, transaction);
	mux_settle_all(mux);
}

void mux_port_failed(struct mux *mux, uint64_t now)
{
	struct transaction *transaction = mux->transactions.sending;

	mux->port_busy = false;
	mux->transactions.sending = NULL;
	fail(mux, transaction, false, now);
}

void mux_port_lost(struct mux *mux, uint64_t now)
{
	fail(mux, mux->transactions.sent, true, now);
}

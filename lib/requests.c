/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include <errno.h>
#include <string.h>

#include "device_sync.h"
#include "frame.h"
#include "ledger.h"

/* V28: whether a session may use a client of its node. */
static bool requests_may_use(const struct mux *mux, const struct session *session,
			     const struct client *client)
{
	return client->user == session->user || user_is_root(session->user) ||
	       mux->config.share_node;
}

/* V3: the client that a request names, or NULL if there is none that the session may use. */
static struct client *requests_find_client(const struct mux *mux, const struct session *session,
					   uint8_t service, uint8_t cid)
{
	struct client *client = clients_of_node(&mux->clients, session->node, service, cid);

	if (!client || client->releasing || !requests_may_use(mux, session, client))
		return NULL;
	return client;
}

static void requests_log_hoarder(struct mux *mux, const struct session *session, uint8_t service)
{
	char who[LEDGER_WHO_MAX];

	ledger_describe(mux, session, who);
	ledger_log(mux, MUX_WARNING,
		   "%s gets no %s client: user %u has %u, the most that a user may have", who,
		   ledger_service_name(service), session->user->uid,
		   session->user->clients[service]);
}

/* V28: the user has all the clients of the service that it may have. */
static bool requests_user_is_full(const struct mux *mux, const struct session *session,
				  uint8_t service)
{
	return session->user->clients[service] >=
	       clients_limit(&mux->clients, session->user, service);
}

/* The TLV of Allocate or Release CID; NULL if it does not have this size. */
static const uint8_t *requests_subject(const uint8_t *frame, uint16_t size)
{
	uint16_t len;
	const uint8_t *value = frame_tlv(frame, QMI_TLV_FIRST, size, &len);

	return value && len == size ? value : NULL;
}

/* V26: the modem does not know the messages of libqmi's proxy. */
static bool requests_is_for_proxy(const struct mux *mux, const struct session *session,
				  uint16_t message)
{
	return mux->config.proxy && session->node == mux->config.nodes &&
	       message >= QMI_CTL_PROXY_OPEN;
}

static bool requests_ctl_needs_modem(const struct mux *mux, const struct session *session,
				     const uint8_t *frame)
{
	const uint8_t *value;

	if (frame_cid(frame) != QMI_CID_NONE)
		return false;
	switch (frame_message(frame)) {
	case QMI_CTL_ALLOCATE_CID:
		value = requests_subject(frame, 1);
		return value && !session->closed &&
		       !clients_exhausted(&mux->clients, session->node, value[0]) &&
		       !requests_user_is_full(mux, session, value[0]);
	case QMI_CTL_RELEASE_CID:
		value = requests_subject(frame, 2);
		return value && requests_find_client(mux, session, value[0], value[1]);
	case QMI_CTL_SYNC:
		return false;
	default:
		return !requests_is_for_proxy(mux, session, frame_message(frame));
	}
}

bool requests_need_modem(const struct mux *mux, const struct session *session, const uint8_t *frame)
{
	if (frame_service(frame) == QMI_SERVICE_CTL)
		return requests_ctl_needs_modem(mux, session, frame);
	return requests_find_client(mux, session, frame_service(frame), frame_cid(frame));
}

static void requests_refuse(struct mux *mux, struct session *session, const uint8_t *frame,
			    uint16_t error)
{
	ledger_answer(mux, session, frame_service(frame), frame_cid(frame), frame_tid(frame),
		      frame_message(frame), error);
}

/* V2, V28: the user, or the node, has all the clients of the service that it may have. */
static void requests_make_room(struct mux *mux, struct session *session, const uint8_t *frame,
			       uint8_t service)
{
	struct clients *clients = &mux->clients;
	bool over = requests_user_is_full(mux, session, service);
	struct client *client =
		clients_exhausted(clients, session->node, service)
			? clients_reclaimable(clients, session->user, service, session->node)
			: clients_reclaimable_own(clients, session->user, service);

	if (over && client && client->user != session->user)
		client = NULL;
	if (over && !client)
		requests_log_hoarder(mux, session, service);
	if (!client || !own_reclaim(mux, session, frame_tid(frame), client))
		requests_refuse(mux, session, frame, QMI_ERROR_CLIENT_IDS_EXHAUSTED);
}

static void requests_answer_allocate(struct mux *mux, struct session *session, const uint8_t *frame)
{
	const uint8_t *value = requests_subject(frame, 1);

	/* Nothing would know a closed session's new client. */
	if (session->closed)
		return;
	if (value)
		requests_make_room(mux, session, frame, value[0]);
	else
		requests_refuse(mux, session, frame, QMI_ERROR_MALFORMED_MESSAGE);
}

static void requests_answer_ctl(struct mux *mux, struct session *session, const uint8_t *frame)
{
	uint16_t message = frame_message(frame);

	if (frame_cid(frame) != QMI_CID_NONE)
		requests_refuse(mux, session, frame, QMI_ERROR_INVALID_CLIENT_ID);
	else if (message == QMI_CTL_SYNC)
		own_sync(mux, session, frame_tid(frame));
	else if (message == QMI_CTL_ALLOCATE_CID)
		requests_answer_allocate(mux, session, frame);
	else if (message >= QMI_CTL_PROXY_OPEN)
		requests_refuse(mux, session, frame,
				message == QMI_CTL_PROXY_OPEN ? QMI_ERROR_NONE
							      : QMI_ERROR_NOT_SUPPORTED);
	else
		requests_refuse(mux, session, frame,
				requests_subject(frame, 2) ? QMI_ERROR_INVALID_CLIENT_ID
							   : QMI_ERROR_MALFORMED_MESSAGE);
}

void requests_answer(struct mux *mux, struct session *session, const uint8_t *frame)
{
	ledger_take(mux, session, frame);
	if (frame_service(frame) == QMI_SERVICE_CTL)
		requests_answer_ctl(mux, session, frame);
	else
		requests_refuse(mux, session, frame, QMI_ERROR_INVALID_CLIENT_ID);
}

/*
 * V5: another session's request has this tid. V15: or an expired one's late
 * response may come.
 */
static struct transaction *requests_in_the_way(struct mux *mux, const struct session *session,
					       const uint8_t *frame)
{
	const struct client *client =
		requests_find_client(mux, session, frame_service(frame), frame_cid(frame));
	struct transaction *expired = transaction_expired(&mux->transactions, client,
							  frame_tid(frame), frame_message(frame));
	struct transaction *other =
		transaction_in_flight(&mux->transactions, client, frame_tid(frame));

	if (expired) {
		transaction_contend(&mux->transactions, expired, mux->now);
		return expired;
	}
	/* Those of closed sessions keep nobody waiting who has closed too. */
	return other && other->session != (session->closed ? NULL : session) ? other : NULL;
}

/* True if the request to a service can be sent; otherwise the session stands elsewhere. */
static bool requests_may_send(struct mux *mux, struct session *session, const uint8_t *frame)
{
	struct transaction *other;

	if (session->in_flight >= SESSION_IN_FLIGHT) {
		stand_aside(mux, session);
		return false;
	}
	other = requests_in_the_way(mux, session, frame);
	if (other)
		stand_behind(mux, session, other);
	return !other;
}

void requests_stand(struct mux *mux, struct session *session, const uint8_t *frame)
{
	if (frame_service(frame) != QMI_SERVICE_CTL) {
		if (requests_may_send(mux, session, frame))
			stand_ready(mux, session);
	} else if (session->ctl_in_flight >= SESSION_CTL_IN_FLIGHT) {
		stand_aside(mux, session);
	} else {
		stand_for_slot(mux, session);
	}
}

/* Keeps the client's numbers on both sides, to translate the response. */
static void requests_note_client(struct transaction *transaction, const struct client *client)
{
	transaction->service = client->service;
	transaction->cid = client->cid;
	transaction->device_cid = client->device_cid;
}

static void requests_begin_release(struct mux *mux, struct transaction *transaction,
				   struct client *client, uint8_t *frame)
{
	kept_set_leaving(&mux->kept, client->service, client->device_cid, true);
	client->releasing = transaction;
	transaction->released = client;
	transaction->purpose = PURPOSE_RELEASE;
	requests_note_client(transaction, client);
	frame_set_tlv(frame, QMI_TLV_FIRST, (uint8_t[]){client->service, client->device_cid}, 2);
	ledger_warn(mux, client);
}

static void requests_begin_ctl(struct mux *mux, struct session *session,
			       struct transaction *transaction, uint8_t *frame)
{
	const uint8_t *value = frame_tlv(frame, QMI_TLV_FIRST, 1, NULL);

	transaction->purpose = PURPOSE_FORWARD;
	if (transaction->message == QMI_CTL_ALLOCATE_CID) {
		transaction->purpose = PURPOSE_ALLOCATE;
		device_sync_cancel(mux);
		ledger_reserve_client(transaction, value[0]);
	} else if (transaction->message == QMI_CTL_RELEASE_CID) {
		requests_begin_release(mux, transaction,
				       requests_find_client(mux, session, value[0], value[1]),
				       frame);
	}
	transaction_begin_ctl(&mux->transactions, transaction, mux->now + mux->config.ctl_timeout);
}

static void requests_begin(struct mux *mux, struct session *session,
			   struct transaction *transaction, uint8_t *frame)
{
	struct client *client =
		requests_find_client(mux, session, frame_service(frame), frame_cid(frame));

	requests_note_client(transaction, client);
	transaction->subject = calls_subject(frame);
	transaction_begin(&mux->transactions, transaction, client,
			  mux->now + mux->config.transaction_timeout);
	frame_set_cid(frame, client->device_cid);
}

/* V8: the session holds the client that its request names; false if out of memory. */
static bool requests_hold_client(struct mux *mux, struct session *session, const uint8_t *frame)
{
	if (frame_service(frame) == QMI_SERVICE_CTL)
		return true;
	return client_use(
		&mux->clients,
		requests_find_client(mux, session, frame_service(frame), frame_cid(frame)),
		session->closed ? NULL : session);
}

/* The request gets an error, or waits until there is memory. */
static enum requests_outcome requests_lack_memory(struct mux *mux, struct session *session,
						  const uint8_t *request)
{
	if (errno != EDQUOT) {
		own_retry_later(mux);
		return REQUESTS_NO_MEMORY;
	}
	ledger_take(mux, session, request);
	requests_refuse(mux, session, request, QMI_ERROR_INTERNAL);
	return REQUESTS_ANSWERED;
}

enum requests_outcome requests_send(struct mux *mux, struct session *session, uint8_t *frame)
{
	const uint8_t *request = session_request(session);
	bool ctl = frame_service(request) == QMI_SERVICE_CTL;
	struct transaction *transaction;

	if (!requests_need_modem(mux, session, request)) {
		requests_answer(mux, session, request);
		return REQUESTS_ANSWERED;
	}
	if (!ctl && !requests_may_send(mux, session, request))
		return REQUESTS_MOVED;
	errno = EDQUOT;
	transaction =
		requests_hold_client(mux, session, request) ? ledger_begin(mux, session) : NULL;
	if (!transaction)
		return requests_lack_memory(mux, session, request);
	memcpy(frame, request, frame_size(request));
	stand_sent(mux, session, transaction);
	session_pop_request(session);

	transaction->message = frame_message(frame);
	transaction->tid = frame_tid(frame);
	if (ctl)
		requests_begin_ctl(mux, session, transaction, frame);
	else
		requests_begin(mux, session, transaction, frame);
	frame_set_tid(frame, transaction->device_tid);
	ledger_sent(mux, transaction);
	mux->transactions.sending = transaction;
	ledger_trace(mux, &(struct mux_trace){.path = MUX_TO_MODEM,
					      .session = session,
					      .frame = frame,
					      .cid = transaction->cid,
					      .device_cid = frame_cid(frame),
					      .tid = transaction->tid,
					      .device_tid = transaction->device_tid});
	return REQUESTS_SENT;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "own.h"

#include <errno.h>

#include "device_sync.h"
#include "frame.h"
#include "ledger.h"

/* ms before what the port failed to send is retried. */
#define RETRY_PAUSE 200

void own_init(struct own *own)
{
	*own = (struct own){.retry_at = MUX_NEVER};
	window_init(&own->window);
}

bool own_may_send(struct mux *mux)
{
	if (mux->own.retry_at != MUX_NEVER || !rotation_line(&mux->users.own))
		return false;
	if (slots_are_free(mux))
		return true;
	transactions_contend_ctl(&mux->transactions, NULL, mux->now);
	return false;
}

bool own_is_waiting(const struct mux *mux)
{
	return rotation_line(&mux->users.own) || rotation_line(&mux->users.held);
}

uint64_t own_deadline(const struct mux *mux)
{
	return rotation_line(&mux->users.held) ? window_deadline(&mux->own.window) : MUX_NEVER;
}

/* In the turn of the session that it serves, or of its user. */
static void own_queue(struct transaction *transaction)
{
	struct user *user = transaction->user;
	struct turn *turn = transaction->session ? &transaction->session->turn : &user->turn;

	list_append(&turn->own, &transaction->age);
	rotation_join(user_owns(user), &user->own, &turn->own_place);
}

/* The caller queues it. */
static struct transaction *own_create_release(struct mux *mux, struct user *user,
					      enum transaction_purpose purpose, uint8_t service,
					      uint8_t device_cid)
{
	struct transaction *transaction = transaction_create_own(&mux->transactions, user);

	if (!transaction) {
		ledger_log(mux, MUX_WARNING,
			   "out of memory: %s client %u stays allocated on the modem",
			   ledger_service_name(service), device_cid);
		return NULL;
	}
	transaction->purpose = purpose;
	transaction->message = QMI_CTL_RELEASE_CID;
	transaction->service = service;
	transaction->device_cid = device_cid;
	transaction->leaving = true;
	kept_set_leaving(&mux->kept, service, device_cid, true);
	clients_begin_leaving(&mux->clients, service);
	return transaction;
}

static void own_build(const struct transaction *transaction, uint8_t *frame)
{
	uint8_t client[2] = {transaction->service, transaction->device_cid};

	frame_begin(frame, FRAME_REQUEST, QMI_SERVICE_CTL, QMI_CID_NONE, transaction->device_tid,
		    transaction->message);
	if (transaction->message == QMI_CTL_RELEASE_CID)
		frame_add_tlv(frame, QMI_TLV_FIRST, client, 2);
	else if (transaction->message == QMI_CTL_ALLOCATE_CID)
		frame_add_tlv(frame, QMI_TLV_FIRST, client, 1);
}

void own_send(struct mux *mux, struct turn *turn, uint8_t *frame)
{
	struct transactions *transactions = &mux->transactions;
	struct transaction *transaction = container_of(turn->own.next, struct transaction, age);

	list_remove(&transaction->age);
	if (list_empty(&turn->own))
		rotation_leave(&turn->user->own, &turn->own_place);
	transaction_begin_ctl(transactions, transaction, mux->now + mux->config.ctl_timeout);
	own_build(transaction, frame);
	ledger_sent(mux, transaction);
	transactions->sending = transaction;
	ledger_trace(mux, &(struct mux_trace){.path = MUX_TO_MODEM,
					      .session = transaction->session,
					      .frame = frame,
					      .device_tid = transaction->device_tid,
					      .own = true});
}

void own_send_again(struct mux *mux, struct transaction *transaction)
{
	ledger_withdraw(mux, transaction);
	if (transaction->purpose == PURPOSE_START)
		device_sync_queue(mux, transaction);
	else
		own_queue(transaction);
	own_retry_later(mux);
}

void own_retry_later(struct mux *mux)
{
	if (mux->own.retry_at == MUX_NEVER)
		mux->own.retry_at = mux->now + RETRY_PAUSE;
}

void own_end_pause(struct mux *mux)
{
	if (mux->own.retry_at <= mux->now)
		mux->own.retry_at = MUX_NEVER;
}

void own_release(struct mux *mux, struct user *user, uint8_t service, uint8_t device_cid)
{
	struct transaction *transaction =
		own_create_release(mux, user, PURPOSE_CLEAN, service, device_cid);

	if (transaction)
		own_queue(transaction);
}

void own_release_client(struct mux *mux, struct client *client)
{
	own_release(mux, client->user, client->service, client->device_cid);
	ledger_forget(mux, client);
}

void own_release_all(struct mux *mux)
{
	for (unsigned service = 0; service < 256; service++) {
		list_for_each (link, &mux->clients.services[service].clients) {
			struct client *client = container_of(link, struct client, link);

			if (!client->releasing)
				own_release_client(mux, client);
		}
	}
}

static void own_give_up(struct mux *mux, struct client *client)
{
	mux->counters.reclaimed++;
	own_release_client(mux, client);
}

void own_release_old_orphans(struct mux *mux)
{
	struct client *client;

	while ((client = clients_too_old(&mux->clients, mux->now)))
		own_give_up(mux, client);
}

void own_release_if_overdue(struct mux *mux, struct client *client)
{
	if (client_is_overdue(client))
		own_give_up(mux, client);
}

void own_keep(struct mux *mux, struct client *client)
{
	client->releasing->released = NULL;
	client->releasing = NULL;
	kept_set_leaving(&mux->kept, client->service, client->device_cid,
			 client->kept == KEPT_NOWHERE);
	if (mux->stopping)
		own_release_client(mux, client);
	else
		own_release_if_overdue(mux, client);
}

/* V28: tells those who hold a client that it is taken from them. */
static void own_revoke(struct mux *mux, const struct client *client)
{
	uint8_t frame[FRAME_HEADER_MAX + 5];

	frame_begin(frame, FRAME_INDICATION, QMI_SERVICE_CTL, QMI_CID_NONE, 0, QMI_CTL_REVOKE_CID);
	frame_add_tlv(frame, QMI_TLV_FIRST, (uint8_t[]){client->service, client->cid}, 2);
	list_for_each (link, &client->holders) {
		struct session *holder = container_of(link, struct holding, of_client)->session;

		ledger_trace(mux, &(struct mux_trace){
					  .path = MUX_ANSWERED, .session = holder, .frame = frame});
		ledger_deliver(mux, holder, frame);
	}
}

bool own_reclaim(struct mux *mux, struct session *session, uint16_t tid, struct client *client)
{
	uint8_t service = client->service;
	struct transaction *transaction = own_create_release(mux, session->user, PURPOSE_RECLAIM,
							     service, client->device_cid);

	if (!transaction)
		return false;
	mux->counters.reclaimed++;
	if (client_is_orphan(client))
		ledger_log(mux, MUX_INFO,
			   "no %s client left: reclaiming CID %u on node %u, which no open session "
			   "holds",
			   ledger_service_name(service), client->cid, client->node);
	else
		ledger_log(mux, MUX_WARNING,
			   "no %s client left: taking CID %u on node %u from user %u, who has %u",
			   ledger_service_name(service), client->cid, client->node,
			   client->user->uid, client->user->clients[service]);
	own_revoke(mux, client);
	ledger_forget(mux, client);
	ledger_owe(session, transaction);
	transaction->tid = tid;
	ledger_reserve_client(transaction, service);
	own_queue(transaction);
	return true;
}

void own_allocate(struct mux *mux, struct transaction *reclaim)
{
	struct session *session = reclaim->session;
	struct transaction *transaction;

	if (!session)
		return;
	transaction = transaction_create_own(&mux->transactions, session->user);
	if (!transaction) {
		ledger_answer_transaction(mux, reclaim, QMI_ERROR_INTERNAL);
		return;
	}
	transaction->purpose = PURPOSE_ALLOCATE;
	transaction->retried = true;
	transaction->tid = reclaim->tid;
	transaction->message = QMI_CTL_ALLOCATE_CID;
	ledger_owe(session, transaction);
	ledger_reserve_client(transaction, reclaim->service);
	own_queue(transaction);
}

static bool own_sync_releases(const struct session *session, const struct client *client)
{
	return !client->releasing && !calls_are_up(&client->calls) &&
	       (client_is_orphan(client) || client_is_held_by_only(client, session));
}

static void own_sync_release(struct mux *mux, struct session *session, struct client *client)
{
	struct transaction *transaction = own_create_release(
		mux, session->user, PURPOSE_SYNC_RELEASE, client->service, client->device_cid);

	if (transaction && !session->closed) {
		ledger_owe(session, transaction);
		session->sync_left++;
	}
	if (transaction)
		own_queue(transaction);
	ledger_forget(mux, client);
}

/* V28: those of its user on its node, or with --share=node all on its node. */
static void own_sync_orphans(struct mux *mux, struct session *session)
{
	struct user *user = session->user;

	if (mux->config.share_node) {
		for (unsigned service = 0; service < 256; service++) {
			list_for_each (link, &mux->clients.services[service].clients) {
				struct client *client = container_of(link, struct client, link);

				if (client->node == session->node && client_is_orphan(client) &&
				    own_sync_releases(session, client))
					own_sync_release(mux, session, client);
			}
		}
		return;
	}
	list_for_each (link, &user->orphans) {
		struct client *client = container_of(link, struct client, orphan);

		if (client->node == session->node && own_sync_releases(session, client))
			own_sync_release(mux, session, client);
	}
}

void own_sync(struct mux *mux, struct session *session, uint16_t tid)
{
	session->sync_tid = tid;
	session->sync_left = 1;
	own_sync_orphans(mux, session);
	list_for_each (link, &session->holdings) {
		struct holding *holding = container_of(link, struct holding, of_session);

		if (own_sync_releases(session, holding->client))
			own_sync_release(mux, session, holding->client);
		else if (!holding->client->releasing)
			holding_end(&mux->clients, holding, mux->now);
	}
	ledger_sync_step(mux, session);
}

void own_abandon_all(struct mux *mux)
{
	const struct line *line;

	while ((line = rotation_line(&mux->users.own)) ||
	       (line = rotation_line(&mux->users.held))) {
		struct turn *turn = container_of(line_place(line), struct turn, own_place);
		struct user *user = user_hold(turn->user);

		list_for_each (link, &turn->own) {
			struct transaction *transaction =
				container_of(link, struct transaction, age);

			ledger_abandon(mux, transaction, QMI_ERROR_ABORTED);
			ledger_end(mux, transaction);
		}
		rotation_leave(&user->own, &turn->own_place);
		user_put(user);
	}
	mux->own.retry_at = MUX_NEVER;
}

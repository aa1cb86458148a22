/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the mux itself asks of CTL: it clears up behind applications. */
#include <errno.h>

#include "mux_private.h"

static void queue_own(struct mux *mux, struct transaction *transaction)
{
	list_append(&mux->transactions.waiting, &transaction->age);
	if (list_empty(&mux->own_turn))
		list_append(&mux->turns, &mux->own_turn);
}

static struct transaction *queue_release(struct mux *mux, enum transaction_purpose purpose,
					 uint8_t service, uint8_t device_cid)
{
	struct transaction *transaction = transaction_create(&mux->transactions);

	if (!transaction) {
		mux_log(mux, MUX_WARNING,
			"out of memory: %s client %u stays allocated on the modem",
			mux_service_name(service), device_cid);
		return NULL;
	}
	transaction->purpose = purpose;
	transaction->message = QMI_CTL_RELEASE_CID;
	transaction->service = service;
	transaction->device_cid = device_cid;
	queue_own(mux, transaction);
	return transaction;
}

static void build(const struct transaction *transaction, uint8_t *frame)
{
	uint8_t client[2] = {transaction->service, transaction->device_cid};

	frame_begin(frame, FRAME_REQUEST, QMI_SERVICE_CTL, QMI_CID_NONE, transaction->device_tid,
		    transaction->message);
	if (transaction->message == QMI_CTL_RELEASE_CID)
		frame_add_tlv(frame, QMI_TLV_FIRST, client, 2);
	else if (transaction->message == QMI_CTL_ALLOCATE_CID)
		frame_add_tlv(frame, QMI_TLV_FIRST, client, 1);
}

bool own_send(struct mux *mux, uint64_t now)
{
	struct transactions *transactions = &mux->transactions;
	struct transaction *transaction;

	if (mux->retry_at != MUX_NEVER || mux_lacks_ctl_tid(mux, now))
		return false;
	transaction = container_of(transactions->waiting.next, struct transaction, age);
	transaction_begin_ctl(transactions, transaction, now + mux->config.transaction_timeout);
	build(transaction, mux->request);
	transactions->sending = transaction;
	mux_trace(mux, &(struct mux_trace){.path = MUX_TO_MODEM,
					   .frame = mux->request,
					   .device_tid = transaction->device_tid});
	if (list_empty(&transactions->waiting))
		list_remove(&mux->own_turn);
	else
		list_append(&mux->turns, &mux->own_turn);
	return true;
}

void own_send_again(struct mux *mux, struct transaction *transaction, uint64_t now)
{
	transaction_withdraw(&mux->transactions, transaction);
	queue_own(mux, transaction);
	mux_retry_later(mux, now);
}

void own_release(struct mux *mux, uint8_t service, uint8_t device_cid)
{
	queue_release(mux, PURPOSE_CLEAN, service, device_cid);
}

void own_release_client(struct mux *mux, struct client *client)
{
	own_release(mux, client->service, client->device_cid);
	mux_forget(mux, client);
}

bool own_reclaim(struct mux *mux, struct session *session, uint16_t tid, uint8_t service)
{
	struct client *orphan = clients_reclaimable(&mux->clients, service);
	struct transaction *transaction;

	if (!orphan)
		return false;
	transaction = queue_release(mux, PURPOSE_RECLAIM, service, orphan->device_cid);
	if (!transaction)
		return false;
	transaction->session = session;
	transaction->tid = tid;
	mux->counters.reclaimed++;
	mux_log(mux, MUX_INFO,
		"no %s client left: giving up CID %u of node %u, which nobody has open",
		mux_service_name(service), orphan->cid, orphan->node);
	mux_forget(mux, orphan);
	return true;
}

void own_allocate(struct mux *mux, const struct transaction *reclaim)
{
	struct transaction *transaction;

	if (!reclaim->session)
		return;
	transaction = transaction_create(&mux->transactions);
	if (!transaction) {
		mux_answer_transaction(mux, reclaim, QMI_ERROR_INTERNAL);
		return;
	}
	transaction->purpose = PURPOSE_ALLOCATE;
	transaction->session = reclaim->session;
	transaction->tid = reclaim->tid;
	transaction->message = QMI_CTL_ALLOCATE_CID;
	transaction->service = reclaim->service;
	queue_own(mux, transaction);
}

void own_forget_asker(struct mux *mux, const struct session *session)
{
	list_for_each (link, &mux->transactions.waiting) {
		struct transaction *transaction = container_of(link, struct transaction, age);

		if (transaction->session != session)
			continue;
		transaction->session = NULL;
		if (transaction->purpose == PURPOSE_ALLOCATE)
			mux_end(mux, transaction);
	}
	if (list_empty(&mux->transactions.waiting))
		list_remove(&mux->own_turn);
}

void own_sync_step(struct mux *mux, struct session *session)
{
	if (!session || --session->sync_left > 0)
		return;
	mux_answer(mux, session, QMI_SERVICE_CTL, QMI_CID_NONE, session->sync_tid, QMI_CTL_SYNC,
		   QMI_ERROR_NONE);
	/* What the session wrote behind its Sync may go on. */
	mux->heads_changed = true;
}

void own_sync(struct mux *mux, struct session *session, uint16_t tid)
{
	session->sync_tid = tid;
	session->sync_left = 1;
	list_for_each (link, &mux->clients.all) {
		struct client *client = container_of(link, struct client, link);
		struct transaction *transaction;
		bool orphan = !client->holder && client->node == session->node;

		if (client->releasing || (client->holder != session && !orphan))
			continue;
		transaction = queue_release(mux, PURPOSE_SYNC_RELEASE, client->service,
					    client->device_cid);
		if (transaction && !session->closed) {
			transaction->session = session;
			session->sync_left++;
		}
		mux_forget(mux, client);
	}
	own_sync_step(mux, session);
}

int mux_start_sync(struct mux *mux)
{
	struct transaction *transaction = transaction_create(&mux->transactions);

	if (!transaction)
		return -ENOMEM;
	transaction->purpose = PURPOSE_START;
	transaction->message = QMI_CTL_SYNC;
	queue_own(mux, transaction);
	/* What is allocated before it would be taken away by it. */
	list_prepend(&mux->turns, &mux->own_turn);
	mux->retry_at = MUX_NEVER;
	return 0;
}

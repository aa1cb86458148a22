/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "own.h"

#include <errno.h>

#include "frame.h"
#include "ledger.h"

/* ms before what the port failed to send is retried. */
#define RETRY_PAUSE 200

void own_init(struct own *own)
{
	*own = (struct own){.retry_at = MUX_NEVER};
}

bool own_is_waiting(const struct mux *mux)
{
	return !list_empty(&mux->transactions.waiting);
}

static void own_queue(struct mux *mux, struct transaction *transaction)
{
	list_append(&mux->transactions.waiting, &transaction->age);
}

static struct transaction *own_queue_release(struct mux *mux, enum transaction_purpose purpose,
					     uint8_t service, uint8_t device_cid)
{
	struct transaction *transaction = transaction_create(&mux->transactions);

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
	own_queue(mux, transaction);
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

bool own_send(struct mux *mux, uint8_t *frame, uint64_t now)
{
	struct transactions *transactions = &mux->transactions;
	struct transaction *transaction;

	if (mux->own.retry_at != MUX_NEVER || transactions_lack_ctl_tid(transactions, now))
		return false;
	transaction = container_of(transactions->waiting.next, struct transaction, age);
	transaction_begin_ctl(transactions, transaction, now + mux->config.transaction_timeout);
	own_build(transaction, frame);
	transactions->sending = transaction;
	ledger_trace(mux, &(struct mux_trace){.path = MUX_TO_MODEM,
					      .frame = frame,
					      .device_tid = transaction->device_tid});
	return true;
}

void own_send_again(struct mux *mux, struct transaction *transaction, uint64_t now)
{
	transaction_withdraw(&mux->transactions, transaction);
	own_queue(mux, transaction);
	own_retry_later(mux, now);
}

void own_retry_later(struct mux *mux, uint64_t now)
{
	if (mux->own.retry_at == MUX_NEVER)
		mux->own.retry_at = now + RETRY_PAUSE;
}

void own_end_pause(struct mux *mux, uint64_t now)
{
	if (mux->own.retry_at <= now)
		mux->own.retry_at = MUX_NEVER;
}

int own_start_sync(struct mux *mux)
{
	struct transaction *transaction = transaction_create(&mux->transactions);

	if (!transaction)
		return -ENOMEM;
	transaction->purpose = PURPOSE_START;
	transaction->message = QMI_CTL_SYNC;
	own_queue(mux, transaction);
	mux->own.retry_at = MUX_NEVER;
	return 0;
}

void own_sync_is_answered(struct mux *mux)
{
	mux->own.sync_answered = true;
}

void own_release(struct mux *mux, uint8_t service, uint8_t device_cid)
{
	own_queue_release(mux, PURPOSE_CLEAN, service, device_cid);
}

void own_release_client(struct mux *mux, struct client *client)
{
	own_release(mux, client->service, client->device_cid);
	ledger_forget(mux, client);
}

void own_release_all(struct mux *mux)
{
	list_for_each (link, &mux->clients.all) {
		struct client *client = container_of(link, struct client, link);

		if (!client->releasing)
			own_release_client(mux, client);
	}
}

void own_release_old_orphans(struct mux *mux, uint64_t now)
{
	if (!clients_begin_ageing(&mux->clients, now))
		return;
	list_for_each (link, &mux->clients.all) {
		struct client *client = container_of(link, struct client, link);

		if (!clients_age(&mux->clients, client, now))
			continue;
		mux->counters.reclaimed++;
		own_release_client(mux, client);
	}
}

void own_keep(struct mux *mux, struct client *client)
{
	client->releasing->released = NULL;
	client->releasing = NULL;
	clients_check_ages(&mux->clients);
	if (mux->stopping)
		own_release_client(mux, client);
}

bool own_reclaim(struct mux *mux, struct session *session, uint16_t tid, uint8_t service)
{
	struct client *orphan = clients_reclaimable(&mux->clients, service);
	struct transaction *transaction;

	if (!orphan)
		return false;
	transaction = own_queue_release(mux, PURPOSE_RECLAIM, service, orphan->device_cid);
	if (!transaction)
		return false;
	transaction->session = session;
	transaction->tid = tid;
	mux->counters.reclaimed++;
	ledger_log(mux, MUX_INFO,
		   "no %s client left: reclaiming CID %u on node %u, which no open session holds",
		   ledger_service_name(service), orphan->cid, orphan->node);
	ledger_forget(mux, orphan);
	return true;
}

void own_allocate(struct mux *mux, const struct transaction *reclaim)
{
	struct transaction *transaction;

	if (!reclaim->session)
		return;
	transaction = transaction_create(&mux->transactions);
	if (!transaction) {
		ledger_answer_transaction(mux, reclaim, QMI_ERROR_INTERNAL);
		return;
	}
	transaction->purpose = PURPOSE_ALLOCATE;
	transaction->session = reclaim->session;
	transaction->tid = reclaim->tid;
	transaction->message = QMI_CTL_ALLOCATE_CID;
	transaction->service = reclaim->service;
	own_queue(mux, transaction);
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
		transaction = own_queue_release(mux, PURPOSE_SYNC_RELEASE, client->service,
						client->device_cid);
		if (transaction && !session->closed) {
			transaction->session = session;
			session->sync_left++;
		}
		ledger_forget(mux, client);
	}
	ledger_sync_step(mux, session);
}

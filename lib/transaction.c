/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transaction.h"

#include <assert.h>
#include <stdlib.h>

#include "client.h"

/* How many late answers are waited for at most, all clients together. */
#define EXPIRED_MAX 1024

static void rest(struct transactions *transactions, uint8_t tid)
{
	unsigned last = transactions->resting_first + transactions->resting_count;

	transactions->resting[last % CTL_TIDS] = tid;
	transactions->resting_count++;
}

static uint8_t wake(struct transactions *transactions)
{
	uint8_t tid = transactions->resting[transactions->resting_first];

	transactions->resting_first = (transactions->resting_first + 1) % CTL_TIDS;
	transactions->resting_count--;
	return tid;
}

void transactions_init(struct transactions *transactions)
{
	*transactions = (struct transactions){0};
	list_init(&transactions->in_flight);
	list_init(&transactions->expired);
	list_init(&transactions->waiting);
	list_init(&transactions->spare);
	for (unsigned tid = 1; tid <= CTL_TIDS; tid++)
		rest(transactions, (uint8_t)tid);
}

static void free_all(struct list *list)
{
	list_for_each (link, list) {
		struct transaction *transaction = container_of(link, struct transaction, age);

		list_remove(&transaction->of_client);
		free(transaction);
	}
	list_init(list);
}

void transactions_finish(struct transactions *transactions)
{
	free_all(&transactions->in_flight);
	free_all(&transactions->expired);
	free_all(&transactions->waiting);
	free_all(&transactions->spare);
}

struct transaction *transaction_create(struct transactions *transactions)
{
	struct transaction *transaction;

	if (list_empty(&transactions->spare)) {
		transaction = malloc(sizeof(*transaction));
		if (!transaction)
			return NULL;
	} else {
		transaction = container_of(transactions->spare.next, struct transaction, age);
		list_remove(&transaction->age);
	}
	*transaction = (struct transaction){0};
	list_init(&transaction->of_client);
	list_init(&transaction->age);
	return transaction;
}

bool transactions_ctl_free(const struct transactions *transactions)
{
	return transactions->resting_count > transactions->expired_ctl_count;
}

/* Passes over the tids of expired requests, whose late answers may still come. */
static uint8_t ctl_tid(struct transactions *transactions)
{
	for (;;) {
		uint8_t tid = wake(transactions);

		if (!transactions->ctl[tid])
			return tid;
		rest(transactions, tid);
	}
}

void transaction_begin_ctl(struct transactions *transactions, struct transaction *transaction,
			   uint64_t deadline)
{
	uint8_t tid;

	assert(transactions_ctl_free(transactions));
	tid = ctl_tid(transactions);
	transactions->ctl[tid] = transaction;
	transaction->device_tid = tid;
	transaction->deadline = deadline;
	list_append(&transactions->in_flight, &transaction->age);
}

struct transaction *transaction_expired(const struct client *client, uint16_t tid, uint16_t message)
{
	list_for_each (link, &client->transactions) {
		struct transaction *t = container_of(link, struct transaction, of_client);

		if (t->expired && t->tid == tid && t->message == message)
			return t;
	}
	return NULL;
}

struct transaction *transaction_answered(const struct client *client, uint16_t tid,
					 uint16_t message)
{
	struct transaction *expired = transaction_expired(client, tid, message);

	if (expired)
		return expired;
	list_for_each (link, &client->transactions) {
		struct transaction *t = container_of(link, struct transaction, of_client);

		if (t->tid == tid && t->message == message)
			return t;
	}
	return NULL;
}

struct transaction *transaction_in_flight(const struct client *client, uint16_t tid)
{
	list_for_each (link, &client->transactions) {
		struct transaction *t = container_of(link, struct transaction, of_client);

		if (t->tid == tid && !t->expired)
			return t;
	}
	return NULL;
}

void transaction_begin(struct transactions *transactions, struct transaction *transaction,
		       struct client *client, uint64_t deadline)
{
	transaction->client = client;
	transaction->device_tid = transaction->tid;
	transaction->deadline = deadline;
	list_append(&client->transactions, &transaction->of_client);
	list_append(&transactions->in_flight, &transaction->age);
}

static void give_tid_back(struct transactions *transactions, const struct transaction *transaction)
{
	uint16_t tid = transaction->device_tid;

	if (transaction->client || transactions->ctl[tid] != transaction)
		return;
	transactions->ctl[tid] = NULL;
	if (!transaction->expired)
		rest(transactions, (uint8_t)tid);
}

void transaction_withdraw(struct transactions *transactions, struct transaction *transaction)
{
	give_tid_back(transactions, transaction);
	list_append(&transactions->waiting, &transaction->age);
}

void transaction_contend(struct transaction *transaction, uint64_t deadline)
{
	if (transaction->contended)
		return;
	transaction->contended = true;
	transaction->deadline = deadline;
}

void transactions_contend_ctl(struct transactions *transactions, uint64_t deadline)
{
	list_for_each (link, &transactions->expired) {
		struct transaction *t = container_of(link, struct transaction, age);

		if (!t->client)
			transaction_contend(t, deadline);
	}
}

void transaction_expire(struct transactions *transactions, struct transaction *transaction)
{
	transaction->expired = true;
	transaction->session = NULL;
	if (!transaction->client) {
		rest(transactions, (uint8_t)transaction->device_tid);
		transactions->expired_ctl_count++;
	}
	list_append(&transactions->expired, &transaction->age);
	if (++transactions->expired_count > EXPIRED_MAX)
		transaction_end(transactions,
				container_of(transactions->expired.next, struct transaction, age));
}

void transaction_end(struct transactions *transactions, struct transaction *transaction)
{
	if (transactions->sending == transaction)
		transactions->sending = NULL;
	if (transactions->sent == transaction)
		transactions->sent = NULL;
	give_tid_back(transactions, transaction);
	if (transaction->expired) {
		transactions->expired_count--;
		transactions->expired_ctl_count -= !transaction->client;
	}
	list_remove(&transaction->of_client);
	list_append(&transactions->spare, &transaction->age);
}

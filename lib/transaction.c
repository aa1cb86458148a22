/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transaction.h"

#include <assert.h>
#include <stdlib.h>

#include "client.h"

/* Limit on expired transactions, of all clients and CTL. */
#define EXPIRED_MAX 1024

/* V15: ms that a request waits at most for a late response that it could be given. */
#define CONTENTION_TIMEOUT 1000

static void transactions_rest_tid(struct transactions *transactions, uint8_t tid)
{
	unsigned last = transactions->resting_first + transactions->resting_count;

	transactions->resting[last % CTL_TIDS] = tid;
	transactions->resting_count++;
}

static uint8_t transactions_wake_tid(struct transactions *transactions)
{
	uint8_t tid = transactions->resting[transactions->resting_first];

	transactions->resting_first = (transactions->resting_first + 1) % CTL_TIDS;
	transactions->resting_count--;
	return tid;
}

void transactions_init(struct transactions *transactions)
{
	*transactions = (struct transactions){.contention_deadline = UINT64_MAX};
	for (unsigned bucket = 0; bucket < TRANSACTION_BUCKETS; bucket++)
		list_init(&transactions->table[bucket]);
	list_init(&transactions->in_flight);
	list_init(&transactions->expired);
	list_init(&transactions->waiting);
	list_init(&transactions->spare);
	for (unsigned tid = 1; tid <= CTL_TIDS; tid++)
		transactions_rest_tid(transactions, (uint8_t)tid);
}

static void transactions_free(struct list *list)
{
	list_for_each (link, list) {
		struct transaction *transaction = container_of(link, struct transaction, age);

		list_remove(&transaction->of_client);
		list_remove(&transaction->by_tid);
		free(transaction);
	}
	list_init(list);
}

void transactions_finish(struct transactions *transactions)
{
	transactions_free(&transactions->in_flight);
	transactions_free(&transactions->expired);
	transactions_free(&transactions->waiting);
	transactions_free(&transactions->spare);
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
	list_init(&transaction->by_tid);
	list_init(&transaction->age);
	return transaction;
}

static bool transactions_ctl_free(const struct transactions *transactions)
{
	return transactions->resting_count > transactions->expired_ctl_count;
}

/* Skips tids of expired requests, whose late responses may still come. */
static uint8_t transactions_next_ctl_tid(struct transactions *transactions)
{
	for (;;) {
		uint8_t tid = transactions_wake_tid(transactions);

		if (!transactions->ctl[tid])
			return tid;
		transactions_rest_tid(transactions, tid);
	}
}

void transaction_begin_ctl(struct transactions *transactions, struct transaction *transaction,
			   uint64_t deadline)
{
	uint8_t tid;

	assert(transactions_ctl_free(transactions));
	tid = transactions_next_ctl_tid(transactions);
	transactions->ctl[tid] = transaction;
	transaction->device_tid = tid;
	transaction->deadline = deadline;
	list_append(&transactions->in_flight, &transaction->age);
}

static unsigned transaction_bucket(const struct client *client, uint16_t tid)
{
	return (client->service * 31U + client->device_cid * 17U + tid) % TRANSACTION_BUCKETS;
}

struct transaction *transaction_expired(const struct transactions *transactions,
					const struct client *client, uint16_t tid, uint16_t message)
{
	list_for_each (link, &transactions->table[transaction_bucket(client, tid)]) {
		struct transaction *t = container_of(link, struct transaction, by_tid);

		if (t->client == client && t->expired && t->tid == tid && t->message == message)
			return t;
	}
	return NULL;
}

struct transaction *transaction_answered(const struct transactions *transactions,
					 const struct client *client, uint16_t tid,
					 uint16_t message)
{
	struct transaction *expired = transaction_expired(transactions, client, tid, message);

	if (expired)
		return expired;
	list_for_each (link, &transactions->table[transaction_bucket(client, tid)]) {
		struct transaction *t = container_of(link, struct transaction, by_tid);

		if (t->client == client && t->tid == tid && t->message == message)
			return t;
	}
	return NULL;
}

struct transaction *transaction_in_flight(const struct transactions *transactions,
					  const struct client *client, uint16_t tid)
{
	list_for_each (link, &transactions->table[transaction_bucket(client, tid)]) {
		struct transaction *t = container_of(link, struct transaction, by_tid);

		if (t->client == client && t->tid == tid && !t->expired)
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
	list_append(&transactions->table[transaction_bucket(client, transaction->tid)],
		    &transaction->by_tid);
	list_append(&transactions->in_flight, &transaction->age);
}

static void transaction_give_tid_back(struct transactions *transactions,
				      const struct transaction *transaction)
{
	uint16_t tid = transaction->device_tid;

	if (transaction->client || transactions->ctl[tid] != transaction)
		return;
	transactions->ctl[tid] = NULL;
	if (!transaction->expired)
		transactions_rest_tid(transactions, (uint8_t)tid);
}

void transaction_withdraw(struct transactions *transactions, struct transaction *transaction)
{
	transaction_give_tid_back(transactions, transaction);
	list_append(&transactions->waiting, &transaction->age);
}

static void transactions_note_contention(struct transactions *transactions, uint64_t deadline)
{
	if (deadline < transactions->contention_deadline)
		transactions->contention_deadline = deadline;
}

void transaction_contend(struct transactions *transactions, struct transaction *transaction,
			 uint64_t now)
{
	if (!transaction->contended) {
		transaction->contended = true;
		transaction->deadline = now + CONTENTION_TIMEOUT;
	}
	transactions_note_contention(transactions, transaction->deadline);
}

bool transactions_lack_ctl_tid(struct transactions *transactions, uint64_t now)
{
	if (transactions_ctl_free(transactions))
		return false;
	if (transactions->ctl_contended)
		return true;
	list_for_each (link, &transactions->expired) {
		struct transaction *t = container_of(link, struct transaction, age);

		if (!t->client)
			transaction_contend(transactions, t, now);
	}
	transactions->ctl_contended = true;
	return true;
}

void transaction_expire(struct transactions *transactions, struct transaction *transaction)
{
	transaction->expired = true;
	transaction->session = NULL;
	if (!transaction->client) {
		transactions_rest_tid(transactions, (uint8_t)transaction->device_tid);
		transactions->expired_ctl_count++;
		transactions->ctl_contended = false;
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
	transaction_give_tid_back(transactions, transaction);
	if (transaction->expired) {
		transactions->expired_count--;
		transactions->expired_ctl_count -= !transaction->client;
	}
	list_remove(&transaction->of_client);
	list_remove(&transaction->by_tid);
	list_append(&transactions->spare, &transaction->age);
}

static uint64_t transactions_first_deadline(const struct transactions *transactions)
{
	if (list_empty(&transactions->in_flight))
		return UINT64_MAX;
	return container_of(transactions->in_flight.next, struct transaction, age)->deadline;
}

struct transaction *transactions_due(const struct transactions *transactions, uint64_t now)
{
	if (transactions_first_deadline(transactions) > now)
		return NULL;
	return container_of(transactions->in_flight.next, struct transaction, age);
}

void transactions_end_contention(struct transactions *transactions, uint64_t now)
{
	if (transactions->contention_deadline > now)
		return;
	transactions->contention_deadline = UINT64_MAX;
	list_for_each (link, &transactions->expired) {
		struct transaction *t = container_of(link, struct transaction, age);

		if (!t->contended)
			continue;
		if (t->deadline <= now)
			transaction_end(transactions, t);
		else
			transactions_note_contention(transactions, t->deadline);
	}
}

uint64_t transactions_deadline(const struct transactions *transactions)
{
	uint64_t first = transactions_first_deadline(transactions);

	return first < transactions->contention_deadline ? first
							 : transactions->contention_deadline;
}

static bool transaction_is_about_client(const struct transaction *transaction)
{
	return !transaction->client && transaction->purpose != PURPOSE_FORWARD &&
	       transaction->purpose != PURPOSE_START;
}

bool transactions_await_clients(const struct transactions *transactions)
{
	list_for_each (link, &transactions->in_flight) {
		if (transaction_is_about_client(container_of(link, struct transaction, age)))
			return true;
	}
	return false;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transaction.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "client.h"

/* Transactions kept for the next requests. */
#define SPARE_MAX 256

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

int transactions_init(struct transactions *transactions)
{
	*transactions = (struct transactions){0};
	list_init(&transactions->in_flight);
	list_init(&transactions->ctl_in_flight);
	list_init(&transactions->contended);
	list_init(&transactions->spare);
	for (unsigned tid = 1; tid <= CTL_TIDS; tid++)
		transactions_rest_tid(transactions, (uint8_t)tid);
	return table_init(&transactions->table);
}

void transactions_finish(struct transactions *transactions)
{
	list_for_each (link, &transactions->spare)
		free(container_of(link, struct transaction, age));
	table_finish(&transactions->table);
}

static struct transaction *transactions_take_spare(struct transactions *transactions)
{
	struct list *link = transactions->spare.next;

	if (list_empty(&transactions->spare))
		return malloc(sizeof(struct transaction));
	list_remove(link);
	transactions->spare_count--;
	return container_of(link, struct transaction, age);
}

static void transactions_keep_spare(struct transactions *transactions,
				    struct transaction *transaction)
{
	if (transactions->spare_count == SPARE_MAX) {
		free(transaction);
		return;
	}
	list_init(&transaction->age);
	list_prepend(&transactions->spare, &transaction->age);
	transactions->spare_count++;
}

static struct transaction *transaction_new(struct transactions *transactions, struct user *user,
					   bool charged)
{
	struct transaction *transaction = transactions_take_spare(transactions);

	if (!transaction) {
		if (charged)
			account_refund(&user->account, sizeof(*transaction));
		errno = ENOMEM;
		return NULL;
	}
	*transaction = (struct transaction){.user = user_hold(user), .charged = charged};
	list_init(&transaction->of_client);
	list_init(&transaction->of_session);
	list_init(&transaction->by_tid.link);
	list_init(&transaction->age);
	list_init(&transaction->contention);
	list_init(&transaction->waiters);
	window_entry_init(&transaction->young);
	return transaction;
}

struct transaction *transaction_create(struct transactions *transactions, struct user *user)
{
	if (account_charge(&user->account, sizeof(struct transaction)))
		return transaction_new(transactions, user, true);
	errno = EDQUOT;
	return NULL;
}

struct transaction *transaction_create_own(struct transactions *transactions, struct user *user)
{
	bool charged = account_charge(&user->account, sizeof(struct transaction));

	return transaction_new(transactions, user, charged);
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

static void transaction_keep(const struct transactions *transactions,
			     const struct transaction *transaction)
{
	kept_set_request(transactions->kept, (uint8_t)transaction->device_tid,
			 &(struct kept_request){.message = transaction->message,
						.service = transaction->service,
						.device_cid = transaction->device_cid});
}

void transaction_begin_ctl(struct transactions *transactions, struct transaction *transaction,
			   uint64_t deadline)
{
	uint8_t tid;

	assert(transactions_have_ctl_tid(transactions));
	tid = transactions_next_ctl_tid(transactions);
	transactions->ctl[tid] = transaction;
	transactions->ctl_count++;
	transaction->device_tid = tid;
	transaction->deadline = deadline;
	transaction->in_flight = true;
	list_append(&transactions->ctl_in_flight, &transaction->age);
	transaction_keep(transactions, transaction);
}

static uint32_t transaction_hash(const struct client *client, uint16_t tid)
{
	return table_hash((uint64_t)client->service << 24 | (uint64_t)client->device_cid << 16 |
			  tid);
}

static struct list *transactions_alike(const struct transactions *transactions,
				       const struct client *client, uint16_t tid)
{
	return table_bucket(&transactions->table, transaction_hash(client, tid));
}

struct transaction *transaction_expired(const struct transactions *transactions,
					const struct client *client, uint16_t tid, uint16_t message)
{
	list_for_each (link, transactions_alike(transactions, client, tid)) {
		struct transaction *t = container_of(link, struct transaction, by_tid.link);

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
	list_for_each (link, transactions_alike(transactions, client, tid)) {
		struct transaction *t = container_of(link, struct transaction, by_tid.link);

		if (t->client == client && t->tid == tid && t->message == message)
			return t;
	}
	return NULL;
}

struct transaction *transaction_in_flight(const struct transactions *transactions,
					  const struct client *client, uint16_t tid)
{
	list_for_each (link, transactions_alike(transactions, client, tid)) {
		struct transaction *t = container_of(link, struct transaction, by_tid.link);

		if (t->client == client && t->tid == tid && !t->expired)
			return t;
	}
	return NULL;
}

bool transaction_restore_ctl(struct transactions *transactions, struct transaction *transaction)
{
	uint16_t tid = transaction->device_tid;

	if (tid < 1 || tid > CTL_TIDS || transactions->ctl[tid])
		return false;
	transactions->ctl[tid] = transaction;
	transactions->ctl_count++;
	return true;
}

void transactions_restore_tids(struct transactions *transactions, uint8_t last)
{
	transactions->resting_first = 0;
	transactions->resting_count = 0;
	for (unsigned i = 0; i < CTL_TIDS; i++) {
		unsigned tid = (last + i) % CTL_TIDS + 1;

		if (!transactions->ctl[tid] || transactions->ctl[tid]->expired)
			transactions_rest_tid(transactions, (uint8_t)tid);
	}
}

void transaction_restore(struct transactions *transactions, struct transaction *transaction,
			 struct client *client)
{
	transaction->client = client;
	list_append(&client->transactions, &transaction->of_client);
	table_add(&transactions->table, &transaction->by_tid,
		  transaction_hash(client, transaction->tid));
}

void transaction_begin(struct transactions *transactions, struct transaction *transaction,
		       struct client *client, uint64_t deadline)
{
	transaction_restore(transactions, transaction, client);
	transaction->device_tid = transaction->tid;
	transaction->deadline = deadline;
	transaction->in_flight = true;
	list_append(&transactions->in_flight, &transaction->age);
}

static void transaction_give_tid_back(struct transactions *transactions,
				      struct transaction *transaction)
{
	uint16_t tid = transaction->device_tid;

	if (transaction->client || transactions->ctl[tid] != transaction)
		return;
	transactions->ctl[tid] = NULL;
	kept_set_request(transactions->kept, (uint8_t)tid, NULL);
	transactions->ctl_count--;
	if (!transaction->expired)
		transactions_rest_tid(transactions, (uint8_t)tid);
}

void transaction_withdraw(struct transactions *transactions, struct transaction *transaction)
{
	transaction_give_tid_back(transactions, transaction);
	transaction->in_flight = false;
	list_remove(&transaction->age);
}

void transaction_contend(struct transactions *transactions, struct transaction *transaction,
			 uint64_t now)
{
	if (transaction->contended)
		return;
	transaction->contended = true;
	transaction->deadline = now + CONTENTION_TIMEOUT;
	list_append(&transactions->contended, &transaction->contention);
}

void transactions_contend_ctl(struct transactions *transactions, struct user *user, uint64_t now)
{
	bool *contended = user ? &user->ctl_contended : &transactions->ctl_contended;

	if (*contended)
		return;
	for (unsigned tid = 1; tid <= CTL_TIDS; tid++) {
		struct transaction *t = transactions->ctl[tid];

		if (t && t->expired && (!user || (t->user == user && t->has_slot)))
			transaction_contend(transactions, t, now);
	}
	*contended = true;
}

void transaction_expire(struct transactions *transactions, struct transaction *transaction)
{
	struct user *user = transaction->user;

	transaction->expired = true;
	transaction->in_flight = false;
	transaction->session = NULL;
	list_remove(&transaction->of_session);
	if (!transaction->client) {
		transactions_rest_tid(transactions, (uint8_t)transaction->device_tid);
		transactions->ctl_contended = false;
		user->ctl_contended = false;
	}
	list_append(&user->expired, &transaction->age);
	user->expired_count++;
}

void transaction_end(struct transactions *transactions, struct transaction *transaction)
{
	struct user *user = transaction->user;

	assert(list_empty(&transaction->waiters));
	if (transactions->sending == transaction)
		transactions->sending = NULL;
	if (transactions->sent == transaction)
		transactions->sent = NULL;
	transaction_give_tid_back(transactions, transaction);
	user->expired_count -= transaction->expired;
	list_remove(&transaction->of_client);
	list_remove(&transaction->of_session);
	list_remove(&transaction->contention);
	list_remove(&transaction->age);
	if (transaction->client)
		table_remove(&transactions->table, &transaction->by_tid);
	if (transaction->charged)
		account_refund(&user->account, sizeof(*transaction));
	transactions_keep_spare(transactions, transaction);
	user_put(user);
}

static struct transaction *transactions_first(const struct list *list)
{
	return list_empty(list) ? NULL : container_of(list->next, struct transaction, age);
}

struct transaction *transactions_due(const struct transactions *transactions, uint64_t now)
{
	struct transaction *ctl = transactions_first(&transactions->ctl_in_flight);
	struct transaction *first = transactions_first(&transactions->in_flight);

	/* What was due before its client's Release CID is not answered for that one's sake. */
	if (ctl && (!first || ctl->deadline <= first->deadline))
		first = ctl;
	return first && first->deadline <= now ? first : NULL;
}

struct transaction *transactions_outwaited(const struct transactions *transactions, uint64_t now)
{
	struct transaction *first;

	if (list_empty(&transactions->contended))
		return NULL;
	first = container_of(transactions->contended.next, struct transaction, contention);
	return first->deadline <= now ? first : NULL;
}

static uint64_t transaction_earlier(uint64_t deadline, const struct transaction *transaction)
{
	return transaction && transaction->deadline < deadline ? transaction->deadline : deadline;
}

uint64_t transactions_deadline(const struct transactions *transactions)
{
	uint64_t deadline =
		transaction_earlier(UINT64_MAX, transactions_first(&transactions->in_flight));

	deadline = transaction_earlier(deadline, transactions_first(&transactions->ctl_in_flight));
	if (list_empty(&transactions->contended))
		return deadline;
	return transaction_earlier(deadline, container_of(transactions->contended.next,
							  struct transaction, contention));
}

uint64_t transactions_first_deadline(const struct list *in_flight)
{
	return transaction_earlier(UINT64_MAX, transactions_first(in_flight));
}

static unsigned transactions_count(const struct list *list)
{
	unsigned count = 0;

	list_for_each (link, list)
		count++;
	return count;
}

unsigned transactions_count_in_flight(const struct transactions *transactions)
{
	return transactions_count(&transactions->in_flight) +
	       transactions_count(&transactions->ctl_in_flight);
}

bool transactions_await_clients(const struct transactions *transactions)
{
	list_for_each (link, &transactions->ctl_in_flight) {
		const struct transaction *t = container_of(link, struct transaction, age);

		if (t->purpose != PURPOSE_FORWARD && t->purpose != PURPOSE_START)
			return true;
	}
	return false;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "client.h"
#include "memory.h"
#include "session.h"
#include "transaction.h"
#include "unit_groups.h"

static struct users users;
static struct user *user;
static struct session asker;
static struct client client;

static int set_up(void **state)
{
	static struct transactions transactions;

	client = (struct client){.service = 2, .cid = 1, .device_cid = 40};
	list_init(&client.transactions);
	if (users_init(&users, 8 << 20) < 0)
		return -1;
	user = user_get(&users, 1000);
	*state = &transactions;
	return transactions_init(&transactions);
}

static int tear_down(void **state)
{
	struct transactions *transactions = *state;

	for (unsigned tid = 1; tid <= CTL_TIDS; tid++) {
		if (transactions->ctl[tid])
			transaction_end(transactions, transactions->ctl[tid]);
	}
	list_for_each (link, &client.transactions)
		transaction_end(transactions, container_of(link, struct transaction, of_client));
	transactions_finish(transactions);
	user_put(user);
	assert_int_equal(users.everybody.used, 0);
	users_finish(&users);
	return 0;
}

static struct transaction *create(struct transactions *transactions)
{
	struct transaction *transaction = transaction_create(transactions, user);

	assert_non_null(transaction);
	return transaction;
}

static struct transaction *begin_ctl(struct transactions *transactions)
{
	struct transaction *transaction = create(transactions);

	transaction->session = &asker;
	transaction_begin_ctl(transactions, transaction, 100);
	assert_ptr_equal(transactions->ctl[transaction->device_tid], transaction);
	assert_int_equal(transaction->deadline, 100);
	return transaction;
}

static struct transaction *begin(struct transactions *transactions, uint16_t tid, uint16_t message)
{
	struct transaction *transaction = create(transactions);

	transaction->session = &asker;
	transaction->tid = tid;
	transaction->message = message;
	transaction_begin(transactions, transaction, &client, 100);
	assert_ptr_equal(transaction->client, &client);
	return transaction;
}

static void test_V4_a_tid_rests_as_long_as_possible(void **state)
{
	struct transactions *transactions = *state;
	struct transaction *two;

	assert_int_equal(begin_ctl(transactions)->device_tid, 1);
	two = begin_ctl(transactions);
	assert_int_equal(two->device_tid, 2);
	transaction_end(transactions, two);
	assert_null(transactions->ctl[2]);
	for (unsigned tid = 3; tid <= 255; tid++)
		assert_int_equal(begin_ctl(transactions)->device_tid, tid);
	assert_true(transactions_have_ctl_tid(transactions));
	assert_int_equal(begin_ctl(transactions)->device_tid, 2);
	assert_false(transactions_have_ctl_tid(transactions));
	transaction_end(transactions, transactions->ctl[99]);
	assert_int_equal(begin_ctl(transactions)->device_tid, 99);
}

static void test_V15_expired_ctl_tids_are_not_taken(void **state)
{
	struct transactions *transactions = *state;
	struct transaction *one = begin_ctl(transactions);

	transaction_expire(transactions, one);
	assert_true(one->expired);
	assert_null(one->session);
	assert_ptr_equal(transactions->ctl[1], one);
	transaction_end(transactions, begin_ctl(transactions));
	/* All other tids, 2 last. */
	for (unsigned tid = 3; tid <= 255; tid++)
		assert_int_equal(begin_ctl(transactions)->device_tid, tid);
	assert_true(transactions_have_ctl_tid(transactions));
	assert_int_equal(begin_ctl(transactions)->device_tid, 2);
	assert_false(transactions_have_ctl_tid(transactions));
	assert_int_equal(user->expired_count, 1);
	/* Its tid becomes free once its answer has come or is no longer expected. */
	transaction_end(transactions, one);
	assert_true(transactions_have_ctl_tid(transactions));
	assert_int_equal(user->expired_count, 0);
	assert_int_equal(begin_ctl(transactions)->device_tid, 1);
	assert_false(transactions_have_ctl_tid(transactions));
}

static void test_V15_an_expired_ctl_tid_comes_back_once(void **state)
{
	struct transactions *transactions = *state;
	struct transaction *one = begin_ctl(transactions);

	transaction_expire(transactions, one);
	transaction_end(transactions, one);
	assert_null(transactions->ctl[1]);
	for (unsigned count = 0; count < CTL_TIDS; count++)
		begin_ctl(transactions);
	assert_false(transactions_have_ctl_tid(transactions));
}

static void test_withdrawn_waits_without_a_tid(void **state)
{
	struct transactions *transactions = *state;
	struct transaction *one = begin_ctl(transactions);

	transaction_withdraw(transactions, one);
	assert_null(transactions->ctl[1]);
	assert_false(one->in_flight);
	assert_true(list_empty(&transactions->ctl_in_flight));
	transaction_begin_ctl(transactions, one, 200);
	assert_int_equal(one->device_tid, 2);
	assert_true(one->in_flight);
}

static void test_V5_service_tids_pass(void **state)
{
	struct transactions *transactions = *state;
	struct transaction *first = begin(transactions, 0x1234, 0x22);
	struct transaction *again = begin(transactions, 0x1234, 0x23);

	assert_int_equal(first->device_tid, 0x1234);
	assert_int_equal(again->device_tid, 0x1234);
	assert_ptr_equal(transaction_in_flight(transactions, &client, 0x1234), first);
	assert_null(transaction_in_flight(transactions, &client, 1));
	assert_ptr_equal(transaction_answered(transactions, &client, 0x1234, 0x23), again);
	assert_null(transaction_answered(transactions, &client, 0x1234, 0x24));
	transaction_end(transactions, first);
	assert_ptr_equal(transaction_in_flight(transactions, &client, 0x1234), again);
}

static void test_V15_the_expired_one_is_answered_first(void **state)
{
	struct transactions *transactions = *state;
	struct transaction *late = begin(transactions, 7, 0x22);
	struct transaction *next;

	assert_null(transaction_expired(transactions, &client, 7, 0x22));
	transaction_expire(transactions, late);
	assert_null(transaction_in_flight(transactions, &client, 7));
	assert_ptr_equal(transaction_expired(transactions, &client, 7, 0x22), late);
	assert_null(transaction_expired(transactions, &client, 7, 0x23));
	assert_null(transaction_expired(transactions, &client, 8, 0x22));
	next = begin(transactions, 7, 0x23);
	assert_int_equal(next->device_tid, 7);
	assert_ptr_equal(transaction_in_flight(transactions, &client, 7), next);
	assert_ptr_equal(transaction_answered(transactions, &client, 7, 0x22), late);
	assert_ptr_equal(transaction_answered(transactions, &client, 7, 0x23), next);
	transaction_end(transactions, late);
	assert_null(transaction_answered(transactions, &client, 7, 0x22));
}

/* Ends those that have been waited for long enough; returns how many. */
static unsigned end_outwaited(struct transactions *transactions, uint64_t now)
{
	struct transaction *transaction;
	unsigned count = 0;

	while ((transaction = transactions_outwaited(transactions, now))) {
		transaction_end(transactions, transaction);
		count++;
	}
	return count;
}

static void test_V15_the_first_to_contend_sets_the_time(void **state)
{
	struct transactions *transactions = *state;
	struct transaction *of_client = begin(transactions, 7, 0x22);
	struct transaction *of_ctl = begin_ctl(transactions);

	transaction_expire(transactions, of_client);
	transaction_expire(transactions, of_ctl);
	assert_int_equal(transactions_deadline(transactions), UINT64_MAX);
	transactions_contend_ctl(transactions, NULL, 500);
	transactions_contend_ctl(transactions, NULL, 600);
	assert_true(of_ctl->contended);
	assert_int_equal(of_ctl->deadline, 1500);
	assert_false(of_client->contended);
	transaction_contend(transactions, of_client, 700);
	transaction_contend(transactions, of_client, 600);
	assert_int_equal(of_client->deadline, 1700);

	assert_int_equal(transactions_deadline(transactions), 1500);
	assert_int_equal(end_outwaited(transactions, 1499), 0);
	assert_int_equal(user->expired_count, 2);
	assert_int_equal(end_outwaited(transactions, 1500), 1);
	assert_int_equal(user->expired_count, 1);
	assert_int_equal(transactions_deadline(transactions), 1700);
	assert_int_equal(end_outwaited(transactions, 1700), 1);
	assert_int_equal(user->expired_count, 0);
	assert_int_equal(transactions_deadline(transactions), UINT64_MAX);
}

static void test_V28_contention_within_a_user(void **state)
{
	struct transactions *transactions = *state;
	struct user *other = user_get(&users, 1001);
	struct transaction *own = begin_ctl(transactions);
	struct transaction *slotless = begin_ctl(transactions);
	struct transaction *foreign = transaction_create(transactions, other);
	struct transaction *later;

	transaction_begin_ctl(transactions, foreign, 100);
	own->has_slot = true;
	foreign->has_slot = true;
	transaction_expire(transactions, own);
	transaction_expire(transactions, slotless);
	transaction_expire(transactions, foreign);
	transactions_contend_ctl(transactions, user, 500);
	assert_true(own->contended);
	assert_false(slotless->contended);
	assert_false(foreign->contended);
	/* One that expires after that contends with the next that waits. */
	later = begin_ctl(transactions);
	later->has_slot = true;
	transaction_expire(transactions, later);
	transactions_contend_ctl(transactions, user, 600);
	assert_int_equal(own->deadline, 1500);
	assert_int_equal(later->deadline, 1600);
	transactions_contend_ctl(transactions, NULL, 700);
	assert_int_equal(foreign->deadline, 1700);
	assert_int_equal(slotless->deadline, 1700);
	transaction_end(transactions, foreign);
	user_put(other);
}

static void test_V15_who_is_due(void **state)
{
	struct transactions *transactions = *state;
	struct transaction *of_ctl = begin_ctl(transactions);
	struct transaction *of_client = begin(transactions, 7, 0x22);

	of_client->deadline = 300;
	assert_int_equal(transactions_deadline(transactions), 100);
	assert_null(transactions_due(transactions, 99));
	assert_ptr_equal(transactions_due(transactions, 100), of_ctl);
	transaction_expire(transactions, of_ctl);
	assert_int_equal(transactions_deadline(transactions), 300);
	assert_null(transactions_due(transactions, 299));
	assert_ptr_equal(transactions_due(transactions, 300), of_client);
}

static void test_awaits_clients(void **state)
{
	struct transactions *transactions = *state;
	struct transaction *transaction = begin_ctl(transactions);

	transaction->purpose = PURPOSE_START;
	assert_false(transactions_await_clients(transactions));
	transaction->purpose = PURPOSE_CLEAN;
	assert_true(transactions_await_clients(transactions));
	transaction_expire(transactions, transaction);
	assert_false(transactions_await_clients(transactions));
}

static void test_recycled(void **state)
{
	struct transactions *transactions = *state;
	struct transaction *first = begin(transactions, 7, 0x22);

	transactions->sending = first;
	transaction_end(transactions, first);
	assert_null(transactions->sending);
	assert_true(list_empty(&client.transactions));
	memory_fail(1);
	assert_ptr_equal(transaction_create(transactions, user), first);
	assert_int_equal(first->tid, 0);
	assert_null(first->client);
	errno = 0;
	assert_null(transaction_create(transactions, user));
	assert_int_equal(errno, ENOMEM);
	assert_true(memory_failed());
	transaction_end(transactions, first);
}

static void test_V28_over_the_users_limit(void **state)
{
	struct transactions *transactions = *state;
	struct transaction *own;

	user->account.limit = user->account.used;
	errno = 0;
	assert_null(transaction_create(transactions, user));
	assert_int_equal(errno, EDQUOT);
	/* The mux's own must be sent. */
	own = transaction_create_own(transactions, user);
	assert_non_null(own);
	assert_int_equal(user->account.used, user->account.limit);
	transaction_end(transactions, own);
	assert_int_equal(user->account.used, user->account.limit);
}

#define TRANSACTION_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	TRANSACTION_TEST(test_V4_a_tid_rests_as_long_as_possible),
	TRANSACTION_TEST(test_V15_expired_ctl_tids_are_not_taken),
	TRANSACTION_TEST(test_V15_an_expired_ctl_tid_comes_back_once),
	TRANSACTION_TEST(test_withdrawn_waits_without_a_tid),
	TRANSACTION_TEST(test_V5_service_tids_pass),
	TRANSACTION_TEST(test_V15_the_expired_one_is_answered_first),
	TRANSACTION_TEST(test_V15_the_first_to_contend_sets_the_time),
	TRANSACTION_TEST(test_V28_contention_within_a_user),
	TRANSACTION_TEST(test_V15_who_is_due),
	TRANSACTION_TEST(test_awaits_clients),
	TRANSACTION_TEST(test_recycled),
	TRANSACTION_TEST(test_V28_over_the_users_limit),
};

TEST_GROUP(transaction_tests, tests);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client.h"
#include "memory.h"
#include "session.h"
#include "transaction.h"
#include "unit_groups.h"

static struct session asker;
static struct client client;

static int set_up(void **state)
{
	static struct transactions transactions;

	client = (struct client){.service = 2, .cid = 1, .device_cid = 40};
	list_init(&client.transactions);
	transactions_init(&transactions);
	*state = &transactions;
	return 0;
}

static int tear_down(void **state)
{
	transactions_finish(*state);
	return 0;
}

static struct transaction *create(struct transactions *transactions)
{
	struct transaction *transaction = transaction_create(transactions);

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
	assert_false(transactions_lack_ctl_tid(transactions, 0));
	assert_int_equal(begin_ctl(transactions)->device_tid, 2);
	assert_true(transactions_lack_ctl_tid(transactions, 0));
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
	assert_false(transactions_lack_ctl_tid(transactions, 0));
	assert_int_equal(begin_ctl(transactions)->device_tid, 2);
	assert_true(transactions_lack_ctl_tid(transactions, 0));
	assert_int_equal(transactions->expired_ctl_count, 1);
	/* Its tid becomes free once its answer has come or is no longer expected. */
	transaction_end(transactions, one);
	assert_false(transactions_lack_ctl_tid(transactions, 0));
	assert_int_equal(transactions->expired_ctl_count, 0);
	assert_int_equal(begin_ctl(transactions)->device_tid, 1);
	assert_true(transactions_lack_ctl_tid(transactions, 0));
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
	assert_true(transactions_lack_ctl_tid(transactions, 0));
}

static void test_withdrawn_waits_without_a_tid(void **state)
{
	struct transactions *transactions = *state;
	struct transaction *one = begin_ctl(transactions);

	transaction_withdraw(transactions, one);
	assert_null(transactions->ctl[1]);
	assert_true(list_empty(&transactions->in_flight));
	assert_ptr_equal(transactions->waiting.next, &one->age);
	transaction_begin_ctl(transactions, one, 200);
	assert_int_equal(one->device_tid, 2);
	assert_true(list_empty(&transactions->waiting));
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

static void test_V15_the_first_to_contend_sets_the_time(void **state)
{
	struct transactions *transactions = *state;
	struct transaction *of_client = begin(transactions, 7, 0x22);
	struct transaction *of_ctl = begin_ctl(transactions);

	transaction_expire(transactions, of_client);
	transaction_expire(transactions, of_ctl);
	for (unsigned count = 1; count < CTL_TIDS; count++)
		begin_ctl(transactions);
	assert_true(transactions_lack_ctl_tid(transactions, 500));
	assert_true(transactions_lack_ctl_tid(transactions, 600));
	assert_true(of_ctl->contended);
	assert_int_equal(of_ctl->deadline, 1500);
	assert_false(of_client->contended);
	transaction_contend(transactions, of_client, 700);
	transaction_contend(transactions, of_client, 600);
	assert_int_equal(of_client->deadline, 1700);

	transactions_end_contention(transactions, 1499);
	assert_int_equal(transactions->expired_count, 2);
	transactions_end_contention(transactions, 1500);
	assert_int_equal(transactions->expired_count, 1);
	assert_false(transactions_lack_ctl_tid(transactions, 1500));
	assert_int_equal(transactions->contention_deadline, 1700);
	transactions_end_contention(transactions, 1700);
	assert_int_equal(transactions->expired_count, 0);
	assert_int_equal(transactions->contention_deadline, UINT64_MAX);
}

static void test_V15_late_answers_are_bounded(void **state)
{
	struct transactions *transactions = *state;

	for (uint16_t tid = 1; tid <= 1024; tid++)
		transaction_expire(transactions, begin(transactions, tid, 0x22));
	assert_int_equal(transactions->expired_count, 1024);
	assert_non_null(transaction_answered(transactions, &client, 1, 0x22));
	transaction_expire(transactions, begin(transactions, 1025, 0x22));
	assert_int_equal(transactions->expired_count, 1024);
	assert_null(transaction_answered(transactions, &client, 1, 0x22));
	assert_non_null(transaction_answered(transactions, &client, 2, 0x22));
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
	assert_ptr_equal(transaction_create(transactions), first);
	assert_int_equal(first->tid, 0);
	assert_null(first->client);
	assert_null(transaction_create(transactions));
	assert_true(memory_failed());
	transaction_end(transactions, first);
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
	TRANSACTION_TEST(test_V15_late_answers_are_bounded),
	TRANSACTION_TEST(test_recycled),
};

TEST_GROUP(transaction_tests, tests);

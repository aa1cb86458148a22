/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "client.h"
#include "memory.h"
#include "session.h"
#include "transaction.h"
#include "unit_groups.h"

#define AGE 100 /* ms, the orphan timeout */

static struct session holder;

static int set_up(void **state)
{
	static struct clients clients;

	*state = &clients;
	return clients_init(&clients, 2, AGE);
}

static int tear_down(void **state)
{
	clients_finish(*state);
	return 0;
}

static struct client *add(struct clients *clients, unsigned node, uint8_t device_cid)
{
	struct client *client = clients_add(clients, node, 2, device_cid, &holder);

	assert_non_null(client);
	assert_int_equal(client->node, node);
	assert_int_equal(client->service, 2);
	assert_int_equal(client->device_cid, device_cid);
	assert_ptr_equal(client->holder, &holder);
	assert_true(list_empty(&client->transactions));
	return client;
}

static void test_V2_found_by_both_numbers(void **state)
{
	struct clients *clients = *state;
	struct client *here = add(clients, 0, 40);
	struct client *there = add(clients, 1, 41);

	assert_int_equal(here->cid, 1);
	assert_int_equal(there->cid, 1);
	assert_ptr_equal(clients_of_node(clients, 0, 2, 1), here);
	assert_ptr_equal(clients_of_node(clients, 1, 2, 1), there);
	assert_ptr_equal(clients_of_modem(clients, 2, 40), here);
	assert_null(clients_of_node(clients, 0, 2, 2));
	assert_null(clients_of_modem(clients, 3, 40));

	clients_remove(clients, here);
	assert_null(clients_of_node(clients, 0, 2, 1));
	assert_null(clients_of_modem(clients, 2, 40));
	assert_int_equal(add(clients, 0, 40)->cid, 1);
}

static void test_V2_a_node_holds_254(void **state)
{
	struct clients *clients = *state;

	for (unsigned cid = 1; cid <= QMI_CID_MAX; cid++) {
		assert_false(clients_exhausted(clients, 0, 2));
		assert_int_equal(add(clients, 0, (uint8_t)cid)->cid, cid);
	}
	assert_true(clients_exhausted(clients, 0, 2));
	assert_false(clients_exhausted(clients, 1, 2));
	errno = 0;
	assert_null(clients_add(clients, 0, 2, 255, &holder));
	assert_int_equal(errno, EMFILE);
	add(clients, 1, 255);
}

static void test_V9_least_recently_used_orphan(void **state)
{
	struct transaction release = {0};
	struct clients *clients = *state;
	struct client *a = add(clients, 0, 1);
	struct client *b = add(clients, 1, 2);
	struct client *c = add(clients, 0, 3);

	assert_null(clients_reclaimable(clients, 2));
	clients_orphan(clients, &holder, 5);
	assert_int_equal(c->orphaned_at, 5);
	assert_int_equal(clients->orphans, 3);
	assert_ptr_equal(clients_reclaimable(clients, 2), a);
	assert_null(clients_reclaimable(clients, 3));
	client_use(clients, a, NULL);
	assert_null(a->holder);
	assert_ptr_equal(clients_reclaimable(clients, 2), b);
	b->call_up = true;
	assert_ptr_equal(clients_reclaimable(clients, 2), c);
	c->releasing = &release;
	assert_ptr_equal(clients_reclaimable(clients, 2), a);
	client_use(clients, a, &holder);
	assert_ptr_equal(a->holder, &holder);
	assert_null(clients_reclaimable(clients, 2));
	assert_int_equal(clients->orphans, 2);
}

static void test_V9_orphans_age(void **state)
{
	struct clients *clients = *state;
	struct client *a = add(clients, 0, 1);
	struct client *b = add(clients, 0, 2);

	b->call_up = true;
	assert_false(clients_begin_ageing(clients, 1000000));
	clients_orphan(clients, &holder, 5);
	assert_int_equal(clients->orphan_deadline, 5 + AGE);
	assert_false(clients_begin_ageing(clients, 4 + AGE));
	assert_true(clients_begin_ageing(clients, 5 + AGE));
	assert_false(clients_age(clients, a, 4 + AGE));
	assert_int_equal(clients->orphan_deadline, 5 + AGE);
	assert_true(clients_age(clients, a, 5 + AGE));
	assert_false(clients_age(clients, b, 5 + AGE));
	/* It was kept because of its call. */
	b->call_up = false;
	clients_check_ages(clients);
	assert_true(clients_begin_ageing(clients, 0));
	assert_true(clients_age(clients, b, 5 + AGE));
}

static void test_no_memory(void **state)
{
	struct clients *clients = *state;
	struct clients none;

	for (unsigned nth = 1; nth <= 3; nth++) {
		memory_fail(nth);
		errno = 0;
		assert_null(clients_add(clients, 0, (uint8_t)nth, 40, &holder));
		assert_int_equal(errno, ENOMEM);
		assert_true(memory_failed());
		assert_null(clients_of_node(clients, 0, (uint8_t)nth, 1));
		assert_null(clients_of_modem(clients, (uint8_t)nth, 40));
		assert_true(list_empty(&clients->all));
	}
	memory_fail(1);
	assert_int_equal(clients_init(&none, 2, 0), -ENOMEM);
	assert_true(memory_failed());
	clients_finish(&none);
}

#define CLIENT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	CLIENT_TEST(test_V2_found_by_both_numbers),
	CLIENT_TEST(test_V2_a_node_holds_254),
	CLIENT_TEST(test_V9_least_recently_used_orphan),
	CLIENT_TEST(test_V9_orphans_age),
	CLIENT_TEST(test_no_memory),
};

TEST_GROUP(client_tests, tests);

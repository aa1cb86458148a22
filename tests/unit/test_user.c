/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "memory.h"
#include "unit_groups.h"
#include "user.h"

#define MEMORY (8 << 20)

static struct users users;

static int set_up(void **state)
{
	(void)state;
	return users_init(&users, MEMORY);
}

static int tear_down(void **state)
{
	(void)state;
	assert_int_equal(users.everybody.used, 0);
	users_finish(&users);
	return 0;
}

static void test_V28_one_for_each_uid(void **state)
{
	struct user *a;
	struct user *b;

	(void)state;
	a = user_get(&users, 1000);
	b = user_get(&users, 0xFFFFFFFE);
	assert_ptr_not_equal(a, b);
	assert_int_equal(a->uid, 1000);
	assert_int_equal(b->uid, 0xFFFFFFFE);
	assert_ptr_equal(user_get(&users, 1000), a);
	assert_int_equal(users.table.count, 2);
	/* It goes with the last reference. */
	user_put(a);
	assert_int_equal(users.table.count, 2);
	user_put(a);
	assert_int_equal(users.table.count, 1);
	assert_ptr_equal(user_hold(b), b);
	user_put(b);
	user_put(b);
	assert_int_equal(users.table.count, 0);
}

static void test_V28_many(void **state)
{
	static struct user *all[2000];

	(void)state;
	for (uint32_t uid = 0; uid < 2000; uid++)
		all[uid] = user_get(&users, uid);
	for (uint32_t uid = 0; uid < 2000; uid++) {
		assert_ptr_equal(user_get(&users, uid), all[uid]);
		user_put(all[uid]);
	}
	for (uint32_t uid = 0; uid < 2000; uid++)
		user_put(all[uid]);
}

static void test_V28_root(void **state)
{
	struct user *root;
	struct user *user;

	(void)state;
	root = user_get(&users, 0);
	user = user_get(&users, 1);
	assert_true(user_is_root(root));
	assert_false(user_is_root(user));
	root->lingering = 100000;
	assert_true(user_may_linger(root));
	root->sessions = 4000;
	assert_true(user_may_open(root));
	user_put(root);
	user_put(user);
}

static void test_V28_sessions(void **state)
{
	struct user *root;
	struct user *user;

	(void)state;
	root = user_get(&users, 0);
	user = user_get(&users, 1000);
	user->sessions = 1023;
	assert_true(user_may_open(user));
	user->sessions = 1024;
	assert_false(user_may_open(user));
	user->sessions = 0;
	users.sessions = 4031;
	assert_true(user_may_open(user));
	users.sessions = 4032;
	assert_false(user_may_open(user));
	assert_true(user_may_open(root));
	users.sessions = 4095;
	assert_true(user_may_open(root));
	users.sessions = 4096;
	assert_false(user_may_open(root));
	user->lingering = 7;
	assert_true(user_may_linger(user));
	user->lingering = 8;
	assert_false(user_may_linger(user));
	user_put(root);
	user_put(user);
}

/* Half for one, 7/8 for all but root, 1/8 of the memory before that only for the modest. */
static void test_V28_memory(void **state)
{
	struct user *root;
	struct user *a;
	struct user *b;
	struct user *c;
	size_t rest;

	(void)state;
	root = user_get(&users, 0);
	a = user_get(&users, 1000);
	b = user_get(&users, 1001);
	c = user_get(&users, 1002);
	assert_false(account_charge(&a->account, MEMORY / 2 - sizeof(*a) + 1));
	assert_true(account_charge(&a->account, MEMORY / 2 - sizeof(*a)));
	rest = MEMORY / 4 - 2 * sizeof(*b);
	assert_false(account_charge(&b->account, rest + 1));
	assert_true(account_charge(&b->account, rest));
	assert_true(account_charge(&c->account, ACCOUNT_MODEST - sizeof(*c)));
	assert_false(account_charge(&c->account, 1));
	assert_true(account_charge(&root->account, MEMORY - users.everybody.used));
	assert_false(account_charge(&root->account, 1));
	account_refund(&root->account, root->account.used - sizeof(*root));
	account_refund(&a->account, MEMORY / 2 - sizeof(*a));
	account_refund(&b->account, rest);
	account_refund(&c->account, ACCOUNT_MODEST - sizeof(*c));
	user_put(root);
	user_put(a);
	user_put(b);
	user_put(c);
}

static void test_no_memory(void **state)
{
	struct users none;

	(void)state;
	memory_fail(1);
	assert_null(user_get(&users, 1000));
	assert_true(memory_failed());
	users.everybody.limit = sizeof(struct user) - 1;
	assert_null(user_get(&users, 1000));
	assert_int_equal(users.table.count, 0);
	users.everybody.limit = MEMORY;

	memory_fail(1);
	assert_int_equal(users_init(&none, MEMORY), -ENOMEM);
	assert_true(memory_failed());
	users_finish(&none);
}

#define USER_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	USER_TEST(test_V28_one_for_each_uid), USER_TEST(test_V28_many),   USER_TEST(test_V28_root),
	USER_TEST(test_V28_sessions),         USER_TEST(test_V28_memory), USER_TEST(test_no_memory),
};

TEST_GROUP(user_tests, tests);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "account.h"
#include "memory.h"
#include "unit_groups.h"

#define OVERHEAD 16 /* charged for each block in addition to its size */

static struct account top;
static struct account all;
static struct account user;
static struct account other;

static int set_up(void **state)
{
	(void)state;
	top = (struct account){.limit = 1000000};
	all = (struct account){.limit = 800000, .reserve = 100000, .above = &top};
	user = (struct account){.limit = 500000, .above = &all};
	other = (struct account){.limit = 500000, .above = &all};
	return 0;
}

static void check_used(size_t of_user, size_t of_other)
{
	assert_int_equal(user.used, of_user);
	assert_int_equal(other.used, of_other);
	assert_int_equal(all.used, of_user + of_other);
	assert_int_equal(top.used, of_user + of_other);
}

static void test_V28_counts_above_too(void **state)
{
	(void)state;
	assert_true(account_charge(&user, 1000));
	assert_true(account_charge(&other, 200));
	check_used(1000, 200);
	account_refund(&user, 300);
	check_used(700, 200);
	account_refund(&user, 700);
	account_refund(&other, 200);
	check_used(0, 0);
}

static void test_V28_the_limit_is_exact(void **state)
{
	(void)state;
	assert_false(account_charge(&user, 500001));
	check_used(0, 0);
	assert_true(account_charge(&user, 500000));
	assert_false(account_charge(&user, 1));
	check_used(500000, 0);
	assert_true(account_is_full(&user, 1));
	assert_false(account_is_full(&user, 0));
	assert_false(account_is_full(&all, 1));
	assert_false(account_charge(&user, SIZE_MAX));
	check_used(500000, 0);
}

static void test_V28_the_limit_of_all_holds_for_each(void **state)
{
	(void)state;
	all.reserve = 0;
	assert_true(account_charge(&user, 500000));
	assert_false(account_charge(&other, 300001));
	check_used(500000, 0);
	assert_true(account_charge(&other, 300000));
	/* It is not its own account that is full. */
	assert_false(account_charge(&other, 1));
	assert_false(account_is_full(&other, 1));
	assert_true(account_is_full(&all, 1));
	assert_true(account_charge(&top, 200000));
	assert_false(account_charge(&top, 1));
}

static void test_V28_a_reserve_for_the_modest(void **state)
{
	(void)state;
	assert_true(account_charge(&user, 500000));
	assert_true(account_charge(&other, ACCOUNT_MODEST));
	/* Up to the limit without the reserve, both may have anything. */
	assert_true(account_charge(&other, 700000 - 500000 - ACCOUNT_MODEST));
	assert_false(account_charge(&other, 1));
	account_refund(&other, 200000);
	assert_true(account_charge(&all, 200000 - ACCOUNT_MODEST + 1));
	/* Into the reserve, one may have so much and no more. */
	assert_false(account_charge(&other, ACCOUNT_MODEST + 1));
	assert_true(account_charge(&other, ACCOUNT_MODEST));
	assert_false(account_charge(&other, 1));
}

static void test_blocks(void **state)
{
	char *block;

	(void)state;
	block = account_alloc(&user, 1000);
	assert_non_null(block);
	block[999] = 7;
	check_used(1000 + OVERHEAD, 0);
	block = account_resize(&user, block, 1000, 3000);
	assert_non_null(block);
	assert_int_equal(block[999], 7);
	check_used(3000 + OVERHEAD, 0);
	account_free(&user, NULL, 0);
	check_used(3000 + OVERHEAD, 0);
	account_free(&user, block, 3000);
	check_used(0, 0);
}

static void test_a_block_over_the_limit(void **state)
{
	void *block;

	(void)state;
	assert_null(account_alloc(&user, 500000 - OVERHEAD + 1));
	check_used(0, 0);
	block = account_alloc(&user, 1000);
	assert_null(account_resize(&user, block, 1000, 500000 - OVERHEAD + 1));
	check_used(1000 + OVERHEAD, 0);
	account_free(&user, block, 1000);
}

static void test_no_memory(void **state)
{
	void *block;

	(void)state;
	memory_fail(1);
	assert_null(account_alloc(&user, 1000));
	assert_true(memory_failed());
	check_used(0, 0);
	block = account_alloc(&user, 1000);
	memory_fail(1);
	assert_null(account_resize(&user, block, 1000, 2000));
	assert_true(memory_failed());
	check_used(1000 + OVERHEAD, 0);
	account_free(&user, block, 1000);
}

#define ACCOUNT_TEST(test) cmocka_unit_test_setup(test, set_up)

static const struct CMUnitTest tests[] = {
	ACCOUNT_TEST(test_V28_counts_above_too),
	ACCOUNT_TEST(test_V28_the_limit_is_exact),
	ACCOUNT_TEST(test_V28_the_limit_of_all_holds_for_each),
	ACCOUNT_TEST(test_V28_a_reserve_for_the_modest),
	ACCOUNT_TEST(test_blocks),
	ACCOUNT_TEST(test_a_block_over_the_limit),
	ACCOUNT_TEST(test_no_memory),
};

TEST_GROUP(account_tests, tests);

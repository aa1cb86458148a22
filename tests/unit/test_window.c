/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit_groups.h"
#include "window.h"

#define MANY 1100

static struct window window;
static struct window_entry entries[MANY];
static unsigned first; /* of those in flight, a ring */
static unsigned sent;

static int set_up(void **state)
{
	(void)state;
	window_init(&window);
	first = 0;
	sent = 0;
	for (unsigned i = 0; i < MANY; i++)
		window_entry_init(&entries[i]);
	return 0;
}

static void send(uint64_t now)
{
	assert_true(window_is_open(&window));
	window_sent(&window, &entries[sent++ % MANY], now);
}

static void fill(uint64_t now)
{
	while (window_is_open(&window))
		send(now);
}

static bool answer(uint64_t now)
{
	return window_answered(&window, &entries[first++ % MANY], now);
}

static void test_V28_16_at_first(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 16; i++)
		send(0);
	assert_false(window_is_open(&window));
	answer(0);
	send(0);
	assert_false(window_is_open(&window));
	assert_true(window_forget(&window, &entries[first]));
	assert_false(window_forget(&window, &entries[first]));
	assert_true(window_is_open(&window));
	/* Over already: it counts for nothing. */
	answer(5000);
	assert_int_equal(window.size, 16);
	send(0);
	assert_false(window_is_open(&window));
}

static void test_V28_a_full_window_of_quick_answers_makes_it_grow(void **state)
{
	(void)state;
	for (unsigned size = 16; size < 20; size++) {
		fill(100);
		for (unsigned i = 0; i < size; i++) {
			assert_int_equal(window.size, size);
			answer(125);
			fill(100);
		}
		assert_int_equal(window.size, size + 1);
	}
	/* Slower than that, they tell nothing. */
	fill(100);
	for (unsigned i = 0; i < 100; i++) {
		answer(126);
		fill(100);
	}
	assert_int_equal(window.size, 20);
}

static void test_V28_only_a_full_window_grows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 15; i++)
		send(0);
	for (unsigned i = 0; i < 100; i++) {
		answer(0);
		send(0);
	}
	assert_int_equal(window.size, 16);
}

static void test_V28_never_above_1024(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 600000; i++) {
		fill(0);
		answer(0);
	}
	assert_int_equal(window.size, 1024);
	fill(0);
	assert_int_equal(window.count, 1024);
}

static void test_V28_a_slow_answer_makes_it_shrink(void **state)
{
	(void)state;
	fill(1000);
	answer(1050);
	assert_int_equal(window.size, 16);
	answer(1051);
	assert_int_equal(window.size, 14);
	/* Once in 50 ms. */
	answer(1051);
	answer(1100);
	assert_int_equal(window.size, 14);
	answer(1101);
	assert_int_equal(window.size, 13);
	answer(1151);
	assert_int_equal(window.size, 12);
	answer(1201);
	assert_int_equal(window.size, 11);
}

static void test_V28_never_below_8(void **state)
{
	(void)state;
	fill(1000);
	for (unsigned i = 0; i < 16; i++)
		answer(1000 + 51 * (i + 1));
	assert_int_equal(window.size, 8);
	for (unsigned i = 0; i < 8; i++)
		send(5000);
	assert_false(window_is_open(&window));
}

/* What was quick before a slow answer does not count after it. */
static void test_V28_growth_starts_again(void **state)
{
	(void)state;
	fill(1000);
	for (unsigned i = 0; i < 15; i++) {
		answer(1000);
		fill(1000);
	}
	answer(1051);
	assert_int_equal(window.size, 14);
	while (window.count < 14)
		send(1000);
	for (unsigned i = 0; i < 13; i++) {
		while (window.count > 14)
			answer(1051);
		answer(1000);
		fill(1000);
	}
	assert_int_equal(window.size, 14);
	answer(1000);
	fill(1000);
	answer(1000);
	fill(1000);
	assert_int_equal(window.size, 15);
}

static void test_V28_young_for_one_second(void **state)
{
	(void)state;
	assert_int_equal(window_deadline(&window), UINT64_MAX);
	send(1000);
	send(1200);
	assert_int_equal(window_deadline(&window), 2000);
	assert_null(window_aged(&window, 1999));
	assert_int_equal(window.count, 2);
	assert_int_equal(window.size, 16);
	assert_ptr_equal(window_aged(&window, 2000), &entries[0]);
	assert_null(window_aged(&window, 2000));
	assert_int_equal(window.count, 1);
	assert_int_equal(window.size, 14);
	assert_int_equal(window_deadline(&window), 2200);
	/* Its answer comes after all, and has told what it had to tell. */
	assert_false(answer(9000));
	assert_int_equal(window.size, 14);
	assert_true(answer(2190));
	assert_int_equal(window.size, 13);
	assert_int_equal(window_deadline(&window), UINT64_MAX);
}

#define WINDOW_TEST(test) cmocka_unit_test_setup(test, set_up)

static const struct CMUnitTest tests[] = {
	WINDOW_TEST(test_V28_16_at_first),
	WINDOW_TEST(test_V28_a_full_window_of_quick_answers_makes_it_grow),
	WINDOW_TEST(test_V28_only_a_full_window_grows),
	WINDOW_TEST(test_V28_never_above_1024),
	WINDOW_TEST(test_V28_a_slow_answer_makes_it_shrink),
	WINDOW_TEST(test_V28_never_below_8),
	WINDOW_TEST(test_V28_growth_starts_again),
	WINDOW_TEST(test_V28_young_for_one_second),
};

TEST_GROUP(window_tests, tests);

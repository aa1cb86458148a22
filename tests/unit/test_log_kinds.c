/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The limits of the log. They are shared by all tests, each of which begins a while later. */
#include "../../cuse-qmux/log_kinds.h"

#include <stdio.h>

#include "unit_groups.h"

#define KIND_BURST  5
#define KIND_PAUSE  2000
#define TOTAL_BURST 30
#define TOTAL_PAUSE 250
#define LEVEL       6
#define WHILE       3600000 /* ms, in which all limits are forgotten */

static char formats[LOG_KINDS_MAX + 10][16];
static uint64_t now;

static const char *format_of(size_t kind)
{
	if (!formats[kind][0])
		snprintf(formats[kind], sizeof(formats[kind]), "kind %zu", kind);
	return formats[kind];
}

static bool passes(size_t kind)
{
	return log_kinds_pass(format_of(kind), LEVEL, "text", now);
}

static unsigned release_all(void)
{
	const struct log_held *held;
	unsigned count = 0;

	while ((held = log_kinds_release(now, true)))
		count += held->count;
	return count;
}

/* V28: 30 lines of all kinds, and then one in each 250 ms. */
static void test_V28_log_limit_of_all_kinds(void **state)
{
	const size_t kinds = TOTAL_BURST + 10;
	unsigned passed = 0;

	(void)state;
	now += WHILE;
	for (size_t i = 0; i < kinds; i++)
		passed += passes(i);
	assert_int_equal(passed, TOTAL_BURST);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(log_kinds_deadline(), now + TOTAL_PAUSE);
		now += TOTAL_PAUSE - 1;
		assert_null(log_kinds_release(now, false));
		now++;
		assert_int_equal(log_kinds_release(now, false)->count, 1);
		assert_null(log_kinds_release(now, false));
	}
	assert_int_equal(release_all(), kinds - TOTAL_BURST - 3);
	assert_int_equal(log_kinds_deadline(), UINT64_MAX);
}

/* V28: at most 70 lines in 10 s, however many come, and none is forgotten. */
static void test_V28_log_limit_under_attack(void **state)
{
	const size_t kinds = 20;
	unsigned told = 0;
	unsigned lines = 0;
	unsigned asked = 0;
	uint64_t end;

	(void)state;
	now += WHILE;
	for (end = now + 10000; now < end; now += 10) {
		const struct log_held *held;

		while ((held = log_kinds_release(now, false))) {
			told += held->count;
			lines++;
		}
		for (size_t i = 0; i < kinds; i++, asked++) {
			bool passed = passes(i);

			told += passed;
			lines += passed;
		}
	}
	assert_in_range(lines, 60, 70);
	assert_int_equal(told + release_all(), asked);
}

/* A flood of one kind leaves other kinds alone; all those beyond a number are one kind. */
static void test_V28_log_limit_of_a_kind(void **state)
{
	unsigned passed = 0;

	(void)state;
	now += WHILE;
	for (int i = 0; i < 100; i++)
		passed += passes(0);
	assert_int_equal(passed, KIND_BURST);
	assert_true(passes(1));
	assert_int_equal(log_kinds_deadline(), now + KIND_PAUSE);
	now += KIND_PAUSE - 1;
	assert_null(log_kinds_release(now, false));
	now++;
	assert_int_equal(log_kinds_release(now, false)->count, 100 - KIND_BURST);
	assert_false(passes(0));
	assert_int_equal(release_all(), 1);

	now += WHILE;
	for (size_t i = 0; i < LOG_KINDS_MAX; i++)
		format_of(i);
	for (size_t i = 0; i < LOG_KINDS_MAX - 1; i++) {
		now += TOTAL_PAUSE;
		assert_true(passes(i));
	}
	passed = 0;
	for (size_t i = LOG_KINDS_MAX - 1; i < LOG_KINDS_MAX + 9; i++)
		passed += passes(i);
	assert_int_equal(passed, KIND_BURST);
	release_all();
}

/* V28: a clock that is late, as the loop's is, opens no limit. */
static void test_V28_log_limit_and_a_late_clock(void **state)
{
	unsigned passed = 0;

	(void)state;
	now += WHILE;
	for (int i = 0; i < 100; i++)
		passed += passes(0);
	now -= 5;
	assert_null(log_kinds_release(now, false));
	assert_false(passes(0));
	assert_true(passes(1));
	assert_int_equal(passed, KIND_BURST);
	assert_int_equal(release_all(), 100 - KIND_BURST + 1);
	now += 5;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_V28_log_limit_of_all_kinds),
	cmocka_unit_test(test_V28_log_limit_under_attack),
	cmocka_unit_test(test_V28_log_limit_of_a_kind),
	cmocka_unit_test(test_V28_log_limit_and_a_late_clock),
};

TEST_GROUP(log_kinds_tests, tests);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* V28: requests at the modem, and sessions that wait. */
#include "adversary_bench.h"

#include "requesters.h"

#define SESSIONS     8
#define TAKES_US     2000
#define MEDIAN_MS    100
#define MEDIAN_TIMES 2

static const unsigned int crowd_node = BENCH_CROWD_NODE;

/* Each request takes the modem 2 ms. */
static void slow_modem(struct bench *b, unsigned int users)
{
	bench_start(b, &(struct bench_options){0}, BENCH_VICTIM_NODE);
	b->modem.habits->takes_us = TAKES_US;
	bench_measure_alone(b, VICTIM_ASK);
	bench_measure_control(b, VICTIM_ASK, SESSIONS);
	crowd_start(&b->crowd, SESSIONS, users, requesters_send, &crowd_node);
	crowd_await_ready(&b->crowd);
	bench_measure(b, VICTIM_ASK);
	bench_expect_median_ms(b, MEDIAN_MS);
}

static void test_V28_window_beside_8_sessions_of_1_user_and_a_slow_modem(struct bench *b)
{
	slow_modem(b, 1);
}

static void test_V28_window_beside_8_sessions_of_8_users_and_a_slow_modem(struct bench *b)
{
	slow_modem(b, SESSIONS);
}

static void test_V28_window_beside_sessions_that_wait_for_one_tid(struct bench *b)
{
	requesters_waiting = adversary_is_short() ? 300 : CROWD_FILES;
	bench_start(b, &(struct bench_options){0}, BENCH_VICTIM_NODE);
	bench_measure_alone(b, VICTIM_ASK);
	crowd_start(&b->crowd, 1, 1, requesters_wait, &crowd_node);
	crowd_await_ready(&b->crowd);
	bench_measure(b, VICTIM_ASK);
	bench_expect_median(b, MEDIAN_TIMES);
}

static void test_V28_window_beside_sessions_that_leave_requests_behind(struct bench *b)
{
	bench_start(b, &(struct bench_options){0}, BENCH_VICTIM_NODE);
	bench_measure_alone(b, VICTIM_ASK);
	bench_measure_control(b, VICTIM_ASK, 1);
	crowd_start(&b->crowd, 1, 1, requesters_come_and_go, &crowd_node);
	crowd_await_ready(&b->crowd);
	bench_measure(b, VICTIM_ASK);
	bench_expect_median(b, MEDIAN_TIMES);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V28_window_beside_8_sessions_of_1_user_and_a_slow_modem),
	TEST_CASE(test_V28_window_beside_8_sessions_of_8_users_and_a_slow_modem),
	TEST_CASE(test_V28_window_beside_sessions_that_wait_for_one_tid),
	TEST_CASE(test_V28_window_beside_sessions_that_leave_requests_behind),
};

static const struct test_case brief_cases[] = {
	TEST_CASE(test_V28_window_beside_8_sessions_of_8_users_and_a_slow_modem),
	TEST_CASE(test_V28_window_beside_sessions_that_wait_for_one_tid),
	TEST_CASE(test_V28_window_beside_sessions_that_leave_requests_behind),
};

static const struct test_group full = TEST_GROUP("the window", cases);
static const struct test_group brief = TEST_GROUP("the window, in short", brief_cases);

const struct adversary_group window_tests = {&full, &brief};

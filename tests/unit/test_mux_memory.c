/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens when memory runs out. */
#include "memory.h"
#include "mux_bench.h"

static void test_no_mux(void **state)
{
	struct bench *bench = *state;

	for (unsigned nth = 1; nth <= 4; nth++) {
		memory_fail(nth);
		assert_null(mux_create(&bench->config));
		assert_true(memory_failed());
	}
}

static void test_no_session(void **state)
{
	struct bench *bench = *state;

	memory_fail(1);
	assert_null(mux_open(bench->mux, 0, 0, NULL));
	assert_true(memory_failed());
	assert_int_equal(mux_session_count(bench->mux), 0);
}

static void test_no_write(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg msg = ctl(5, QMI_CTL_GET_VERSION_INFO);

	memory_fail(1);
	assert_int_equal(mux_write(a, msg.bytes, 12, bench->now), -ENOMEM);
	assert_true(memory_failed());
	modem_gets_nothing(bench);
	app_write(a, msg);
	modem_gets_ctl(bench, msg);
}

static void test_a_request_waits_for_memory(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg msg = ctl(5, QMI_CTL_GET_VERSION_INFO);

	app_write(a, msg);
	memory_fail(1);
	modem_gets_nothing(bench);
	assert_true(memory_failed());
	assert_true(mux_deadline(bench->mux) == bench->now + RETRY);
	modem_gets_ctl(bench, msg);
}

static void test_V14_an_answer_is_lost(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg got;

	app_write(a, ctl(5, QMI_CTL_GET_VERSION_INFO));
	got = modem_gets(bench);
	memory_fail(1);
	modem_says(bench, answer(got, 0));
	assert_true(memory_failed());
	app_reads_overflow(a);
	app_reads_nothing(a);
	assert_int_equal(mux_counters(bench->mux)->overflowed, 1);
}

static void test_no_place_for_a_client(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg asked = ctl_allocate(5, DMS);
	struct msg got;

	app_write(a, asked);
	got = modem_gets(bench);
	memory_fail(1);
	modem_says(bench, about_client(answer(got, 0), DMS, 40));
	assert_true(memory_failed());
	app_reads(a, answer(asked, QMI_ERROR_INTERNAL));
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	modem_gets_nothing(bench);
	assert_int_equal(mux_client_count(bench->mux), 0);
}

static void test_no_release(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	/* The first of two releases takes the only spare transaction. */
	allocate(bench, a, DMS, 40);
	allocate(bench, a, DMS, 41);
	memory_fail(1);
	app_write(a, ctl(5, QMI_CTL_SYNC));
	assert_true(memory_failed());
	assert_int_equal(bench->warnings, 1);
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 40)), 0));
	app_reads(a, answer(ctl(5, QMI_CTL_SYNC), 0));
	modem_gets_nothing(bench);
}

static void test_no_reclaim(void **state)
{
	struct bench *bench = *state;
	struct session *gone = open_on(bench, 0);
	struct session *a = open_on(bench, 0);
	struct msg asked = ctl_allocate(5, DMS);
	struct msg got;

	allocate(bench, gone, DMS, 40);
	allocate(bench, a, DMS, 41);
	mux_close(gone, bench->now);
	app_write(a, asked);
	got = modem_gets(bench);
	memory_fail(1);
	modem_says(bench, answer(got, QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	assert_true(memory_failed());
	app_reads(a, answer(asked, QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	assert_int_equal(mux_orphan_count(bench->mux), 1);

	/* The orphan is released, but there is no memory to repeat the Allocate CID. */
	app_write(a, asked);
	modem_says(bench, answer(modem_gets(bench), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	app_write(a, ctl(6, QMI_CTL_GET_VERSION_INFO));
	got = modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	modem_gets_ctl(bench, ctl(6, QMI_CTL_GET_VERSION_INFO));
	memory_fail(1);
	modem_says(bench, answer(got, 0));
	assert_true(memory_failed());
	app_reads(a, answer(asked, QMI_ERROR_INTERNAL));
	modem_gets_nothing(bench);
}

static void test_no_start_sync(void **state)
{
	struct bench *bench = *state;

	memory_fail(1);
	assert_int_equal(mux_start_sync(bench->mux, bench->now), -ENOMEM);
	assert_true(memory_failed());
	modem_gets_nothing(bench);
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_no_mux),
	BENCH_TEST(test_no_session),
	BENCH_TEST(test_no_write),
	BENCH_TEST(test_a_request_waits_for_memory),
	BENCH_TEST(test_V14_an_answer_is_lost),
	BENCH_TEST(test_no_place_for_a_client),
	BENCH_TEST(test_no_release),
	BENCH_TEST(test_no_reclaim),
	BENCH_TEST(test_no_start_sync),
};

TEST_GROUP(mux_memory_tests, tests);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* V10, V16: the mux's own Sync. */
#include "mux_bench.h"

#define SYNC   QMI_CTL_SYNC
#define REPEAT 2000

static void sync_is_sent(struct bench *bench, struct msg *sync)
{
	*sync = modem_gets_ctl(bench, ctl(0, SYNC));
	modem_gets_nothing(bench);
}

/* Starts a mux that syncs, and leaves all Syncs of the first 10 s unanswered. */
static void start_without_an_answer(struct bench *bench)
{
	bench->config.sync = true;
	bench_restart(bench);
	mux_start_sync(bench->mux, bench->now);
	modem_gets_ctl(bench, ctl(0, SYNC));
	for (unsigned i = 0; i < 4; i++) {
		pass_time(bench, REPEAT);
		modem_gets_ctl(bench, ctl(0, SYNC));
	}
	pass_time(bench, REPEAT);
	modem_gets_nothing(bench);
}

/* Starts one whose first Sync is answered, long ago. */
static void start_well(struct bench *bench)
{
	struct msg sync;

	bench->config.sync = true;
	bench_restart(bench);
	mux_start_sync(bench->mux, bench->now);
	sync_is_sent(bench, &sync);
	modem_says(bench, answer(sync, 0));
	pass_time(bench, REPEAT);
}

static void test_V10_the_first_sync(void **state)
{
	struct bench *bench = *state;
	struct msg sync;

	assert_int_equal(mux_start_sync(bench->mux, bench->now), 0);
	assert_false(mux_sync_answered(bench->mux));
	sync_is_sent(bench, &sync);
	assert_false(mux_sync_answered(bench->mux));
	modem_says(bench, answer(sync, 0));
	assert_true(mux_sync_answered(bench->mux));
	pass_time(bench, MUX_SYNC_PATIENCE);
	modem_gets_nothing(bench);
	assert_true(mux_deadline(bench->mux) == MUX_NEVER);
}

static void test_V10_repeated_until_it_is_answered(void **state)
{
	struct bench *bench = *state;
	struct msg first;
	struct msg second;

	mux_start_sync(bench->mux, bench->now);
	sync_is_sent(bench, &first);
	pass_time(bench, REPEAT - 1);
	modem_gets_nothing(bench);
	pass_time(bench, 1);
	sync_is_sent(bench, &second);
	assert_int_not_equal(msg_tid(second), msg_tid(first));
	modem_says(bench, answer(second, 0));
	assert_true(mux_sync_answered(bench->mux));
	pass_time(bench, MUX_SYNC_PATIENCE);
	modem_gets_nothing(bench);
}

/* Its answer counts even after it has expired. */
static void test_V10_a_late_answer(void **state)
{
	struct bench *bench = *state;
	struct msg sync;

	bench->config.ctl_timeout = REPEAT / 2;
	bench_restart(bench);
	mux_start_sync(bench->mux, bench->now);
	sync_is_sent(bench, &sync);
	pass_time(bench, REPEAT / 2);
	modem_says(bench, answer(sync, 0));
	assert_true(mux_sync_answered(bench->mux));
	pass_time(bench, REPEAT);
	modem_gets_nothing(bench);
}

static void test_V10_one_more_at_the_first_sign_of_life(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct msg sync;

	start_without_an_answer(bench);
	assert_false(mux_sync_answered(bench->mux));
	modem_says(bench, indication(DMS, 0xFF, IND));
	a = open_on(bench, 0);
	app_write(a, ctl_allocate(5, DMS));
	sync = modem_gets_ctl(bench, ctl(0, SYNC));
	modem_gets_ctl(bench, ctl_allocate(0, DMS));
	modem_says(bench, indication(DMS, 0xFF, IND));
	modem_gets_nothing(bench);
	modem_says(bench, answer(sync, 0));
	assert_true(mux_sync_answered(bench->mux));
}

/* If the sign of life is an Allocate CID's answer: only if that is a refusal. */
static void test_V10_no_sync_once_there_is_a_client(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct msg first;
	struct msg second;

	start_without_an_answer(bench);
	a = open_on(bench, 0);
	app_write(a, ctl_allocate(5, DMS));
	app_write(a, ctl_allocate(6, DMS));
	first = modem_gets_ctl(bench, ctl_allocate(0, DMS));
	second = modem_gets_ctl(bench, ctl_allocate(0, DMS));
	modem_says(bench, answer(first, QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	modem_gets_nothing(bench);
	modem_says(bench, about_client(answer(second, 0), DMS, 7));
	modem_gets_nothing(bench);
	app_reads(a, answer(ctl_allocate(5, DMS), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	app_reads(a, about_client(answer(ctl_allocate(6, DMS), 0), DMS, 1));
	app_write(a, ctl_release(7, DMS, 1));
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 7)), 0));
	modem_says(bench, indication(DMS, 0xFF, IND));
	modem_gets_nothing(bench);
}

static void test_V10_a_refusal_is_a_sign_of_life(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct msg got;

	start_without_an_answer(bench);
	a = open_on(bench, 0);
	app_write(a, ctl_allocate(5, DMS));
	got = modem_gets_ctl(bench, ctl_allocate(0, DMS));
	modem_says(bench, answer(got, QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	app_write(a, ctl_allocate(6, DMS));
	modem_gets_ctl(bench, ctl(0, SYNC));
	modem_gets_ctl(bench, ctl_allocate(0, DMS));
}

/* Not while there is a client, or may soon be one. */
static void test_V10_no_repetition_beside_a_client(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg got;

	mux_start_sync(bench->mux, bench->now);
	modem_gets_ctl(bench, ctl(0, SYNC));
	app_write(a, ctl_allocate(5, DMS));
	got = modem_gets_ctl(bench, ctl_allocate(0, DMS));
	pass_time(bench, REPEAT);
	modem_gets_nothing(bench);
	modem_says(bench, about_client(answer(got, 0), DMS, 7));
	app_reads(a, about_client(answer(ctl_allocate(5, DMS), 0), DMS, 1));
	app_write(a, ctl_release(7, DMS, 1));
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 7)), 0));
	pass_time(bench, REPEAT);
	modem_gets_nothing(bench);
}

/* What the port has failed to send waits, and an Allocate CID does not wait for that. */
static void test_V10_an_allocation_cancels_a_sync_that_waits(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg got;

	mux_start_sync(bench->mux, bench->now);
	port_fails(bench);
	modem_gets_nothing(bench);
	app_write(a, ctl_allocate(5, DMS));
	got = modem_gets_ctl(bench, ctl_allocate(0, DMS));
	pass_time(bench, RETRY);
	modem_gets_nothing(bench);
	modem_says(bench, about_client(answer(got, 0), DMS, 7));
	pass_time(bench, REPEAT);
	modem_gets_nothing(bench);
}

static void test_V16_one_sync_after_a_restart(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct msg sync;

	start_well(bench);
	a = open_on(bench, 0);
	allocate(bench, a, DMS, 7);
	modem_says(bench, sync_indication());
	app_reads(a, sync_indication());
	sync_is_sent(bench, &sync);
	pass_time(bench, REPEAT);
	modem_gets_nothing(bench);
	modem_says(bench, answer(sync, 0));
	assert_int_equal(mux_counters(bench->mux)->restarts, 1);
}

static void test_V16_no_sync_if_there_is_to_be_none(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	modem_says(bench, sync_indication());
	app_reads(a, sync_indication());
	modem_gets_nothing(bench);
	assert_true(mux_sync_answered(bench->mux));
}

/* Before the answer, and just after it. */
static void test_V16_an_indication_with_the_answer(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct msg sync;

	start_well(bench);
	a = open_on(bench, 0);
	modem_says(bench, sync_indication());
	app_reads(a, sync_indication());
	sync_is_sent(bench, &sync);
	modem_says(bench, sync_indication());
	modem_says(bench, answer(sync, 0));
	pass_time(bench, 999);
	modem_says(bench, sync_indication());
	modem_gets_nothing(bench);
	app_reads_nothing(a);
	assert_int_equal(mux_counters(bench->mux)->restarts, 1);
	assert_int_equal(mux_counters(bench->mux)->dropped_indications, 2);
	pass_time(bench, 1);
	modem_says(bench, sync_indication());
	app_reads(a, sync_indication());
	assert_int_equal(mux_counters(bench->mux)->restarts, 2);
}

/* A client has come in between. */
static void test_V16_an_indication_after_a_client(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct msg sync;

	start_well(bench);
	a = open_on(bench, 0);
	modem_says(bench, sync_indication());
	app_reads(a, sync_indication());
	sync_is_sent(bench, &sync);
	modem_says(bench, answer(sync, 0));
	app_write(a, ctl_release(7, DMS, allocate(bench, a, DMS, 7)));
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 7)), 0));
	app_reads(a, answer(ctl_release(7, DMS, 1), 0));
	modem_says(bench, sync_indication());
	app_reads(a, sync_indication());
	assert_int_equal(mux_counters(bench->mux)->restarts, 2);
	sync_is_sent(bench, &sync);
}

static void test_V18_no_sync_any_more(void **state)
{
	struct bench *bench = *state;

	bench->config.sync = true;
	bench_restart(bench);
	mux_start_sync(bench->mux, bench->now);
	modem_gets_ctl(bench, ctl(0, SYNC));
	mux_stop(bench->mux);
	pass_time(bench, REPEAT);
	modem_gets_nothing(bench);
	mux_port_reset(bench->mux);
	modem_gets_nothing(bench);
	assert_true(mux_stopped(bench->mux));
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V10_the_first_sync),
	BENCH_TEST(test_V10_repeated_until_it_is_answered),
	BENCH_TEST(test_V10_a_late_answer),
	BENCH_TEST(test_V10_one_more_at_the_first_sign_of_life),
	BENCH_TEST(test_V10_no_sync_once_there_is_a_client),
	BENCH_TEST(test_V10_a_refusal_is_a_sign_of_life),
	BENCH_TEST(test_V10_no_repetition_beside_a_client),
	BENCH_TEST(test_V10_an_allocation_cancels_a_sync_that_waits),
	BENCH_TEST(test_V16_one_sync_after_a_restart),
	BENCH_TEST(test_V16_no_sync_if_there_is_to_be_none),
	BENCH_TEST(test_V16_an_indication_with_the_answer),
	BENCH_TEST(test_V16_an_indication_after_a_client),
	BENCH_TEST(test_V18_no_sync_any_more),
};

TEST_GROUP(mux_device_sync_tests, tests);

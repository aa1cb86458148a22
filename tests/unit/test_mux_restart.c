/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modem restarts: V13, V16. */
#include "mux_bench.h"

#define VERSION QMI_CTL_GET_VERSION_INFO

static void test_V16_sync_indication(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 1);
	struct session *idle = open_on(bench, 1);
	struct msg first = request(DMS, 1, 5, MODEL);
	struct msg second = request(DMS, 1, 6, MODEL);
	struct msg asked;

	allocate(bench, a, DMS, 40);
	allocate(bench, b, NAS, 41);
	app_write(a, first);
	app_write(a, second);
	app_write(b, ctl(7, VERSION));
	modem_gets_this(bench, with_cid(first, 40));
	asked = modem_gets_ctl(bench, ctl(7, VERSION));

	modem_says(bench, sync_indication());
	app_reads(a, answer(first, QMI_ERROR_ABORTED));
	app_reads(a, sync_indication());
	/* It was not in flight yet, and its client is gone. */
	app_reads(a, answer(second, QMI_ERROR_INVALID_CLIENT_ID));
	app_reads_nothing(a);
	app_reads(b, answer(ctl(7, VERSION), QMI_ERROR_ABORTED));
	app_reads(b, sync_indication());
	app_reads_nothing(b);
	app_reads(idle, sync_indication());
	modem_gets_nothing(bench);
	assert_int_equal(mux_client_count(bench->mux), 0);
	assert_int_equal(mux_counters(bench->mux)->restarts, 1);
	assert_true(mux_deadline(bench->mux) == MUX_NEVER);

	/* An answer from before the restart reaches nobody; sessions allocate again. */
	modem_says(bench, answer(asked, 0));
	modem_says(bench, answer(with_cid(first, 40), 0));
	app_reads_nothing(b);
	assert_int_equal(mux_counters(bench->mux)->dropped_responses, 2);
	assert_int_equal(allocate(bench, a, DMS, 40), 1);
	exchange(bench, a, first, 40);
}

static void test_V16_the_port_reports_a_reset(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg msg = request(DMS, 1, 5, MODEL);

	allocate(bench, a, DMS, 40);
	app_write(a, msg);
	modem_gets(bench);
	/* A partial frame from before is void too. */
	mux_port_received(bench->mux, indication(DMS, 40, IND).bytes, 10, bench->now);
	mux_port_reset(bench->mux);
	app_reads(a, answer(msg, QMI_ERROR_ABORTED));
	app_reads_nothing(a);
	assert_true(mux_deadline(bench->mux) == MUX_NEVER);
	assert_int_equal(mux_counters(bench->mux)->restarts, 1);
	assert_int_equal(allocate(bench, a, DMS, 40), 1);
	assert_int_equal(mux_counters(bench->mux)->garbage, 0);
}

static void test_V16_orphans_and_releases(void **state)
{
	struct bench *bench = *state;
	struct session *gone = open_on(bench, 0);
	struct session *a = open_on(bench, 0);

	allocate(bench, gone, DMS, 40);
	mux_close(gone, bench->now);
	allocate(bench, a, DMS, 41);
	app_write(a, ctl_release(5, DMS, 2));
	modem_gets(bench);
	mux_port_reset(bench->mux);
	app_reads(a, answer(ctl_release(5, DMS, 2), QMI_ERROR_ABORTED));
	assert_int_equal(mux_client_count(bench->mux), 0);
	assert_int_equal(mux_orphan_count(bench->mux), 0);
	modem_gets_nothing(bench);
}

static void test_V16_a_sync_under_way(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg asked = ctl_allocate(6, DMS);

	/* One release is in flight and the other waits. */
	allocate(bench, a, DMS, 40);
	allocate(bench, a, DMS, 41);
	app_write(a, ctl(5, QMI_CTL_SYNC));
	app_write(a, asked);
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	mux_port_reset(bench->mux);
	app_reads(a, answer(ctl(5, QMI_CTL_SYNC), 0));
	modem_gets_ctl(bench, asked);
	modem_gets_nothing(bench);
}

static void test_V16_a_reclaim_under_way(void **state)
{
	struct bench *bench = *state;
	struct session *gone = open_on(bench, 0);
	struct session *a = open_on(bench, 0);

	for (unsigned sent = 0; sent < 2; sent++) {
		allocate(bench, gone, DMS, 40);
		mux_close(gone, bench->now);
		app_write(a, ctl_allocate(5, DMS));
		modem_says(bench, answer(modem_gets(bench), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
		if (sent)
			modem_gets_ctl(bench, ctl_release(0, DMS, 40));
		mux_port_reset(bench->mux);
		app_reads(a, answer(ctl_allocate(5, DMS), QMI_ERROR_ABORTED));
		app_reads_nothing(a);
		modem_gets_nothing(bench);
		gone = open_on(bench, 0);
	}
}

static void test_V16_an_allocation_under_way(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg got;

	app_write(a, ctl_allocate(5, DMS));
	got = modem_gets(bench);
	modem_says(bench, sync_indication());
	app_reads(a, answer(ctl_allocate(5, DMS), QMI_ERROR_ABORTED));
	app_reads(a, sync_indication());
	/* Answered after all: nobody owns that client, so it is released. */
	modem_says(bench, about_client(answer(got, 0), DMS, 40));
	app_reads_nothing(a);
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
}

static void test_V16_while_the_port_sends(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	size_t size;

	allocate(bench, a, DMS, 40);
	app_write(a, request(DMS, 1, 5, MODEL));
	assert_non_null(mux_port_next(bench->mux, bench->now, &size));
	mux_port_reset(bench->mux);
	app_reads(a, answer(request(DMS, 1, 5, MODEL), QMI_ERROR_ABORTED));
	mux_port_failed(bench->mux, bench->now);
	app_reads_nothing(a);

	app_write(a, ctl(5, VERSION));
	assert_non_null(mux_port_next(bench->mux, bench->now, &size));
	mux_port_reset(bench->mux);
	app_reads(a, answer(ctl(5, VERSION), QMI_ERROR_ABORTED));
	mux_port_failed(bench->mux, bench->now);
	app_reads_nothing(a);
}

static void test_V16_closed_sessions_wait_for_nothing(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	app_write(a, request(DMS, 1, 1, MODEL));
	app_write(a, request(DMS, 1, 2, MODEL));
	modem_gets(bench);
	mux_close(a, bench->now);
	mux_port_reset(bench->mux);
	modem_gets_nothing(bench);
	app_reads_nothing(b);
	assert_int_equal(bench->traces[MUX_ANSWERED], 0);
}

/* Old clients on the modem are cleared before new ones are allocated. */
static void test_V16_sync_after_a_reset_goes_first(void **state)
{
	struct bench *bench = *state;
	struct session *a;

	bench->config.sync = true;
	bench_restart(bench);
	a = open_on(bench, 0);
	app_write(a, ctl_allocate(5, DMS));
	mux_port_reset(bench->mux);
	modem_says(bench, answer(modem_gets_ctl(bench, ctl(0, QMI_CTL_SYNC)), 0));
	modem_gets_ctl(bench, ctl_allocate(0, DMS));
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V16_sync_indication),
	BENCH_TEST(test_V16_the_port_reports_a_reset),
	BENCH_TEST(test_V16_orphans_and_releases),
	BENCH_TEST(test_V16_a_sync_under_way),
	BENCH_TEST(test_V16_a_reclaim_under_way),
	BENCH_TEST(test_V16_an_allocation_under_way),
	BENCH_TEST(test_V16_while_the_port_sends),
	BENCH_TEST(test_V16_closed_sessions_wait_for_nothing),
	BENCH_TEST(test_V16_sync_after_a_reset_goes_first),
};

TEST_GROUP(mux_restart_tests, tests);

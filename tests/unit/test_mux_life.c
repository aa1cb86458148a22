/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of sessions, of the port and of the instance: V6, V17, V18. */
#include "mux_bench.h"

static void test_V6_closed_sessions_linger(void **state)
{
	struct bench *bench = *state;
	struct session *sessions[10];

	/* 8 of a user may close with something unsent; what the others had is lost. */
	bench->uid = 1000;
	for (uint8_t i = 0; i < 10; i++) {
		sessions[i] = open_on(bench, 0);
		app_write(sessions[i], ctl(i, QMI_CTL_GET_VERSION_INFO));
	}
	for (size_t i = 0; i < 10; i++)
		mux_close(sessions[i], bench->now);
	assert_int_equal(mux_session_count(bench->mux), 0);
	for (uint8_t i = 0; i < 8; i++)
		modem_gets_ctl(bench, ctl(i, QMI_CTL_GET_VERSION_INFO));
	modem_gets_nothing(bench);

	/* Now there is room for others. */
	sessions[0] = open_on(bench, 0);
	app_write(sessions[0], ctl(77, QMI_CTL_GET_VERSION_INFO));
	mux_close(sessions[0], bench->now);
	modem_gets_ctl(bench, ctl(77, QMI_CTL_GET_VERSION_INFO));
	modem_gets_nothing(bench);
}

static void test_V6_closed_sessions_give_up_after_10_s(void **state)
{
	struct bench *bench = *state;
	struct session *early = open_on(bench, 0);
	struct session *late = open_on(bench, 0);

	for (uint8_t i = 0; i < 2; i++) {
		app_write(early, ctl(i, QMI_CTL_GET_VERSION_INFO));
		app_write(late, ctl(10 + i, QMI_CTL_GET_VERSION_INFO));
	}
	mux_close(early, bench->now);
	assert_int_equal(mux_deadline(bench->mux), bench->now + 10000);
	bench->now += 1;
	mux_close(late, bench->now);
	pass_time(bench, 9998);
	modem_gets_ctl(bench, ctl(0, QMI_CTL_GET_VERSION_INFO));
	pass_time(bench, 1);
	modem_gets_ctl(bench, ctl(10, QMI_CTL_GET_VERSION_INFO));
	pass_time(bench, 1);
	modem_gets_nothing(bench);
}

static void test_closed_sessions_die_with_the_mux(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	app_write(a, request(DMS, 1, 1, MODEL));
	modem_gets(bench);
	app_write(a, request(DMS, 1, 2, MODEL));
	app_write(b, request(DMS, 1, 1, MODEL));
	app_write(b, ctl(5, QMI_CTL_SYNC));
	mux_close(a, bench->now);
	mux_start_sync(bench->mux, bench->now);
	mux_destroy(bench->mux);
	bench->mux = NULL;
}

static void test_V17_unplugged(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 1);
	struct msg msg = request(DMS, 1, 1, MODEL);
	const uint8_t *data;

	allocate(bench, a, DMS, 40);
	assert_ptr_equal(mux_next_changed(bench->mux), a);
	app_write(a, msg);
	app_write(a, msg);
	modem_gets(bench);
	modem_says(bench, indication(DMS, 40, IND));
	mux_port_unplugged(bench->mux);
	assert_ptr_equal(mux_next_changed(bench->mux), a);
	assert_ptr_equal(mux_next_changed(bench->mux), b);
	assert_null(mux_next_changed(bench->mux));
	assert_int_equal(mux_session_state(a), SESSION_DEAD);
	assert_int_equal(mux_peek(a, &data), -ENODEV);
	assert_int_equal(mux_write(a, msg.bytes, 13, bench->now), -ENODEV);
	modem_gets_nothing(bench);
	assert_true(mux_deadline(bench->mux) == MUX_NEVER);
	assert_true(mux_stopped(bench->mux));
	errno = 0;
	assert_null(mux_open(bench->mux, 0, 0, NULL));
	assert_int_equal(errno, ENODEV);
	mux_close(a, bench->now);
	assert_int_equal(mux_session_count(bench->mux), 1);
	mux_close(b, bench->now);
	assert_int_equal(mux_session_count(bench->mux), 0);
}

static void test_V18_every_client_is_released(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 1);
	struct msg msg = request(DMS, 1, 1, MODEL);
	struct msg got[3];

	allocate(bench, a, DMS, 40);
	allocate(bench, b, DMS, 41);
	allocate(bench, b, WDS, 42);
	app_write(b, ctl_release(5, DMS, 1));
	got[0] = modem_gets_ctl(bench, ctl_release(5, DMS, 41));
	app_write(a, msg);
	modem_gets(bench);
	app_write(a, with_tid(msg, 2));
	mux_stop(bench->mux);
	assert_false(mux_stopped(bench->mux));
	/* Waiting requests are no longer sent. */
	got[1] = modem_gets_ctl(bench, ctl_release(0, WDS, 42));
	got[2] = modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	modem_gets_nothing(bench);
	for (size_t i = 0; i < 3; i++) {
		assert_false(mux_stopped(bench->mux));
		modem_says(bench, answer(got[i], 0));
	}
	assert_true(mux_stopped(bench->mux));
	assert_int_equal(mux_client_count(bench->mux), 0);
	app_reads_nothing(a);
	app_reads_nothing(b);
}

static void test_V18_calls_while_stopping(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg msg = request(DMS, 1, 1, MODEL);

	mux_stop(bench->mux);
	assert_true(mux_stopped(bench->mux));
	assert_int_equal(mux_session_state(a), 0);
	assert_int_equal(mux_write(a, msg.bytes, 13, bench->now), -ENODEV);
	errno = 0;
	assert_null(mux_open(bench->mux, 0, 0, NULL));
	assert_int_equal(errno, ENODEV);
	mux_close(a, bench->now);
	assert_int_equal(mux_session_count(bench->mux), 0);
}

static void test_V18_allocations_under_way(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *gone = open_on(bench, 0);
	size_t size;
	struct msg got;

	/* The Sync of the start and plain requests do not delay the stop. */
	mux_start_sync(bench->mux, bench->now);
	modem_gets(bench);
	app_write(a, ctl(5, QMI_CTL_GET_VERSION_INFO));
	modem_gets(bench);
	app_write(a, ctl_allocate(6, DMS));
	got = modem_gets(bench);
	app_write(gone, ctl(7, QMI_CTL_GET_VERSION_INFO));
	mux_close(gone, bench->now);
	mux_stop(bench->mux);
	assert_false(mux_stopped(bench->mux));
	modem_gets_nothing(bench);
	modem_says(bench, about_client(answer(got, 0), DMS, 40));
	assert_false(mux_stopped(bench->mux));
	assert_non_null(mux_port_next(bench->mux, bench->now, &size));
	assert_false(mux_stopped(bench->mux));
	mux_port_sent(bench->mux);
	assert_false(mux_stopped(bench->mux));
	pass_time(bench, TIMEOUT);
	assert_true(mux_stopped(bench->mux));
}

static void test_V18_an_orphan_is_released_too(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	mux_close(a, bench->now);
	mux_stop(bench->mux);
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 40)), 0));
	assert_true(mux_stopped(bench->mux));
}

static void test_V18_a_release_that_failed_is_made_up_for(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg got;
	size_t size;

	allocate(bench, a, DMS, 40);
	allocate(bench, a, DMS, 41);
	app_write(a, ctl_release(5, DMS, 1));
	app_write(a, ctl_release(6, DMS, 2));
	got = modem_gets_ctl(bench, ctl_release(5, DMS, 40));
	assert_non_null(mux_port_next(bench->mux, bench->now, &size));
	mux_stop(bench->mux);
	mux_port_failed(bench->mux, bench->now);
	modem_says(bench, answer(got, QMI_ERROR_INTERNAL));
	modem_gets_ctl(bench, ctl_release(0, DMS, 41));
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V6_closed_sessions_linger),
	BENCH_TEST(test_V6_closed_sessions_give_up_after_10_s),
	BENCH_TEST(test_closed_sessions_die_with_the_mux),
	BENCH_TEST(test_V17_unplugged),
	BENCH_TEST(test_V18_every_client_is_released),
	BENCH_TEST(test_V18_calls_while_stopping),
	BENCH_TEST(test_V18_allocations_under_way),
	BENCH_TEST(test_V18_an_orphan_is_released_too),
	BENCH_TEST(test_V18_a_release_that_failed_is_made_up_for),
};

TEST_GROUP(mux_life_tests, tests);

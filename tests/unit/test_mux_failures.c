/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port that fails to take frames: V15. */
#include "mux_bench.h"

static void test_V15_internal_at_once(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg service = request(DMS, 1, 5, MODEL);
	struct msg version = ctl(6, QMI_CTL_GET_VERSION_INFO);

	allocate(bench, a, DMS, 40);
	app_write(a, service);
	port_fails(bench);
	app_reads(a, answer(service, QMI_ERROR_INTERNAL));
	app_write(a, version);
	port_fails(bench);
	app_reads(a, answer(version, QMI_ERROR_INTERNAL));
	modem_gets_nothing(bench);
	/* Its slot is free, and the client is unchanged. */
	exchange(bench, a, service, 40);
}

static void test_V15_failed_for_a_closed_session(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	app_write(a, request(DMS, 1, 5, MODEL));
	mux_close(a, bench->now);
	port_fails(bench);
	modem_gets_nothing(bench);
	assert_int_equal(bench->traces[MUX_ANSWERED], 0);
	assert_true(mux_deadline(bench->mux) == MUX_NEVER);
}

static void test_V15_allocate_failed(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	app_write(a, ctl_allocate(5, DMS));
	port_fails(bench);
	app_reads(a, answer(ctl_allocate(5, DMS), QMI_ERROR_INTERNAL));
	assert_int_equal(allocate(bench, a, DMS, 40), 1);
}

static void test_V15_release_failed(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	app_write(a, ctl_release(5, DMS, 1));
	port_fails(bench);
	app_reads(a, answer(ctl_release(5, DMS, 1), QMI_ERROR_INTERNAL));
	/* The client is still there, to be used and released. */
	exchange(bench, a, request(DMS, 1, 1, MODEL), 40);
	app_write(a, ctl_release(6, DMS, 1));
	modem_gets_ctl(bench, ctl_release(6, DMS, 40));
}

static void test_V15_release_of_a_revoked_client_failed(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg ind = indication(QMI_SERVICE_CTL, 0, QMI_CTL_REVOKE_CID);
	size_t size;

	allocate(bench, a, DMS, 40);
	app_write(a, ctl_release(5, DMS, 1));
	assert_non_null(mux_port_next(bench->mux, bench->now, &size));
	modem_says(bench, about_client(ind, DMS, 40));
	mux_port_failed(bench->mux, bench->now);
	app_reads(a, about_client(ind, DMS, 1));
	app_reads(a, answer(ctl_release(5, DMS, 1), QMI_ERROR_INTERNAL));
	assert_int_equal(mux_client_count(bench->mux), 0);
}

/* A session of node 0 waits for an Allocate CID while an orphan is released to make room. */
static struct session *reclaiming(struct bench *bench)
{
	struct session *gone = open_on(bench, 0);
	struct session *a = open_on(bench, 0);

	allocate(bench, gone, DMS, 40);
	mux_close(gone, bench->now);
	app_write(a, ctl_allocate(5, DMS));
	modem_says(bench, answer(modem_gets(bench), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	return a;
}

static void test_V15_own_release_is_tried_three_times(void **state)
{
	struct bench *bench = *state;
	struct session *a = reclaiming(bench);
	struct msg got;

	own_request_fails(bench);
	own_request_fails(bench);
	app_reads_nothing(a);
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 40)), 0));
	got = modem_gets_ctl(bench, ctl_allocate(0, DMS));
	modem_says(bench, about_client(answer(got, 0), DMS, 41));
	app_reads(a, about_client(answer(ctl_allocate(5, DMS), 0), DMS, 1));
}

/* The waiter gets an error, but the client must still be released. */
static void test_V15_own_release_is_tried_on(void **state)
{
	struct bench *bench = *state;
	struct session *a = reclaiming(bench);

	own_request_fails(bench);
	own_request_fails(bench);
	port_fails(bench);
	app_reads(a, answer(ctl_allocate(5, DMS), QMI_ERROR_INTERNAL));
	modem_gets_nothing(bench);
	pass_time(bench, RETRY);
	for (unsigned i = 0; i < 10; i++)
		own_request_fails(bench);
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 40)), 0));
	app_reads_nothing(a);
	pass_time(bench, RETRY);
	modem_gets_nothing(bench);
}

static void test_V15_allocate_after_reclaim_failed(void **state)
{
	struct bench *bench = *state;
	struct session *a = reclaiming(bench);

	modem_says(bench, answer(modem_gets(bench), 0));
	port_fails(bench);
	app_reads(a, answer(ctl_allocate(5, DMS), QMI_ERROR_INTERNAL));
	modem_gets_nothing(bench);
}

static void test_V15_releases_of_a_sync_failed(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	app_write(a, ctl(5, QMI_CTL_SYNC));
	app_write(a, request(DMS, 1, 1, MODEL));
	own_request_fails(bench);
	own_request_fails(bench);
	app_reads_nothing(a);
	port_fails(bench);
	app_reads(a, answer(ctl(5, QMI_CTL_SYNC), 0));
	app_reads(a, answer(request(DMS, 1, 1, MODEL), QMI_ERROR_INVALID_CLIENT_ID));
	modem_gets_nothing(bench);
}

static void test_V15_clean_up_failed(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg got;

	app_write(a, ctl_allocate(5, DMS));
	got = modem_gets(bench);
	mux_close(a, bench->now);
	modem_says(bench, about_client(answer(got, 0), DMS, 40));
	for (unsigned i = 0; i < 10; i++)
		own_request_fails(bench);
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 40)), 0));
	modem_gets_nothing(bench);
}

static void test_V15_the_own_sync_failed(void **state)
{
	struct bench *bench = *state;

	mux_start_sync(bench->mux, bench->now);
	own_request_fails(bench);
	own_request_fails(bench);
	port_fails(bench);
	modem_gets_nothing(bench);
	assert_false(mux_sync_answered(bench->mux));
}

static void test_V15_withdrawn_go_behind_others(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	allocate(bench, a, DMS, 41);
	app_write(a, ctl(5, QMI_CTL_SYNC));
	own_request_fails(bench);
	modem_gets_ctl(bench, ctl_release(0, DMS, 41));
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	modem_gets_nothing(bench);
}

static void test_V15_failed_after_its_end(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg msg = request(DMS, 1, 5, MODEL);
	size_t size;

	allocate(bench, a, DMS, 40);
	/* It was answered before the port reported the failure. */
	app_write(a, msg);
	assert_non_null(mux_port_next(bench->mux, bench->now, &size));
	modem_says(bench, answer(with_cid(msg, 40), 0));
	mux_port_failed(bench->mux, bench->now);
	app_reads(a, answer(msg, 0));
	app_reads_nothing(a);
	/* It expired while the port was sending it. */
	app_write(a, ctl(5, QMI_CTL_GET_VERSION_INFO));
	assert_non_null(mux_port_next(bench->mux, bench->now, &size));
	pass_time(bench, TIMEOUT);
	mux_port_failed(bench->mux, bench->now);
	app_reads_nothing(a);
}

/* Only the mux's own requests wait for the retry. */
static void test_V15_the_pause_is_the_muxs_own(void **state)
{
	struct bench *bench = *state;
	struct session *a = reclaiming(bench);
	struct session *b = open_on(bench, 1);

	port_fails(bench);
	assert_true(mux_deadline(bench->mux) == bench->now + RETRY);
	allocate(bench, b, NAS, 50);
	pass_time(bench, RETRY - 1);
	modem_gets_nothing(bench);
	pass_time(bench, 1);
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	app_reads_nothing(a);
}

static void test_V15_lost_on_the_way(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg lost = request(DMS, 1, 4, MODEL);
	struct msg next = request(DMS, 1, 6, MODEL);
	size_t size;

	allocate(bench, a, DMS, 40);
	app_write(a, lost);
	modem_gets(bench);
	mux_port_lost(bench->mux, bench->now);
	app_reads(a, answer(lost, QMI_ERROR_INTERNAL));
	mux_port_lost(bench->mux, bench->now);
	app_reads_nothing(a);

	lost = request(DMS, 1, 5, MODEL);
	/* Reported while the next one is being sent, which is unaffected. */
	app_write(a, lost);
	app_write(a, next);
	modem_gets(bench);
	assert_non_null(mux_port_next(bench->mux, bench->now, &size));
	mux_port_lost(bench->mux, bench->now);
	mux_port_sent(bench->mux);
	app_reads(a, answer(lost, QMI_ERROR_INTERNAL));
	modem_says(bench, answer(with_cid(next, 40), 0));
	app_reads(a, answer(next, 0));
}

static void test_V15_lost_after_its_answer(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	exchange(bench, a, request(DMS, 1, 5, MODEL), 40);
	mux_port_lost(bench->mux, bench->now);
	app_reads_nothing(a);
	/* A request that could not be sent at all has already been answered. */
	app_write(a, request(DMS, 1, 6, MODEL));
	port_fails(bench);
	app_reads(a, answer(request(DMS, 1, 6, MODEL), QMI_ERROR_INTERNAL));
	mux_port_lost(bench->mux, bench->now);
	app_reads_nothing(a);
}

/* The lost request did reach the modem, and its answer comes late. */
static void test_V15_lost_and_answered(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg msg = request(DMS, 1, 5, MODEL);
	struct msg got;

	allocate(bench, a, DMS, 40);
	app_write(a, msg);
	modem_gets(bench);
	mux_port_lost(bench->mux, bench->now);
	app_reads(a, answer(msg, QMI_ERROR_INTERNAL));
	modem_says(bench, answer(with_cid(msg, 40), 0));
	app_reads_nothing(a);

	app_write(a, ctl_allocate(5, NAS));
	got = modem_gets(bench);
	mux_port_lost(bench->mux, bench->now);
	app_reads(a, answer(ctl_allocate(5, NAS), QMI_ERROR_INTERNAL));
	modem_says(bench, about_client(answer(got, 0), NAS, 50));
	modem_gets_ctl(bench, ctl_release(0, NAS, 50));
	app_reads_nothing(a);
}

static void test_V15_own_release_is_lost(void **state)
{
	struct bench *bench = *state;
	struct session *a = reclaiming(bench);

	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	mux_port_lost(bench->mux, bench->now);
	modem_gets_nothing(bench);
	pass_time(bench, RETRY);
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	app_reads_nothing(a);
}

/* The port reports a loss only when it sends again: meanwhile the Release CID expires. */
static void test_V15_a_lost_release_has_expired(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	app_write(a, ctl_release(5, DMS, 1));
	modem_gets(bench);
	pass_time(bench, TIMEOUT);
	mux_port_lost(bench->mux, bench->now);
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	mux_port_reset(bench->mux);
	mux_port_lost(bench->mux, bench->now);
	modem_gets_nothing(bench);
}

/* Meanwhile the modem has released the client, and given the CID to another session. */
static void test_V15_a_lost_release_was_not_lost(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);
	struct msg asked;

	allocate(bench, a, DMS, 40);
	app_write(b, ctl_allocate(7, DMS));
	asked = modem_gets(bench);
	app_write(a, ctl_release(5, DMS, 1));
	modem_gets(bench);
	mux_close(a, bench->now);
	modem_says(bench, about_client(answer(asked, 0), DMS, 40));
	mux_port_lost(bench->mux, bench->now);
	modem_gets_nothing(bench);
	assert_int_equal(mux_client_count(bench->mux), 1);
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V15_internal_at_once),
	BENCH_TEST(test_V15_failed_for_a_closed_session),
	BENCH_TEST(test_V15_allocate_failed),
	BENCH_TEST(test_V15_release_failed),
	BENCH_TEST(test_V15_release_of_a_revoked_client_failed),
	BENCH_TEST(test_V15_own_release_is_tried_three_times),
	BENCH_TEST(test_V15_own_release_is_tried_on),
	BENCH_TEST(test_V15_allocate_after_reclaim_failed),
	BENCH_TEST(test_V15_releases_of_a_sync_failed),
	BENCH_TEST(test_V15_clean_up_failed),
	BENCH_TEST(test_V15_the_own_sync_failed),
	BENCH_TEST(test_V15_withdrawn_go_behind_others),
	BENCH_TEST(test_V15_failed_after_its_end),
	BENCH_TEST(test_V15_the_pause_is_the_muxs_own),
	BENCH_TEST(test_V15_lost_on_the_way),
	BENCH_TEST(test_V15_lost_after_its_answer),
	BENCH_TEST(test_V15_lost_and_answered),
	BENCH_TEST(test_V15_own_release_is_lost),
	BENCH_TEST(test_V15_a_lost_release_has_expired),
	BENCH_TEST(test_V15_a_lost_release_was_not_lost),
};

TEST_GROUP(mux_failure_tests, tests);

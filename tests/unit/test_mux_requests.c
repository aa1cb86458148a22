/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to services, on their way to the modem and back: V1 to V3, V5 to V8. */
#include "mux_bench.h"

static void test_V1_two_sessions_of_a_node(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);

	assert_int_equal(mux_session_id(a), 1);
	assert_int_equal(mux_session_id(b), 2);
	assert_int_equal(mux_session_count(bench->mux), 2);
	assert_int_equal(allocate(bench, a, DMS, 40), 1);
	app_reads_nothing(b);
	assert_int_equal(allocate(bench, b, DMS, 41), 2);
	exchange(bench, a, request(DMS, 1, 5, MODEL), 40);
	app_reads_nothing(b);
	exchange(bench, b, request(DMS, 2, 5, MODEL), 41);
	app_reads_nothing(a);
}

static void test_V2_nodes_count_for_themselves(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 1);
	struct msg body = plus(request(DMS, 1, 5, MODEL), 0x10, "abc", 3);

	assert_int_equal(allocate(bench, a, DMS, 40), 1);
	assert_int_equal(allocate(bench, b, DMS, 41), 1);
	assert_int_equal(allocate(bench, b, NAS, 40), 1);
	assert_int_equal(mux_client_count(bench->mux), 3);
	app_write(a, body);
	app_write(b, body);
	modem_gets_this(bench, with_cid(body, 40));
	modem_gets_this(bench, with_cid(body, 41));
	modem_says(bench, plus(answer(with_cid(body, 41), 0), 0x01, "b", 1));
	modem_says(bench, plus(answer(with_cid(body, 40), 0), 0x01, "a", 1));
	app_reads(a, plus(answer(body, 0), 0x01, "a", 1));
	app_reads(b, plus(answer(body, 0), 0x01, "b", 1));
	app_reads_nothing(a);
	app_reads_nothing(b);
}

static void test_V3_foreign_cid(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 1);
	struct msg foreign = request(DMS, 2, 0x1234, MODEL);

	allocate(bench, a, DMS, 40);
	allocate(bench, a, DMS, 41);
	allocate(bench, b, DMS, 42);
	app_write(b, foreign);
	app_reads(b, answer(foreign, QMI_ERROR_INVALID_CLIENT_ID));
	/* Neither a device CID nor another service's CID is valid here. */
	app_write(b, request(DMS, 42, 1, MODEL));
	app_reads(b, answer(request(DMS, 42, 1, MODEL), QMI_ERROR_INVALID_CLIENT_ID));
	app_write(b, request(NAS, 1, 2, MODEL));
	app_reads(b, answer(request(NAS, 1, 2, MODEL), QMI_ERROR_INVALID_CLIENT_ID));
	app_write(b, request(DMS, 0xFF, 3, MODEL));
	app_reads(b, answer(request(DMS, 0xFF, 3, MODEL), QMI_ERROR_INVALID_CLIENT_ID));
	modem_gets_nothing(bench);
	assert_int_equal(bench->traces[MUX_ANSWERED], 4);
}

static void test_V3_foreign_behind_a_good_one(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	app_write(a, request(DMS, 1, 1, MODEL));
	app_write(a, request(DMS, 9, 2, MODEL));
	app_reads_nothing(a);
	modem_gets_this(bench, request(DMS, 40, 1, MODEL));
	app_reads(a, answer(request(DMS, 9, 2, MODEL), QMI_ERROR_INVALID_CLIENT_ID));
	modem_gets_nothing(bench);
}

static void test_V3_waiting_behind_a_release(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);
	struct session *c = open_on(bench, 0);
	struct msg late = request(DMS, 1, 6, MODEL);
	struct msg again = ctl_release(7, DMS, 1);

	allocate(bench, a, DMS, 40);
	app_write(a, ctl_release(5, DMS, 1));
	app_write(b, late);
	app_write(c, again);
	modem_gets_ctl(bench, ctl_release(5, DMS, 40));
	app_reads(b, answer(late, QMI_ERROR_INVALID_CLIENT_ID));
	app_reads(c, answer(again, QMI_ERROR_INVALID_CLIENT_ID));
	modem_gets_nothing(bench);
}

static void test_V5_tids_pass(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	exchange(bench, a, request(DMS, 1, 0xFFFF, MODEL), 40);
	exchange(bench, a, request(DMS, 1, 0, MODEL), 40);
	/* A session may even use a tid twice at a time. */
	app_write(a, request(DMS, 1, 7, MODEL));
	app_write(a, request(DMS, 1, 7, MODEL + 1));
	modem_gets_this(bench, request(DMS, 40, 7, MODEL));
	modem_gets_this(bench, request(DMS, 40, 7, MODEL + 1));
	modem_says(bench, answer(request(DMS, 40, 7, MODEL + 1), 0));
	modem_says(bench, answer(request(DMS, 40, 7, MODEL), 0));
	app_reads(a, answer(request(DMS, 1, 7, MODEL + 1), 0));
	app_reads(a, answer(request(DMS, 1, 7, MODEL), 0));
}

static void test_V5_equal_tids_wait(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);
	struct msg msg = request(DMS, 1, 7, MODEL);

	allocate(bench, a, DMS, 40);
	app_write(a, msg);
	app_write(b, msg);
	app_write(b, request(DMS, 1, 8, MODEL));
	modem_gets_this(bench, with_cid(msg, 40));
	modem_gets_nothing(bench);
	modem_says(bench, answer(with_cid(msg, 40), 0));
	app_reads(a, answer(msg, 0));
	modem_gets_this(bench, with_cid(msg, 40));
	modem_gets_this(bench, request(DMS, 40, 8, MODEL));
	modem_says(bench, answer(with_cid(msg, 40), 0));
	app_reads(b, answer(msg, 0));
	app_reads_nothing(a);
}

static void test_V5_equal_tids_wait_until_expiry(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);
	struct msg old = request(DMS, 1, 7, MODEL);
	struct msg msg = request(DMS, 1, 7, MODEL + 1);

	allocate(bench, a, DMS, 40);
	app_write(a, old);
	app_write(b, msg);
	modem_gets_this(bench, with_cid(old, 40));
	modem_gets_nothing(bench);
	pass_time(bench, TIMEOUT);
	modem_gets_this(bench, with_cid(msg, 40));
	modem_says(bench, answer(with_cid(old, 40), 0));
	app_reads_nothing(a);
	app_reads_nothing(b);
	modem_says(bench, answer(with_cid(msg, 40), 0));
	app_reads(b, answer(msg, 0));
}

static void test_V5_an_abort_passes_unchanged(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg scan = request(NAS, 1, 0x0102, MODEL);
	struct msg abort_it =
		plus(request(NAS, 1, 9, QMI_NAS_ABORT), 0x01, (uint8_t[]){0x02, 0x01}, 2);

	allocate(bench, a, NAS, 40);
	app_write(a, scan);
	modem_gets_this(bench, with_cid(scan, 40));
	exchange(bench, a, abort_it, 40);
	modem_says(bench, answer(with_cid(scan, 40), QMI_ERROR_ABORTED));
	app_reads(a, answer(scan, QMI_ERROR_ABORTED));
}

static void test_V6_closed_session_gets_nothing(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	app_write(a, request(DMS, 1, 1, MODEL));
	app_write(a, request(DMS, 1, 2, MODEL));
	app_write(a, ctl(3, QMI_CTL_GET_VERSION_INFO));
	modem_gets_this(bench, request(DMS, 40, 1, MODEL));
	mux_close(a, bench->now);
	assert_int_equal(mux_session_count(bench->mux), 1);
	/* What it had written still goes out. */
	modem_gets_this(bench, request(DMS, 40, 2, MODEL));
	modem_says(bench, answer(request(DMS, 40, 1, MODEL), 0));
	modem_says(bench, answer(request(DMS, 40, 2, MODEL), 0));
	modem_says(bench, answer(modem_gets_ctl(bench, ctl(3, QMI_CTL_GET_VERSION_INFO)), 0));
	modem_gets_nothing(bench);
	app_reads_nothing(b);
	assert_int_equal(mux_counters(bench->mux)->dropped_responses, 3);
	assert_string_equal(bench->why, "its session has closed");
}

static void test_V7_cids_survive_close(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *other = open_on(bench, 1);

	allocate(bench, a, DMS, 40);
	mux_close(a, bench->now);
	assert_int_equal(mux_client_count(bench->mux), 1);
	assert_int_equal(mux_orphan_count(bench->mux), 1);
	modem_gets_nothing(bench);

	app_write(other, request(DMS, 1, 1, MODEL));
	app_reads(other, answer(request(DMS, 1, 1, MODEL), QMI_ERROR_INVALID_CLIENT_ID));
	assert_int_equal(mux_orphan_count(bench->mux), 1);

	a = open_on(bench, 0);
	exchange(bench, a, request(DMS, 1, 1, MODEL), 40);
	assert_int_equal(mux_orphan_count(bench->mux), 0);
	modem_says(bench, indication(DMS, 40, IND));
	app_reads(a, indication(DMS, 1, IND));
	app_write(a, ctl_release(2, DMS, 1));
	modem_says(bench, about_client(answer(modem_gets_ctl(bench, ctl_release(2, DMS, 40)), 0),
				       DMS, 40));
	app_reads(a, about_client(answer(ctl_release(2, DMS, 1), 0), DMS, 1));
	assert_int_equal(mux_client_count(bench->mux), 0);
}

static void test_V8_whoever_sent_with_it_holds_it(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	modem_says(bench, indication(DMS, 40, IND));
	app_reads(a, indication(DMS, 1, IND));
	exchange(bench, b, request(DMS, 1, 1, MODEL), 40);
	modem_says(bench, indication(DMS, 40, IND));
	app_reads(b, indication(DMS, 1, IND));
	app_reads(a, indication(DMS, 1, IND));
	/* A session that has closed holds it no more. */
	app_write(a, request(DMS, 1, 2, MODEL));
	mux_close(a, bench->now);
	modem_gets_this(bench, request(DMS, 40, 2, MODEL));
	modem_says(bench, indication(DMS, 40, IND));
	app_reads(b, indication(DMS, 1, IND));
	mux_close(b, bench->now);
	assert_int_equal(mux_orphan_count(bench->mux), 1);
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V1_two_sessions_of_a_node),
	BENCH_TEST(test_V2_nodes_count_for_themselves),
	BENCH_TEST(test_V3_foreign_cid),
	BENCH_TEST(test_V3_foreign_behind_a_good_one),
	BENCH_TEST(test_V3_waiting_behind_a_release),
	BENCH_TEST(test_V5_tids_pass),
	BENCH_TEST(test_V5_equal_tids_wait),
	BENCH_TEST(test_V5_equal_tids_wait_until_expiry),
	BENCH_TEST(test_V5_an_abort_passes_unchanged),
	BENCH_TEST(test_V6_closed_session_gets_nothing),
	BENCH_TEST(test_V7_cids_survive_close),
	BENCH_TEST(test_V8_whoever_sent_with_it_holds_it),
};

TEST_GROUP(mux_request_tests, tests);

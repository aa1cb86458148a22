/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that the modem does not answer, or too late: V15. */
#include "mux_bench.h"

#define VERSION QMI_CTL_GET_VERSION_INFO

static void check_late(const struct bench *bench, unsigned count)
{
	assert_string_equal(bench->why, "late");
	assert_int_equal(mux_counters(bench->mux)->dropped_responses, count);
}

static void test_V15_late_answers_are_dropped(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg msg = request(DMS, 1, 5, MODEL);

	allocate(bench, a, DMS, 40);
	app_write(a, msg);
	modem_gets(bench);
	age_requests(bench);
	assert_int_equal(mux_deadline(bench->mux), bench->now + TIMEOUT - 1000);
	pass_time(bench, TIMEOUT - 1001);
	assert_int_equal(mux_counters(bench->mux)->expired, 0);
	pass_time(bench, 1);
	assert_int_equal(mux_counters(bench->mux)->expired, 1);
	assert_true(mux_deadline(bench->mux) == MUX_NEVER);
	app_reads_nothing(a);

	/* A newer request with the same tid and message waits for the late answer. */
	app_write(a, msg);
	modem_gets_nothing(bench);
	modem_says(bench, answer(with_cid(msg, 40), 0));
	check_late(bench, 1);
	app_reads_nothing(a);
	modem_gets_this(bench, with_cid(msg, 40));
	modem_says(bench, answer(with_cid(msg, 40), 0));
	app_reads(a, answer(msg, 0));
	exchange(bench, a, msg, 40);
}

static void test_V15_a_late_answer_is_not_waited_for_long(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);
	struct msg msg = request(DMS, 1, 5, MODEL);
	struct msg other = request(DMS, 1, 6, MODEL);

	allocate(bench, a, DMS, 40);
	app_write(a, msg);
	app_write(a, other);
	/* No later request will have this tid. */
	app_write(a, request(DMS, 1, 7, MODEL));
	modem_gets(bench);
	pass_time(bench, 10);
	modem_gets(bench);
	modem_gets(bench);
	pass_time(bench, TIMEOUT);
	app_write(a, msg);
	modem_gets_nothing(bench);
	assert_int_equal(mux_deadline(bench->mux), bench->now + 1000);
	/* Meanwhile another pair may wait, each for the same time. */
	pass_time(bench, 400);
	app_write(b, other);
	modem_gets_nothing(bench);
	assert_int_equal(mux_deadline(bench->mux), bench->now + 600);
	pass_time(bench, 599);
	modem_gets_nothing(bench);
	pass_time(bench, 1);
	modem_gets_this(bench, with_cid(msg, 40));
	modem_gets_nothing(bench);
	assert_int_equal(mux_deadline(bench->mux), bench->now + 400);
	pass_time(bench, 400);
	modem_gets_this(bench, with_cid(other, 40));
	modem_says(bench, answer(with_cid(other, 40), 0));
	modem_says(bench, answer(with_cid(msg, 40), 0));
	app_reads(a, answer(msg, 0));
	app_reads(b, answer(other, 0));
	modem_says(bench, answer(request(DMS, 40, 7, MODEL), 0));
	check_late(bench, 1);
}

static void test_V15_late_answer_of_another_message(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg old = request(DMS, 1, 5, MODEL);
	struct msg new = request(DMS, 1, 5, MODEL + 1);
	struct msg got;

	allocate(bench, a, DMS, 40);
	app_write(a, old);
	modem_gets(bench);
	pass_time(bench, TIMEOUT);
	app_write(a, new);
	got = modem_gets(bench);
	modem_says(bench, answer(got, 0));
	app_reads(a, answer(new, 0));
	modem_says(bench, answer(with_cid(old, 40), 0));
	check_late(bench, 1);
	app_reads_nothing(a);
}

static void test_V15_late_ctl_answers(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg old;
	struct msg got;

	app_write(a, ctl(5, VERSION));
	old = modem_gets(bench);
	pass_time(bench, TIMEOUT);
	app_write(a, ctl(5, VERSION));
	got = modem_gets(bench);
	assert_int_not_equal(msg_tid(got), msg_tid(old));
	/* A response to another message is not the late answer, though it has its tid. */
	modem_says(bench, answer(ctl((uint8_t)msg_tid(old), QMI_CTL_SET_DATA_FORMAT), 0));
	assert_string_equal(bench->why, "no matching request");
	modem_says(bench, answer(old, 0));
	check_late(bench, 2);
	app_reads_nothing(a);
	modem_says(bench, answer(got, 0));
	app_reads(a, answer(ctl(5, VERSION), 0));
	modem_says(bench, answer(old, 0));
	assert_string_equal(bench->why, "no matching request");
}

/* A CTL request of node 0 that has expired. */
static struct msg expire_one(struct bench *bench, struct session *session)
{
	struct msg old;

	app_write(session, ctl(5, VERSION));
	old = modem_gets(bench);
	pass_time(bench, TIMEOUT);
	return old;
}

static void test_V15_an_expired_ctl_tid_is_waited_for(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct msg old;

	bench->config.ctl_timeout = TIMEOUT;
	bench_restart(bench);
	a = open_on(bench, 0);
	old = expire_one(bench, a);
	fill_ctl(bench, 222, 32);
	/* Its late answer comes in time. */
	app_write(a, ctl_allocate(7, DMS));
	modem_gets_nothing(bench);
	assert_int_equal(mux_deadline(bench->mux), bench->now + 1000);
	pass_time(bench, 999);
	modem_gets_nothing(bench);
	modem_says(bench, answer(old, 0));
	check_late(bench, 1);
	app_reads_nothing(a);
	modem_gets_this(bench, with_tid(ctl_allocate(7, DMS), msg_tid(old)));
}

static void test_V15_an_expired_ctl_tid_is_taken_in_the_end(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct msg old;

	bench->config.ctl_timeout = TIMEOUT;
	bench_restart(bench);
	a = open_on(bench, 0);
	allocate(bench, a, DMS, 40);
	old = expire_one(bench, a);
	fill_ctl(bench, 222, 32);
	/* The mux's own requests reuse it too. */
	app_write(a, ctl(7, QMI_CTL_SYNC));
	modem_gets_nothing(bench);
	assert_int_equal(mux_deadline(bench->mux), bench->now + 1000);
	pass_time(bench, 999);
	modem_gets_nothing(bench);
	pass_time(bench, 1);
	modem_gets_this(bench, with_tid(ctl_release(0, DMS, 40), msg_tid(old)));
	modem_says(bench, answer(old, 0));
	assert_string_equal(bench->why, "no matching request");
	modem_says(bench, answer(ctl_release((uint8_t)msg_tid(old), DMS, 40), 0));
	app_reads(a, answer(ctl(7, QMI_CTL_SYNC), 0));
}

static void test_V15_all_255_expire(void **state)
{
	struct bench *bench = *state;
	struct session *a;

	bench->config.ctl_timeout = TIMEOUT;
	bench_restart(bench);
	a = open_on(bench, 0);
	fill_ctl(bench, 223, 32);
	app_write(a, ctl(7, VERSION));
	modem_gets_nothing(bench);
	pass_time(bench, TIMEOUT);
	assert_int_equal(mux_counters(bench->mux)->expired, 255);
	modem_gets_nothing(bench);
	pass_time(bench, 1000);
	modem_says(bench, answer(modem_gets_ctl(bench, ctl(7, VERSION)), 0));
	app_reads(a, answer(ctl(7, VERSION), 0));
}

/* Nobody's request but the mux's own waits for a tid. */
static void test_V15_all_255_have_expired_before(void **state)
{
	struct bench *bench = *state;
	struct session *a;

	bench->config.ctl_timeout = TIMEOUT;
	bench_restart(bench);
	a = open_on(bench, 0);
	allocate(bench, a, DMS, 40);
	fill_ctl(bench, 223, 32);
	app_write(a, ctl(7, QMI_CTL_SYNC));
	modem_gets_nothing(bench);
	pass_time(bench, TIMEOUT);
	modem_gets_nothing(bench);
	pass_time(bench, 1000);
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
}

static void test_V6_a_client_allocated_too_late(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg old;

	app_write(a, ctl_allocate(5, DMS));
	old = modem_gets(bench);
	pass_time(bench, TIMEOUT);
	modem_says(bench, about_client(answer(old, 0), DMS, 40));
	app_reads_nothing(a);
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	assert_int_equal(mux_client_count(bench->mux), 0);

	app_write(a, ctl_allocate(5, DMS));
	old = modem_gets(bench);
	pass_time(bench, TIMEOUT);
	modem_says(bench, answer(old, QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	check_late(bench, 2);
	app_reads_nothing(a);
	modem_gets_nothing(bench);

	/* A malformed response: there is nothing to release. */
	app_write(a, ctl_allocate(5, DMS));
	old = modem_gets(bench);
	pass_time(bench, TIMEOUT);
	modem_says(bench, answer(old, 0));
	app_reads_nothing(a);
	modem_gets_nothing(bench);
}

static void test_V15_release_not_answered(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);
	struct msg pending = request(DMS, 1, 3, MODEL);
	struct msg old;

	allocate(bench, a, DMS, 40);
	pass_time(bench, 10);
	app_write(a, ctl_release(5, DMS, 1));
	app_write(b, ctl(1, VERSION));
	old = modem_gets(bench);
	modem_says(bench, answer(modem_gets(bench), 0));
	app_reads(b, answer(ctl(1, VERSION), 0));
	pass_time(bench, TIMEOUT);
	/* The modem may have released it or not, so the CID is not used again. */
	assert_int_equal(mux_client_count(bench->mux), 0);
	app_write(b, pending);
	app_reads(b, answer(pending, QMI_ERROR_INVALID_CLIENT_ID));
	modem_says(bench, about_client(answer(old, 0), DMS, 40));
	check_late(bench, 1);
	app_reads_nothing(a);
}

static void test_V15_reclaim_not_answered(void **state)
{
	struct bench *bench = *state;
	struct session *gone = open_on(bench, 0);
	struct session *a = open_on(bench, 0);

	allocate(bench, gone, DMS, 40);
	mux_close(gone, bench->now);
	app_write(a, ctl_allocate(5, DMS));
	modem_says(bench, answer(modem_gets(bench), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	pass_time(bench, TIMEOUT);
	modem_gets_nothing(bench);
	assert_int_equal(allocate(bench, a, DMS, 41), 1);
}

static void test_V15_a_late_call_counts(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);
	struct msg start = request(WDS, 1, 5, QMI_WDS_START_NETWORK);

	allocate(bench, a, WDS, 40);
	app_write(a, start);
	modem_gets(bench);
	pass_time(bench, TIMEOUT);
	modem_says(bench, answer(with_cid(start, 40), 0));
	check_late(bench, 1);
	mux_close(a, bench->now);
	app_write(b, ctl_allocate(9, WDS));
	modem_says(bench, answer(modem_gets(bench), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	app_reads(b, answer(ctl_allocate(9, WDS), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
}

/* The call is up although the request has been forgotten. */
static void test_V9_a_call_that_is_forgotten_counts(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);
	struct msg start = request(WDS, 1, 5, QMI_WDS_START_NETWORK);

	allocate(bench, a, WDS, 40);
	allocate(bench, b, DMS, 40);
	app_write(a, start);
	modem_gets(bench);
	for (uint16_t tid = 1; tid <= 1024; tid++) {
		if (tid % 8 == 1)
			age_requests(bench);
		app_write(b, request(DMS, 1, tid, MODEL));
		modem_gets(bench);
	}
	pass_time(bench, TIMEOUT);
	modem_says(bench, answer(with_cid(start, 40), 0));
	assert_string_equal(bench->why, "no matching request");
	mux_close(a, bench->now);
	app_write(b, ctl_allocate(9, WDS));
	modem_says(bench, answer(modem_gets(bench), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	app_reads(b, answer(ctl_allocate(9, WDS), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
}

static void test_V15_deadlines_in_order(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	uint64_t first;

	allocate(bench, a, DMS, 40);
	app_write(a, request(DMS, 1, 1, MODEL));
	modem_gets(bench);
	first = bench->now + TIMEOUT;
	pass_time(bench, TIMEOUT - CTL_TIMEOUT + 100);
	app_write(a, ctl(2, VERSION));
	modem_gets(bench);
	age_requests(bench);
	assert_int_equal(mux_deadline(bench->mux), first);
	pass_time(bench, first - bench->now);
	assert_int_equal(mux_counters(bench->mux)->expired, 1);
	assert_int_equal(mux_deadline(bench->mux), first + 100);
	pass_time(bench, 100);
	assert_true(mux_deadline(bench->mux) == MUX_NEVER);
	assert_int_equal(mux_counters(bench->mux)->expired, 2);
}

/* What was due before its client's Release CID has expired, even if the tick is late for both. */
static void test_V15_a_late_tick_expires_in_order(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	app_write(a, request(DMS, 1, 1, MODEL));
	modem_gets(bench);
	pass_time(bench, TIMEOUT - CTL_TIMEOUT + 100);
	app_write(a, ctl_release(2, DMS, 1));
	modem_gets(bench);
	pass_time(bench, CTL_TIMEOUT);
	assert_int_equal(mux_counters(bench->mux)->expired, 2);
	assert_int_equal(mux_client_count(bench->mux), 0);
	app_reads_nothing(a);
}

static void check_in_flight(const struct bench *bench, unsigned count, uint64_t oldest)
{
	assert_int_equal(mux_in_flight(bench->mux), count);
	assert_true(mux_oldest_in_flight(bench->mux) == oldest);
}

/* What is in flight, and since when: of services and CTL, until it is answered or expires. */
static void test_mux_in_flight(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg got;
	uint64_t first;
	uint64_t second;

	check_in_flight(bench, 0, MUX_NEVER);
	allocate(bench, a, DMS, 40);
	check_in_flight(bench, 0, MUX_NEVER);
	first = bench->now;
	app_write(a, request(DMS, 1, 5, MODEL));
	modem_gets(bench);
	check_in_flight(bench, 1, first);
	pass_time(bench, 500);
	second = bench->now;
	app_write(a, ctl(3, VERSION));
	got = modem_gets(bench);
	app_write(a, request(DMS, 1, 6, MODEL));
	modem_gets(bench);
	check_in_flight(bench, 3, first);
	modem_says(bench, answer(request(DMS, 40, 5, MODEL), 0));
	check_in_flight(bench, 2, second);
	pass_time(bench, CTL_TIMEOUT);
	check_in_flight(bench, 1, second);
	/* Late. */
	modem_says(bench, answer(got, 0));
	modem_says(bench, answer(request(DMS, 40, 6, MODEL), 0));
	check_in_flight(bench, 0, MUX_NEVER);
}

/* Late responses count as such, and not as ones that nobody asked for. */
static void test_mux_counts_responses(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	app_write(a, request(DMS, 1, 5, MODEL));
	modem_gets(bench);
	pass_time(bench, TIMEOUT);
	modem_says(bench, answer(request(DMS, 40, 5, MODEL), 0));
	modem_says(bench, indication(DMS, 40, IND));
	assert_int_equal(mux_responses(bench->mux), 2);
	assert_int_equal(mux_unasked(bench->mux), 0);
	modem_says(bench, answer(request(DMS, 40, 5, MODEL), 0));
	modem_says(bench, answer(ctl(99, VERSION), 0));
	assert_int_equal(mux_responses(bench->mux), 4);
	assert_int_equal(mux_unasked(bench->mux), 2);
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V15_late_answers_are_dropped),
	BENCH_TEST(test_V15_a_late_answer_is_not_waited_for_long),
	BENCH_TEST(test_V15_late_answer_of_another_message),
	BENCH_TEST(test_V15_late_ctl_answers),
	BENCH_TEST(test_V15_an_expired_ctl_tid_is_waited_for),
	BENCH_TEST(test_V15_an_expired_ctl_tid_is_taken_in_the_end),
	BENCH_TEST(test_V15_all_255_expire),
	BENCH_TEST(test_V15_all_255_have_expired_before),
	BENCH_TEST(test_V6_a_client_allocated_too_late),
	BENCH_TEST(test_V15_release_not_answered),
	BENCH_TEST(test_V15_reclaim_not_answered),
	BENCH_TEST(test_V15_a_late_call_counts),
	BENCH_TEST(test_V9_a_call_that_is_forgotten_counts),
	BENCH_TEST(test_V15_deadlines_in_order),
	BENCH_TEST(test_V15_a_late_tick_expires_in_order),
	BENCH_TEST(test_mux_in_flight),
	BENCH_TEST(test_mux_counts_responses),
};

TEST_GROUP(mux_timeout_tests, tests);

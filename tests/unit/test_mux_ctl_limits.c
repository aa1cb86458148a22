/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many CTL requests may be under way, and for how long: V4, V15, V28. */
#include "mux_bench.h"

#define VERSION QMI_CTL_GET_VERSION_INFO

/* Has a new session of the user leave this many CTL requests unanswered. */
static struct session *leave_unanswered(struct bench *bench, uint32_t uid, unsigned count)
{
	struct session *session = open_as(bench, uid);

	age_requests(bench);
	for (unsigned i = 0; i < count; i++) {
		app_write(session, ctl(6, VERSION));
		modem_gets_ctl(bench, ctl(6, VERSION));
	}
	return session;
}

static void check_8_of_a_session(struct bench *bench, uint32_t uid)
{
	struct session *a = open_as(bench, uid);
	struct session *b = open_as(bench, uid);
	struct msg first = {{0}};

	age_requests(bench);
	for (uint8_t tid = 1; tid <= 10; tid++)
		app_write(a, ctl(tid, VERSION));
	for (uint8_t tid = 1; tid <= 8; tid++)
		first = modem_gets_ctl(bench, ctl(tid, VERSION));
	modem_gets_nothing(bench);
	age_requests(bench);
	modem_gets_nothing(bench);
	app_write(b, ctl(77, VERSION));
	modem_gets_ctl(bench, ctl(77, VERSION));
	modem_says(bench, answer(first, 0));
	modem_gets_ctl(bench, ctl(9, VERSION));
	modem_gets_nothing(bench);
	mux_close(a, bench->now);
	mux_close(b, bench->now);
}

static void test_V28_8_of_a_session(void **state)
{
	check_8_of_a_session(*state, 1000);
}

static void test_V28_8_of_a_session_of_root(void **state)
{
	check_8_of_a_session(*state, 0);
}

/* Nor do its requests to services wait behind anything but its CTL requests. */
static void test_V28_8_of_a_session_hold_up_what_follows(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1000);

	allocate(bench, a, DMS, 40);
	for (unsigned i = 0; i < 9; i++)
		app_write(a, ctl(6, VERSION));
	app_write(a, request(DMS, 1, 1, MODEL));
	for (unsigned i = 0; i < 8; i++)
		modem_gets_ctl(bench, ctl(6, VERSION));
	modem_gets_nothing(bench);
	exchange(bench, b, request(DMS, 1, 2, MODEL), 40);
	/* The 8 expire, and each is over then for the session. */
	pass_time(bench, CTL_TIMEOUT);
	modem_gets_ctl(bench, ctl(6, VERSION));
	modem_gets_this(bench, request(DMS, 40, 1, MODEL));
}

/* V3: what becomes invalid meanwhile is answered at once all the same. */
static void test_V28_8_of_a_session_and_a_client_that_goes(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct msg revoked =
		about_client(indication(QMI_SERVICE_CTL, 0, QMI_CTL_REVOKE_CID), DMS, 40);

	allocate(bench, a, DMS, 40);
	for (unsigned i = 0; i < 8; i++) {
		app_write(a, ctl(6, VERSION));
		modem_gets_ctl(bench, ctl(6, VERSION));
	}
	app_write(a, ctl_release(7, DMS, 1));
	modem_gets_nothing(bench);
	modem_says(bench, revoked);
	pass_time(bench, 0);
	app_reads(a, about_client(indication(QMI_SERVICE_CTL, 0, QMI_CTL_REVOKE_CID), DMS, 1));
	app_reads(a, answer(ctl_release(7, DMS, 1), QMI_ERROR_INVALID_CLIENT_ID));
}

static void test_V28_32_of_a_user(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1001);
	struct msg got;

	app_write(a, ctl(5, VERSION));
	got = modem_gets(bench);
	for (unsigned i = 0; i < 3; i++)
		leave_unanswered(bench, 1000, 8);
	leave_unanswered(bench, 1000, 7);
	age_requests(bench);
	app_write(a, ctl(78, VERSION));
	modem_gets_nothing(bench);
	/* Nor may another session of this user, or with an Allocate CID; other users may. */
	app_write(open_as(bench, 1000), ctl_allocate(79, DMS));
	modem_gets_nothing(bench);
	app_write(b, ctl(80, VERSION));
	modem_gets_ctl(bench, ctl(80, VERSION));
	app_write(open_as(bench, 0), ctl(81, VERSION));
	modem_gets_ctl(bench, ctl(81, VERSION));
	modem_says(bench, answer(got, 0));
	modem_gets_ctl(bench, ctl(78, VERSION));
	modem_gets_nothing(bench);
}

static void test_V28_expired_ones_count(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct msg got;

	a = open_as(bench, 1000);
	app_write(a, ctl(5, VERSION));
	got = modem_gets(bench);
	for (unsigned i = 0; i < 3; i++)
		leave_unanswered(bench, 1000, 8);
	leave_unanswered(bench, 1000, 7);
	pass_time(bench, 100 * CTL_TIMEOUT);
	assert_int_equal(mux_counters(bench->mux)->expired, 32);
	app_write(a, ctl(6, VERSION));
	app_write(open_as(bench, 1000), ctl(7, VERSION));
	modem_gets_nothing(bench);
	assert_int_equal(mux_deadline(bench->mux), bench->now + 1000);
	pass_time(bench, 999);
	modem_gets_nothing(bench);
	modem_says(bench, answer(got, 0));
	modem_gets_ctl(bench, ctl(6, VERSION));
	modem_gets_nothing(bench);
	/* Those that are left are waited for no longer than that. */
	pass_time(bench, 1);
	modem_gets_ctl(bench, ctl(7, VERSION));
	for (unsigned i = 0; i < 3; i++)
		leave_unanswered(bench, 1000, 8);
}

/* One that waits already contends with those that expire meanwhile. */
static void test_V28_waiting_while_they_expire(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);

	for (unsigned i = 0; i < 4; i++)
		leave_unanswered(bench, 1000, 8);
	app_write(a, ctl(6, VERSION));
	pass_time(bench, CTL_TIMEOUT);
	modem_gets_nothing(bench);
	pass_time(bench, 999);
	modem_gets_nothing(bench);
	pass_time(bench, 1);
	modem_gets_ctl(bench, ctl(6, VERSION));
}

/* Nothing contends with those that expire just as the wait for others ends. */
static void test_V28_waiting_no_longer_as_they_expire(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);

	for (unsigned i = 0; i < 4; i++)
		leave_unanswered(bench, 1000, 8);
	pass_time(bench, CTL_TIMEOUT - 1000);
	assert_int_equal(mux_counters(bench->mux)->expired, 24);
	app_write(a, ctl(6, VERSION));
	modem_gets_nothing(bench);
	pass_time(bench, 1000);
	assert_int_equal(mux_counters(bench->mux)->expired, 32);
	modem_says(bench, answer(modem_gets_ctl(bench, ctl(6, VERSION)), 0));
	assert_true(mux_deadline(bench->mux) == MUX_NEVER);
}

/* Expired requests of one user do not make another wait, or end sooner. */
static void test_V28_only_the_users_own_contend(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1001);
	struct msg got;

	app_write(b, ctl(5, VERSION));
	got = modem_gets(bench);
	for (unsigned i = 0; i < 4; i++)
		leave_unanswered(bench, 1000, 8);
	pass_time(bench, CTL_TIMEOUT);
	app_write(a, ctl(6, VERSION));
	modem_gets_nothing(bench);
	pass_time(bench, 1000);
	modem_gets_ctl(bench, ctl(6, VERSION));
	modem_says(bench, answer(got, 0));
	assert_string_equal(bench->why, "late");
}

static void test_V28_32_tids_for_clients(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct session *b;
	struct msg got;

	bench->config.ctl_timeout = TIMEOUT;
	bench_restart(bench);
	a = open_as(bench, 1000);
	b = open_as(bench, 1001);
	allocate(bench, b, DMS, 40);
	app_write(a, ctl(5, VERSION));
	got = modem_gets(bench);
	fill_ctl(bench, 221, 0);
	app_write(open_as(bench, 1002), ctl(6, VERSION));
	modem_gets_ctl(bench, ctl(6, VERSION));
	app_write(open_as(bench, 1003), ctl(7, VERSION));
	modem_gets_nothing(bench);
	allocate(bench, b, DMS, 41);
	app_write(b, ctl_release(1, DMS, 1));
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 40)), 0));
	app_reads(b, answer(ctl_release(1, DMS, 1), 0));
	app_write(b, ctl(2, QMI_CTL_SYNC));
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 41)), 0));
	app_reads(b, answer(ctl(2, QMI_CTL_SYNC), 0));
	modem_says(bench, answer(got, 0));
	modem_gets_ctl(bench, ctl(7, VERSION));
	modem_gets_nothing(bench);
}

/* However many users leave Allocate CIDs behind, one who has none gets a tid. */
static void test_V28_many_users_leave_tids_free(void **state)
{
	struct bench *bench = *state;
	struct session *sessions[48];
	unsigned sent = 0;
	size_t size;

	bench->config.ctl_timeout = TIMEOUT;
	bench_restart(bench);
	for (unsigned i = 0; i < 48; i++) {
		sessions[i] = open_as(bench, 1000 + i % 12);
		for (uint8_t tid = 1; tid <= 8; tid++)
			app_write(sessions[i], ctl_allocate(tid, i < 24 ? DMS : NAS));
	}
	age_requests(bench);
	while (mux_port_next(bench->mux, bench->now, &size)) {
		mux_port_sent(bench->mux);
		if (++sent % 8 == 0)
			age_requests(bench);
	}
	/* Each has its 19th, some their 20th; the next would have to leave as many free. */
	assert_int_equal(sent, 255 - 19);
	for (unsigned i = 0; i < 48; i++)
		mux_close(sessions[i], bench->now);
	age_requests(bench);
	modem_gets_nothing(bench);
	allocate(bench, open_as(bench, 2000), DMS, 40);
}

static void test_V15_ten_seconds(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 0);
	struct session *b = open_as(bench, 1001);

	allocate(bench, a, DMS, 40);
	allocate(bench, a, DMS, 41);
	app_write(b, ctl(5, VERSION));
	modem_gets(bench);
	app_write(a, request(DMS, 1, 1, MODEL));
	modem_gets(bench);
	app_write(a, ctl(6, QMI_CTL_SYNC));
	app_reads(a, answer(request(DMS, 1, 1, MODEL), QMI_ERROR_ABORTED));
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	modem_gets_ctl(bench, ctl_release(0, DMS, 41));
	pass_time(bench, 1000);
	assert_int_equal(mux_deadline(bench->mux), bench->now + 9000);
	pass_time(bench, 8999);
	app_reads_nothing(a);
	assert_int_equal(mux_counters(bench->mux)->expired, 0);
	/* The mux's own too. */
	pass_time(bench, 1);
	app_reads(a, answer(ctl(6, QMI_CTL_SYNC), 0));
	assert_int_equal(mux_counters(bench->mux)->expired, 3);
}

static void test_V15_closing_expires(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1000);
	struct msg first;
	struct msg next;

	app_write(a, ctl(5, VERSION));
	first = modem_gets(bench);
	mux_close(a, bench->now);
	assert_int_equal(mux_counters(bench->mux)->expired, 0);
	assert_true(mux_deadline(bench->mux) == MUX_NEVER);
	for (unsigned i = 0; i < 300; i++) {
		app_write(b, ctl(6, VERSION));
		next = modem_gets(bench);
		assert_int_not_equal(msg_tid(next), msg_tid(first));
		modem_says(bench, answer(next, 0));
		app_reads(b, answer(ctl(6, VERSION), 0));
	}
	modem_says(bench, answer(first, 0));
	assert_string_equal(bench->why, "late");
}

/* A client whose release is not known to have succeeded is nobody's. */
static void test_V15_closing_with_a_release_under_way(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1000);
	const uint16_t errors[] = {0, QMI_ERROR_INVALID_CLIENT_ID, QMI_ERROR_INTERNAL};
	struct msg got;

	for (size_t i = 0; i < 3; i++) {
		a = open_as(bench, 1000);
		allocate(bench, a, DMS, 40);
		app_write(b, request(DMS, 1, 3, MODEL));
		modem_gets(bench);
		app_write(a, ctl_release(5, DMS, 1));
		got = modem_gets_ctl(bench, ctl_release(0, DMS, 40));
		mux_close(a, bench->now);
		app_reads(b, answer(request(DMS, 1, 3, MODEL), QMI_ERROR_ABORTED));
		assert_int_equal(mux_client_count(bench->mux), 0);
		modem_says(bench, answer(got, errors[i]));
		if (errors[i] == QMI_ERROR_INTERNAL)
			modem_says(bench,
				   answer(modem_gets_ctl(bench, ctl_release(0, DMS, 40)), 0));
		modem_gets_nothing(bench);
	}
	/* It has been allocated again since: that one stays. */
	a = open_as(bench, 1000);
	allocate(bench, a, DMS, 40);
	app_write(a, ctl_release(5, DMS, 1));
	got = modem_gets(bench);
	mux_close(a, bench->now);
	allocate(bench, b, DMS, 40);
	modem_says(bench, answer(got, QMI_ERROR_INTERNAL));
	modem_gets_nothing(bench);
	exchange(bench, b, request(DMS, 1, 1, MODEL), 40);
}

/* Whoever opens, asks and closes holds up only itself. */
static void test_V28_300_sessions_that_ask_and_close(void **state)
{
	struct bench *bench = *state;
	struct msg asked = ctl_allocate(9, DMS);
	struct session *b = open_as(bench, 1001);
	unsigned sent = 0;
	size_t size;

	for (unsigned i = 0; i < 300; i++) {
		struct session *a = open_as(bench, 1000);

		app_write(a, ctl(6, VERSION));
		while (mux_port_next(bench->mux, bench->now, &size)) {
			mux_port_sent(bench->mux);
			sent++;
		}
		mux_close(a, bench->now);
	}
	assert_int_equal(sent, 32);
	app_write(b, asked);
	modem_gets_ctl(bench, asked);
	/* And itself no longer than a second at a time. */
	pass_time(bench, 1000);
	modem_gets_ctl(bench, ctl(6, VERSION));
}

static void test_V15_1024_expired_of_each_user(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1001);
	struct msg of_a = request(DMS, 40, 2000, MODEL);

	allocate(bench, a, DMS, 40);
	allocate(bench, b, DMS, 41);
	app_write(a, request(DMS, 1, 2000, MODEL));
	modem_gets_this(bench, of_a);
	for (uint16_t tid = 0; tid < 1025; tid++) {
		if (tid % 8 == 0)
			age_requests(bench);
		if (tid == 1024)
			pass_time(bench, TIMEOUT);
		app_write(b, request(DMS, 2, tid, MODEL));
		modem_gets(bench);
	}
	pass_time(bench, TIMEOUT);
	/* b's first has been forgotten, its second has not; nor has a's. */
	modem_says(bench, answer(request(DMS, 41, 0, MODEL), 0));
	assert_string_equal(bench->why, "no matching request");
	modem_says(bench, answer(request(DMS, 41, 1, MODEL), 0));
	assert_string_equal(bench->why, "late");
	modem_says(bench, answer(request(DMS, 41, 0, MODEL), 0));
	modem_says(bench, answer(of_a, 0));
	assert_string_equal(bench->why, "late");
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V28_8_of_a_session),
	BENCH_TEST(test_V28_8_of_a_session_of_root),
	BENCH_TEST(test_V28_8_of_a_session_hold_up_what_follows),
	BENCH_TEST(test_V28_8_of_a_session_and_a_client_that_goes),
	BENCH_TEST(test_V28_32_of_a_user),
	BENCH_TEST(test_V28_expired_ones_count),
	BENCH_TEST(test_V28_waiting_while_they_expire),
	BENCH_TEST(test_V28_waiting_no_longer_as_they_expire),
	BENCH_TEST(test_V28_only_the_users_own_contend),
	BENCH_TEST(test_V28_32_tids_for_clients),
	BENCH_TEST(test_V28_many_users_leave_tids_free),
	BENCH_TEST(test_V15_ten_seconds),
	BENCH_TEST(test_V15_closing_expires),
	BENCH_TEST(test_V15_closing_with_a_release_under_way),
	BENCH_TEST(test_V28_300_sessions_that_ask_and_close),
	BENCH_TEST(test_V15_1024_expired_of_each_user),
};

TEST_GROUP(mux_ctl_limit_tests, tests);

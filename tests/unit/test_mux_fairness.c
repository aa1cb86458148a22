/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns at the port, by users and their sessions: V14, V28. */
#include "mux_bench.h"

#define VERSION QMI_CTL_GET_VERSION_INFO

/* Requests of a session that tell it from others. */
static void write_many(struct session *session, uint8_t cid, unsigned count)
{
	for (uint16_t tid = 1; tid <= count; tid++)
		app_write(session, request(DMS, cid, tid, MODEL));
}

static void modem_gets_of(struct bench *bench, uint8_t device_cid, uint16_t tid)
{
	modem_gets_this(bench, request(DMS, device_cid, tid, MODEL));
}

static void test_V28_users_take_turns_then_their_sessions(void **state)
{
	struct bench *bench = *state;
	struct session *a[3];
	struct session *b = open_as(bench, 1001);
	struct session *root = open_as(bench, 0);

	for (uint8_t i = 0; i < 3; i++) {
		a[i] = open_as(bench, 1000);
		allocate(bench, a[i], DMS, (uint8_t)(40 + i));
	}
	allocate(bench, b, DMS, 50);
	allocate(bench, root, DMS, 60);
	for (uint8_t i = 0; i < 3; i++)
		write_many(a[i], (uint8_t)(1 + i), 2);
	write_many(b, 4, 3);
	write_many(root, 5, 2);
	modem_gets_of(bench, 40, 1);
	modem_gets_of(bench, 50, 1);
	modem_gets_of(bench, 60, 1);
	modem_gets_of(bench, 41, 1);
	modem_gets_of(bench, 50, 2);
	modem_gets_of(bench, 60, 2);
	modem_gets_of(bench, 42, 1);
	modem_gets_of(bench, 50, 3);
	modem_gets_of(bench, 40, 2);
	modem_gets_of(bench, 41, 2);
	modem_gets_of(bench, 42, 2);
	modem_gets_nothing(bench);
}

/* A newcomer comes after those who wait already, but before any of them twice. */
static void test_V28_a_newcomer_waits_one_round(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1001);
	struct session *c = open_as(bench, 1002);

	allocate(bench, a, DMS, 40);
	allocate(bench, b, DMS, 50);
	allocate(bench, c, DMS, 60);
	write_many(a, 1, 4);
	write_many(b, 2, 4);
	modem_gets_of(bench, 40, 1);
	write_many(c, 3, 1);
	modem_gets_of(bench, 50, 1);
	modem_gets_of(bench, 40, 2);
	modem_gets_of(bench, 60, 1);
	modem_gets_of(bench, 50, 2);
}

static void test_V28_own_requests_run_in_the_users_turn(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 0);
	struct session *same = open_as(bench, 0);
	struct session *b = open_as(bench, 1001);

	for (uint8_t i = 0; i < 3; i++)
		allocate(bench, a, NAS, (uint8_t)(40 + i));
	allocate(bench, same, DMS, 45);
	allocate(bench, b, DMS, 50);
	app_write(a, ctl(1, QMI_CTL_SYNC));
	write_many(same, 1, 3);
	write_many(b, 2, 6);
	modem_gets_ctl(bench, ctl_release(0, NAS, 40));
	modem_gets_of(bench, 50, 1);
	modem_gets_of(bench, 45, 1);
	modem_gets_of(bench, 50, 2);
	modem_gets_ctl(bench, ctl_release(0, NAS, 41));
	modem_gets_of(bench, 50, 3);
	modem_gets_of(bench, 45, 2);
	modem_gets_of(bench, 50, 4);
	modem_gets_ctl(bench, ctl_release(0, NAS, 42));
	modem_gets_of(bench, 50, 5);
	modem_gets_of(bench, 45, 3);
	modem_gets_of(bench, 50, 6);
	modem_gets_nothing(bench);
}

/* What waits for a session is sent before its own next frame. */
static void test_V28_own_requests_before_the_sessions_frames(void **state)
{
	struct bench *bench = *state;
	struct session *gone = open_as(bench, 1000);
	struct session *a = open_as(bench, 1000);
	struct msg got;

	allocate(bench, a, DMS, 40);
	allocate(bench, gone, NAS, 41);
	mux_close(gone, bench->now);
	app_write(a, ctl_allocate(9, NAS));
	got = modem_gets(bench);
	write_many(a, 1, 2);
	modem_says(bench, answer(got, QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	got = modem_gets_ctl(bench, ctl_release(0, NAS, 41));
	modem_gets_of(bench, 40, 1);
	modem_says(bench, answer(got, 0));
	got = modem_gets_ctl(bench, ctl_allocate(0, NAS));
	modem_gets_of(bench, 40, 2);
	modem_says(bench, about_client(answer(got, 0), NAS, 41));
	app_reads(a, about_client(answer(ctl_allocate(9, NAS), 0), NAS, 1));
}

/* A session that has closed leaves its releases to its user. */
static void test_V28_what_a_closed_session_leaves(void **state)
{
	struct bench *bench = *state;
	struct session *a[2];
	struct session *same = open_as(bench, 0);
	struct session *b = open_as(bench, 1001);

	for (uint8_t i = 0; i < 2; i++) {
		a[i] = open_as(bench, 0);
		allocate(bench, a[i], NAS, (uint8_t)(40 + 2 * i));
		allocate(bench, a[i], NAS, (uint8_t)(41 + 2 * i));
	}
	allocate(bench, same, DMS, 45);
	allocate(bench, b, DMS, 50);
	for (uint8_t i = 0; i < 2; i++) {
		app_write(a[i], ctl(1, QMI_CTL_SYNC));
		mux_close(a[i], bench->now);
	}
	write_many(same, 1, 2);
	write_many(b, 2, 6);
	/* All of them are one session more. */
	modem_gets_ctl(bench, ctl_release(0, NAS, 40));
	modem_gets_of(bench, 50, 1);
	modem_gets_of(bench, 45, 1);
	modem_gets_of(bench, 50, 2);
	modem_gets_ctl(bench, ctl_release(0, NAS, 41));
	modem_gets_of(bench, 50, 3);
	modem_gets_of(bench, 45, 2);
	modem_gets_of(bench, 50, 4);
	modem_gets_ctl(bench, ctl_release(0, NAS, 42));
	modem_gets_of(bench, 50, 5);
	modem_gets_ctl(bench, ctl_release(0, NAS, 43));
	modem_gets_of(bench, 50, 6);
	modem_gets_nothing(bench);
}

/* The releases of old orphans are at the cost of the user who left them. */
static void test_V28_old_orphans(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct session *b;

	bench->config.orphan_timeout = 5000;
	bench_restart(bench);
	a = open_as(bench, 0);
	b = open_as(bench, 1001);
	allocate(bench, b, DMS, 50);
	for (uint8_t i = 0; i < 3; i++)
		allocate(bench, a, NAS, (uint8_t)(40 + i));
	mux_close(a, bench->now);
	pass_time(bench, 5000);
	write_many(b, 1, 4);
	modem_gets_ctl(bench, ctl_release(0, NAS, 40));
	modem_gets_of(bench, 50, 1);
	modem_gets_ctl(bench, ctl_release(0, NAS, 41));
	modem_gets_of(bench, 50, 2);
	modem_gets_ctl(bench, ctl_release(0, NAS, 42));
	modem_gets_of(bench, 50, 3);
}

static void test_V28_the_sync_of_the_start_is_first(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *root = open_as(bench, 0);

	app_write(a, ctl(1, VERSION));
	app_write(root, ctl(2, VERSION));
	mux_start_sync(bench->mux, bench->now);
	modem_gets_ctl(bench, ctl(0, QMI_CTL_SYNC));
	modem_gets_ctl(bench, ctl(1, VERSION));
	modem_gets_ctl(bench, ctl(2, VERSION));
}

/* Without port time for others, a user of many sessions gets no more of it. */
static void test_V28_many_sessions_are_no_advantage(void **state)
{
	struct bench *bench = *state;
	struct session *b = open_as(bench, 1001);
	unsigned of_b = 0;

	allocate(bench, b, DMS, 50);
	for (unsigned i = 0; i < 100; i++)
		app_write(open_as(bench, 1000), ctl(6, VERSION));
	write_many(b, 1, 8);
	for (unsigned i = 0; i < 16; i++)
		of_b += frame_service(modem_gets(bench).bytes) == DMS;
	assert_int_equal(of_b, 8);
}

#define WAITING 1000

static const uint8_t *next_frame(struct bench *bench)
{
	size_t size;
	const uint8_t *frame = mux_port_next(bench->mux, bench->now, &size);

	if (frame)
		mux_port_sent(bench->mux);
	return frame;
}

/* The end of what all wait for wakes one of them, not all. */
static void test_V5_many_wait_for_one_tid(void **state)
{
	static struct session *sessions[WAITING];
	struct bench *bench = *state;
	struct msg msg = request(DMS, 1, 7, MODEL);
	struct msg from_modem = answer(with_cid(msg, 40), 0);

	for (unsigned i = 0; i < WAITING; i++)
		sessions[i] = open_as(bench, 1000);
	allocate(bench, sessions[0], DMS, 40);
	for (unsigned i = 0; i < WAITING; i++)
		mux_write(sessions[i], msg.bytes, 13, bench->now);
	for (unsigned i = 0; i < WAITING; i++) {
		mux_tick(bench->mux, bench->now);
		assert_non_null(next_frame(bench));
		assert_null(next_frame(bench));
		/* Nobody but the one who is next is to be looked at. */
		assert_true(mux_deadline(bench->mux) > 0);
		mux_port_received(bench->mux, from_modem.bytes, frame_size(from_modem.bytes),
				  bench->now);
		app_reads(sessions[i], answer(msg, 0));
	}
	modem_gets_nothing(bench);
}

/* One that closes, or sends something else, passes its place on. */
static void test_V5_leaving_the_line(void **state)
{
	struct bench *bench = *state;
	struct session *sessions[4];
	struct msg msg = request(DMS, 1, 7, MODEL);

	for (unsigned i = 0; i < 4; i++)
		sessions[i] = open_as(bench, 1000);
	allocate(bench, sessions[0], DMS, 40);
	for (unsigned i = 0; i < 4; i++)
		app_write(sessions[i], msg);
	modem_gets_this(bench, with_cid(msg, 40));
	modem_gets_nothing(bench);
	mux_close(sessions[1], bench->now);
	modem_says(bench, answer(with_cid(msg, 40), 0));
	/* The next one, though it has closed. */
	modem_gets_this(bench, with_cid(msg, 40));
	modem_says(bench, answer(with_cid(msg, 40), 0));
	modem_gets_this(bench, with_cid(msg, 40));
	modem_gets_nothing(bench);
	modem_says(bench, answer(with_cid(msg, 40), 0));
	app_reads(sessions[2], answer(msg, 0));
	modem_gets_this(bench, with_cid(msg, 40));
	modem_says(bench, answer(with_cid(msg, 40), 0));
	app_reads(sessions[3], answer(msg, 0));
}

/* The client goes: all who wait learn it. */
static void test_V5_the_client_of_many_goes(void **state)
{
	static struct session *sessions[100];
	struct bench *bench = *state;
	struct msg msg = request(DMS, 1, 7, MODEL);

	for (unsigned i = 0; i < 100; i++)
		sessions[i] = open_as(bench, 1000);
	allocate(bench, sessions[0], DMS, 40);
	for (unsigned i = 0; i < 100; i++)
		app_write(sessions[i], msg);
	modem_gets_this(bench, with_cid(msg, 40));
	modem_says(bench, about_client(indication(0, 0, QMI_CTL_REVOKE_CID), DMS, 40));
	for (unsigned i = 1; i < 100; i++)
		app_reads(sessions[i], answer(msg, QMI_ERROR_INVALID_CLIENT_ID));
	modem_gets_nothing(bench);
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V28_users_take_turns_then_their_sessions),
	BENCH_TEST(test_V28_a_newcomer_waits_one_round),
	BENCH_TEST(test_V28_own_requests_run_in_the_users_turn),
	BENCH_TEST(test_V28_own_requests_before_the_sessions_frames),
	BENCH_TEST(test_V28_what_a_closed_session_leaves),
	BENCH_TEST(test_V28_old_orphans),
	BENCH_TEST(test_V28_the_sync_of_the_start_is_first),
	BENCH_TEST(test_V28_many_sessions_are_no_advantage),
	BENCH_TEST(test_V5_many_wait_for_one_tid),
	BENCH_TEST(test_V5_leaving_the_line),
	BENCH_TEST(test_V5_the_client_of_many_goes),
};

TEST_GROUP(mux_fairness_tests, tests);

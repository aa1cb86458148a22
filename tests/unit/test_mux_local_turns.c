/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns of what needs no modem: V14, V28. */
#include <string.h>

#include "mux_bench.h"

#define FLOOD 5000 /* frames that fit into one write */

static struct {
	struct msg msg;
	const struct session *session;
	enum mux_path path;
} seen[100];

static unsigned seen_count;

static void see(void *context, const struct mux_trace *trace)
{
	(void)context;
	if (seen_count == 100)
		return;
	seen[seen_count].session = trace->session;
	seen[seen_count].path = trace->path;
	memcpy(seen[seen_count].msg.bytes, trace->frame, frame_size(trace->frame));
	seen_count++;
}

static void restart_and_see(struct bench *bench)
{
	bench->config.hooks.trace = see;
	bench_restart(bench);
	seen_count = 0;
}

static void check_seen(unsigned i, enum mux_path path, const struct session *session,
		       struct msg msg)
{
	assert_true(i < seen_count);
	assert_int_equal(seen[i].path, path);
	assert_ptr_equal(seen[i].session, session);
	assert_msg(seen[i].msg, msg);
}

static struct msg refused(uint16_t tid)
{
	return request(DMS, 9, tid, MODEL);
}

/* One write of many frames that the mux refuses. */
static void write_refused(struct bench *bench, struct session *session, unsigned count)
{
	static uint8_t data[FLOOD * 13];

	for (unsigned i = 0; i < count; i++)
		memcpy(data + 13 * i, refused((uint16_t)i).bytes, 13);
	assert_int_equal(mux_write(session, data, count * 13, bench->now), count * 13);
}

static void test_V28_taken_then_answered(void **state)
{
	struct bench *bench = *state;
	struct msg malformed = ctl(3, QMI_CTL_RELEASE_CID);
	struct session *a;

	restart_and_see(bench);
	a = open_as(bench, 1000);
	app_write(a, refused(1));
	app_write(a, ctl(2, QMI_CTL_SYNC));
	app_write(a, malformed);
	check_seen(0, MUX_TAKEN, a, refused(1));
	check_seen(1, MUX_ANSWERED, a, answer(refused(1), QMI_ERROR_INVALID_CLIENT_ID));
	check_seen(2, MUX_TAKEN, a, ctl(2, QMI_CTL_SYNC));
	check_seen(3, MUX_ANSWERED, a, answer(ctl(2, QMI_CTL_SYNC), 0));
	check_seen(4, MUX_TAKEN, a, malformed);
	check_seen(5, MUX_ANSWERED, a, answer(malformed, QMI_ERROR_MALFORMED_MESSAGE));
	assert_int_equal(seen_count, 6);
}

/* Those of a closed session are taken too, and nobody is answered. */
static void test_V28_taken_from_a_closed_session(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct session *b;
	size_t before;

	restart_and_see(bench);
	b = open_as(bench, 1001);
	before = mux_memory(bench->mux);
	a = open_as(bench, 1000);
	write_refused(bench, a, 84);
	assert_int_equal(mux_write(a, ctl_allocate(1, DMS).bytes, 16, bench->now), 16);
	assert_int_equal(mux_deadline(bench->mux), 0);
	mux_close(a, bench->now);
	seen_count = 0;
	app_write(b, refused(77));
	modem_gets_nothing(bench);
	assert_true(seen_count > 4);
	check_seen(seen_count - 1, MUX_TAKEN, a, ctl_allocate(1, DMS));
	for (unsigned i = 0; i < seen_count; i++)
		assert_true(seen[i].path == MUX_TAKEN || seen[i].session == b);
	app_reads(b, answer(refused(77), QMI_ERROR_INVALID_CLIENT_ID));
	mux_close(b, bench->now);
	assert_int_equal(mux_memory(bench->mux), 0);
	assert_true(before > 0);
}

/* How many answers a session could read. */
static unsigned count_answers(struct session *session)
{
	unsigned count = 0;
	const uint8_t *data;
	ssize_t size;

	while ((size = mux_peek(session, &data)) > 0) {
		mux_consume(session, (size_t)size);
		count++;
	}
	return count;
}

static void test_V28_a_flood_holds_up_nobody(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *same = open_as(bench, 1000);
	struct session *b = open_as(bench, 1001);
	unsigned answered;
	unsigned ticks = 0;

	write_refused(bench, a, FLOOD);
	answered = count_answers(a);
	assert_true(answered > 0 && answered < 100);
	assert_int_equal(mux_deadline(bench->mux), 0);
	write_refused(bench, b, 1);
	write_refused(bench, same, 1);
	mux_tick(bench->mux, bench->now);
	app_reads(b, answer(refused(0), QMI_ERROR_INVALID_CLIENT_ID));
	app_reads(same, answer(refused(0), QMI_ERROR_INVALID_CLIENT_ID));
	for (; mux_deadline(bench->mux) == 0; ticks++) {
		unsigned count = count_answers(a);

		assert_true(count < 100);
		answered += count;
		mux_tick(bench->mux, bench->now);
	}
	assert_int_equal(answered + count_answers(a), FLOOD);
	assert_true(ticks > FLOOD / 100);
}

/* However many sessions the flood comes from. */
static void test_V28_a_flood_of_many_sessions(void **state)
{
	struct bench *bench = *state;
	struct session *b = open_as(bench, 1001);

	for (unsigned i = 0; i < 500; i++)
		write_refused(bench, open_as(bench, 1000), 20);
	write_refused(bench, b, 1);
	mux_tick(bench->mux, bench->now);
	app_reads(b, answer(refused(0), QMI_ERROR_INVALID_CLIENT_ID));
}

static void test_V28_only_writes_and_ticks_take_turns(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct msg ind = indication(DMS, 0xFF, IND);
	size_t size;

	write_refused(bench, a, FLOOD);
	count_answers(a);
	mux_port_received(bench->mux, ind.bytes, frame_size(ind.bytes), bench->now);
	assert_null(mux_port_next(bench->mux, bench->now, &size));
	mux_close(open_as(bench, 1000), bench->now);
	assert_int_equal(count_answers(a), 0);
	assert_int_equal(mux_deadline(bench->mux), 0);
	mux_tick(bench->mux, bench->now);
	assert_true(count_answers(a) > 0);
}

static void test_V28_users_take_turns_then_their_sessions(void **state)
{
	struct bench *bench = *state;
	struct session *a[2];
	struct session *b;
	struct session *flood;
	const struct session *order[12];
	unsigned count = 0;

	restart_and_see(bench);
	flood = open_as(bench, 1002);
	a[0] = open_as(bench, 1000);
	a[1] = open_as(bench, 1000);
	b = open_as(bench, 1001);
	/* Each write takes 64 turns, of all those that wait. */
	write_refused(bench, flood, FLOOD);
	write_refused(bench, a[0], 150);
	write_refused(bench, a[1], 150);
	write_refused(bench, b, 150);
	seen_count = 0;
	mux_tick(bench->mux, bench->now);
	for (unsigned i = 0; i < seen_count && count < 12; i++) {
		if (seen[i].path == MUX_TAKEN && seen[i].session != flood)
			order[count++] = seen[i].session;
	}
	assert_int_equal(count, 12);
	for (unsigned i = 0; i < 8; i++) {
		/* b every second time, and each of the others every fourth time. */
		assert_true((order[i] == b) != (order[i + 1] == b));
		assert_ptr_equal(order[i], order[i + 4]);
		assert_true(order[i] == b || order[i] != order[i + 2]);
	}
	for (unsigned i = 0; i + 3 < seen_count; i++) {
		unsigned of_flood = 0;

		/* Two traces for each frame, so two of six are the flood's. */
		for (unsigned k = i; k < i + 6 && i + 6 <= seen_count; k++)
			of_flood += seen[k].session == flood;
		assert_true(i + 6 > seen_count || of_flood == 2);
	}
}

/* A frame that arrives beside a flood is looked at within its own write. */
static void test_V28_looked_at_in_its_own_write(void **state)
{
	struct bench *bench = *state;
	struct session *b = open_as(bench, 2000);
	struct msg asked = request(DMS, 1, 1, MODEL);

	allocate(bench, b, DMS, 40);
	for (uint32_t uid = 1000; uid < 1060; uid++)
		write_refused(bench, open_as(bench, uid), FLOOD);
	assert_int_equal(mux_write(b, asked.bytes, frame_size(asked.bytes), bench->now),
			 frame_size(asked.bytes));
	modem_gets_this(bench, request(DMS, 40, 1, MODEL));
}

static void test_V18_stopping_takes_no_more(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);

	write_refused(bench, a, FLOOD);
	count_answers(a);
	mux_stop(bench->mux);
	assert_true(mux_deadline(bench->mux) > 0);
	mux_tick(bench->mux, bench->now);
	assert_int_equal(count_answers(a), 0);
	assert_true(mux_stopped(bench->mux));
}

/* V21: what waits for its turn counts against the limit of what may be written. */
static void test_V21_full_of_what_the_mux_refuses(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct msg msg = refused(1);

	write_refused(bench, a, FLOOD);
	write_refused(bench, a, 150);
	assert_false(mux_session_state(a) & SESSION_WRITABLE);
	assert_int_equal(mux_write(a, msg.bytes, 13, bench->now), -EAGAIN);
	while (mux_next_changed(bench->mux))
		;
	mux_tick(bench->mux, bench->now);
	assert_ptr_equal(mux_next_changed(bench->mux), a);
	assert_true(mux_session_state(a) & SESSION_WRITABLE);
	assert_int_equal(mux_write(a, msg.bytes, 13, bench->now), 13);
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V28_taken_then_answered),
	BENCH_TEST(test_V28_taken_from_a_closed_session),
	BENCH_TEST(test_V28_a_flood_holds_up_nobody),
	BENCH_TEST(test_V28_a_flood_of_many_sessions),
	BENCH_TEST(test_V28_looked_at_in_its_own_write),
	BENCH_TEST(test_V28_only_writes_and_ticks_take_turns),
	BENCH_TEST(test_V28_users_take_turns_then_their_sessions),
	BENCH_TEST(test_V18_stopping_takes_no_more),
	BENCH_TEST(test_V21_full_of_what_the_mux_refuses),
};

TEST_GROUP(mux_local_turn_tests, tests);

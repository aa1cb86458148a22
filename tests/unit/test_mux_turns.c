/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queues and turns: V14, V20 to V22. */
#include <string.h>

#include "mux_bench.h"
#include "session.h"

static void test_V14_round_robin(void **state)
{
	struct bench *bench = *state;
	struct session *flood = open_on(bench, 0);
	struct session *other = open_on(bench, 0);
	struct session *third = open_on(bench, 1);

	allocate(bench, flood, DMS, 40);
	allocate(bench, other, DMS, 41);
	allocate(bench, third, DMS, 42);
	for (uint16_t tid = 1; tid <= 4; tid++)
		app_write(flood, request(DMS, 1, tid, MODEL));
	modem_gets_this(bench, request(DMS, 40, 1, MODEL));
	app_write(other, request(DMS, 2, 1, MODEL));
	app_write(other, request(DMS, 2, 2, MODEL));
	app_write(third, request(DMS, 1, 1, MODEL));
	modem_gets_this(bench, request(DMS, 40, 2, MODEL));
	modem_gets_this(bench, request(DMS, 41, 1, MODEL));
	modem_gets_this(bench, request(DMS, 42, 1, MODEL));
	modem_gets_this(bench, request(DMS, 40, 3, MODEL));
	modem_gets_this(bench, request(DMS, 41, 2, MODEL));
	modem_gets_this(bench, request(DMS, 40, 4, MODEL));
	modem_gets_nothing(bench);
}

static void test_V14_the_mux_takes_turns_too(void **state)
{
	struct bench *bench = *state;
	struct session *flood = open_on(bench, 0);
	struct session *sync = open_on(bench, 1);

	allocate(bench, flood, DMS, 40);
	allocate(bench, sync, DMS, 41);
	allocate(bench, sync, DMS, 42);
	for (uint16_t tid = 1; tid <= 4; tid++)
		app_write(flood, request(DMS, 1, tid, MODEL));
	app_write(sync, ctl(1, QMI_CTL_SYNC));
	modem_gets_this(bench, request(DMS, 40, 1, MODEL));
	modem_gets_ctl(bench, ctl_release(0, DMS, 41));
	modem_gets_this(bench, request(DMS, 40, 2, MODEL));
	modem_gets_ctl(bench, ctl_release(0, DMS, 42));
	modem_gets_this(bench, request(DMS, 40, 3, MODEL));
}

static void test_V14_a_flood_costs_bounded_memory(void **state)
{
	struct bench *bench = *state;
	struct session *flood = open_on(bench, 0);
	struct session *other = open_on(bench, 0);

	allocate(bench, flood, DMS, 40);
	allocate(bench, other, DMS, 41);
	for (uint16_t tid = 0; tid < SESSION_IN_FLIGHT; tid++) {
		app_write(flood, request(DMS, 1, tid, MODEL));
		modem_gets(bench);
		if (tid % 8 == 7)
			age_requests(bench);
	}
	app_write(flood, request(DMS, 1, 5000, MODEL));
	modem_gets_nothing(bench);
	exchange(bench, other, request(DMS, 2, 1, MODEL), 41);
	modem_says(bench, answer(request(DMS, 40, 7, MODEL), 0));
	modem_gets_this(bench, request(DMS, 40, 5000, MODEL));
}

static void test_V14_overflow_hurts_only_itself(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);
	struct msg ind = indication(DMS, 0xFF, IND);
	struct msg text = plus(ind, 0x10, "new", 3);

	bench->config.queue_bytes = 4 * frame_size(ind.bytes);
	bench_restart(bench);
	a = open_on(bench, 0);
	b = open_on(bench, 0);
	allocate(bench, a, DMS, 40);
	allocate(bench, b, DMS, 41);
	for (unsigned i = 0; i < 4; i++) {
		modem_says(bench, ind);
		app_reads(b, ind);
	}
	modem_says(bench, text);
	app_reads(b, text);
	app_reads_nothing(b);
	assert_int_equal(mux_counters(bench->mux)->overflowed, 2);

	/* The next read reports the overflow once; then come the remaining frames. */
	app_reads_overflow(a);
	app_reads(a, ind);
	app_reads(a, ind);
	app_reads(a, text);
	app_reads_nothing(a);
}

static void test_V14_an_overflow_alone_is_readable(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	const uint8_t *data;

	bench->config.queue_bytes = 20;
	bench_restart(bench);
	a = open_on(bench, 0);
	allocate(bench, a, DMS, 40);
	modem_says(bench, indication(DMS, 40, IND));
	assert_int_equal(mux_peek(a, &data), 13);
	mux_consume(a, 5);
	modem_says(bench, indication(DMS, 40, IND));
	app_reads_overflow(a);
	assert_int_equal(mux_peek(a, &data), 8);
	mux_consume(a, 8);
	app_reads_nothing(a);
}

static void test_V20_a_frame_in_parts(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg ind = indication(DMS, 1, IND);
	const uint8_t *data;

	allocate(bench, a, DMS, 40);
	modem_says(bench, with_cid(ind, 40));
	modem_says(bench, with_cid(ind, 40));
	assert_int_equal(mux_peek(a, &data), 13);
	assert_memory_equal(data, ind.bytes, 13);
	mux_consume(a, 4);
	assert_true(mux_session_state(a) & SESSION_READABLE);
	assert_int_equal(mux_peek(a, &data), 9);
	assert_memory_equal(data, ind.bytes + 4, 9);
	mux_consume(a, 9);
	app_reads(a, ind);
	app_reads_nothing(a);
}

static void test_V21_full_and_writable_again(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	static const uint8_t value[240];
	struct msg msg = plus(request(DMS, 1, 1, MODEL), 0x10, value, sizeof(value));
	size_t size = frame_size(msg.bytes);

	assert_int_equal(size, 256);
	allocate(bench, a, DMS, 40);
	while (mux_next_changed(bench->mux))
		;
	for (size_t i = 0; i < SESSION_OUT_BYTES / size; i++) {
		assert_int_equal(mux_session_state(a), SESSION_WRITABLE);
		app_write(a, msg);
	}
	assert_int_equal(mux_session_state(a), 0);
	assert_int_equal(mux_write(a, msg.bytes, size, bench->now), -EAGAIN);
	assert_null(mux_next_changed(bench->mux));
	modem_gets_this(bench, with_cid(msg, 40));
	assert_int_equal(mux_session_state(a), SESSION_WRITABLE);
	assert_ptr_equal(mux_next_changed(bench->mux), a);
	assert_null(mux_next_changed(bench->mux));
	app_write(a, msg);
}

static void test_V21_writes_that_fail(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	static uint8_t large[FRAME_MAX + 1];
	static const uint8_t value[FRAME_MAX + 1 - FRAME_HEADER_MAX - 3];

	frame_begin(large, FRAME_REQUEST, DMS, 1, 1, MODEL);
	frame_add_tlv(large, 0x10, value, sizeof(value));
	assert_int_equal(mux_write(a, large, sizeof(large), bench->now), -EMSGSIZE);
	assert_int_equal(mux_write(a, value, 1, bench->now), -EINVAL);
	assert_int_equal(mux_write(a, value, 0, bench->now), 0);
	/* The session still works. */
	allocate(bench, a, DMS, 40);
	exchange(bench, a, request(DMS, 1, 1, MODEL), 40);
}

static void test_V21_a_write_of_frames_and_a_part(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	uint8_t data[39];

	allocate(bench, a, DMS, 40);
	for (uint16_t tid = 0; tid < 3; tid++)
		memcpy(data + 13 * tid, request(DMS, 1, tid, MODEL).bytes, 13);
	assert_int_equal(mux_write(a, data, 30, bench->now), 30);
	modem_gets_this(bench, request(DMS, 40, 0, MODEL));
	modem_gets_this(bench, request(DMS, 40, 1, MODEL));
	modem_gets_nothing(bench);
	assert_int_equal(mux_write(a, data + 30, 9, bench->now), 9);
	modem_gets_this(bench, request(DMS, 40, 2, MODEL));
}

static void test_V22_every_change_is_told_once(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);

	assert_false(mux_has_changed(bench->mux));
	assert_null(mux_next_changed(bench->mux));
	assert_int_equal(mux_session_state(a), SESSION_WRITABLE);
	allocate(bench, b, DMS, 40);
	allocate(bench, a, DMS, 41);
	assert_true(mux_has_changed(bench->mux));
	assert_ptr_equal(mux_next_changed(bench->mux), b);
	assert_ptr_equal(mux_next_changed(bench->mux), a);
	assert_null(mux_next_changed(bench->mux));

	/* Also for a frame behind others, as edge-triggered epoll requires. */
	for (unsigned i = 0; i < 2; i++) {
		modem_says(bench, indication(DMS, 40, IND));
		assert_int_equal(mux_session_state(b), SESSION_READABLE | SESSION_WRITABLE);
		assert_ptr_equal(mux_next_changed(bench->mux), b);
		assert_null(mux_next_changed(bench->mux));
	}
	/* Two unread changes count once, and a closed session reports none. */
	modem_says(bench, indication(DMS, 0xFF, IND));
	modem_says(bench, indication(DMS, 0xFF, IND));
	mux_close(b, bench->now);
	assert_ptr_equal(mux_next_changed(bench->mux), a);
	assert_null(mux_next_changed(bench->mux));
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V14_round_robin),
	BENCH_TEST(test_V14_the_mux_takes_turns_too),
	BENCH_TEST(test_V14_a_flood_costs_bounded_memory),
	BENCH_TEST(test_V14_overflow_hurts_only_itself),
	BENCH_TEST(test_V14_an_overflow_alone_is_readable),
	BENCH_TEST(test_V20_a_frame_in_parts),
	BENCH_TEST(test_V21_full_and_writable_again),
	BENCH_TEST(test_V21_writes_that_fail),
	BENCH_TEST(test_V21_a_write_of_frames_and_a_part),
	BENCH_TEST(test_V22_every_change_is_told_once),
};

TEST_GROUP(mux_turn_tests, tests);

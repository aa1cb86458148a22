/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stream from the modem: V19. */
#include <string.h>

#include "mux_bench.h"

static void hear(struct bench *bench, const void *data, size_t size)
{
	mux_port_received(bench->mux, data, size, bench->now);
}

/* A session with DMS CID 1, which is 40 on the modem. */
static struct session *listener(struct bench *bench)
{
	struct session *session = open_on(bench, 0);

	allocate(bench, session, DMS, 40);
	return session;
}

static void check_garbage(const struct bench *bench, unsigned bytes)
{
	assert_int_equal(mux_counters(bench->mux)->garbage, bytes);
}

static void test_V19_several_frames_at_once(void **state)
{
	struct bench *bench = *state;
	struct session *a = listener(bench);
	struct msg ind = indication(DMS, 40, IND);
	uint8_t data[39];

	for (size_t i = 0; i < 3; i++)
		memcpy(data + 13 * i, ind.bytes, 13);
	hear(bench, data, 39);
	for (size_t i = 0; i < 3; i++)
		app_reads(a, with_cid(ind, 1));
	app_reads_nothing(a);
}

static void test_V19_byte_by_byte(void **state)
{
	struct bench *bench = *state;
	struct session *a = listener(bench);
	struct msg ind = plus(indication(DMS, 40, IND), 0x10, "abc", 3);

	for (size_t i = 0; i < frame_size(ind.bytes); i++) {
		app_reads_nothing(a);
		hear(bench, ind.bytes + i, 1);
	}
	app_reads(a, with_cid(ind, 1));
	check_garbage(bench, 0);
}

static void test_V19_garbage_is_skipped(void **state)
{
	struct bench *bench = *state;
	struct session *a = listener(bench);
	struct msg ind = indication(DMS, 40, IND);
	uint8_t data[64];

	memcpy(data, "\r\nAT\x01 ERROR\x01\x00", 14);
	memcpy(data + 14, ind.bytes, 13);
	memcpy(data + 27, "xyz", 3);
	memcpy(data + 30, ind.bytes, 13);
	hear(bench, data, 43);
	app_reads(a, with_cid(ind, 1));
	app_reads(a, with_cid(ind, 1));
	app_reads_nothing(a);
	check_garbage(bench, 17);
	hear(bench, "garbage", 7);
	check_garbage(bench, 24);
	assert_true(mux_deadline(bench->mux) == MUX_NEVER);
}

static void test_V19_an_applications_frame_is_garbage_here(void **state)
{
	struct bench *bench = *state;
	struct session *a = listener(bench);

	modem_says(bench, request(DMS, 40, 1, MODEL));
	app_reads_nothing(a);
	assert_int_equal(mux_counters(bench->mux)->garbage, 13);
}

/* libqmi and uqmi accept these. */
static void test_V19_flags_that_say_nothing(void **state)
{
	struct bench *bench = *state;
	struct session *a = listener(bench);
	struct msg ind = indication(DMS, 40, IND);

	ind.bytes[3] = QMUX_FLAGS_APP;
	modem_says(bench, ind);
	app_reads(a, with_cid(ind, 1));
	ind.bytes[6] |= 0x01;
	modem_says(bench, ind);
	app_reads(a, with_cid(ind, 1));
	check_garbage(bench, 0);
}

static void test_V19_a_lost_tail(void **state)
{
	struct bench *bench = *state;
	struct session *a = listener(bench);
	struct msg lost = plus(indication(DMS, 40, IND), 0x10, "lost in the end", 15);
	struct msg ind = indication(DMS, 40, IND);

	hear(bench, lost.bytes, 17);
	assert_int_equal(mux_deadline(bench->mux), bench->now + 2000);
	pass_time(bench, 1999);
	check_garbage(bench, 0);
	/* After 2 s the partial frame no longer swallows what follows. */
	pass_time(bench, 1);
	assert_int_equal(mux_counters(bench->mux)->garbage, 17);
	assert_true(mux_deadline(bench->mux) == MUX_NEVER);
	modem_says(bench, ind);
	app_reads(a, with_cid(ind, 1));
	app_reads_nothing(a);
}

static void test_V19_a_frame_inside_a_lost_one(void **state)
{
	struct bench *bench = *state;
	struct session *a = listener(bench);
	static const uint8_t value[24];
	struct msg lost = plus(indication(DMS, 40, IND), 0x10, value, sizeof(value));
	struct msg ind = indication(DMS, 40, IND);

	/* Only its header and its TLV's header arrive, followed by another frame. */
	hear(bench, lost.bytes, 16);
	hear(bench, ind.bytes, 13);
	app_reads_nothing(a);
	pass_time(bench, 2000);
	app_reads(a, with_cid(ind, 1));
	check_garbage(bench, 16);
}

static void test_V19_one_partial_after_another(void **state)
{
	struct bench *bench = *state;
	struct session *a = listener(bench);
	struct msg lost = plus(indication(DMS, 40, IND), 0x10, "................", 15);

	hear(bench, lost.bytes, 16);
	hear(bench, lost.bytes, 10);
	pass_time(bench, 2000);
	/* The second may still be completed. */
	assert_int_equal(mux_counters(bench->mux)->garbage, 16);
	assert_int_equal(mux_deadline(bench->mux), bench->now + 2000);
	hear(bench, lost.bytes + 10, frame_size(lost.bytes) - 10);
	app_reads(a, with_cid(lost, 1));
	assert_true(mux_deadline(bench->mux) == MUX_NEVER);
}

/* Nor does anything else that comes meanwhile. */
static void test_V19_no_byte_renews_the_time(void **state)
{
	struct bench *bench = *state;
	struct session *a = listener(bench);
	struct msg lost = plus(indication(DMS, 40, IND), 0x10, "lost in the end", 15);
	struct msg ind = indication(DMS, 40, IND);

	hear(bench, lost.bytes, 16);
	pass_time(bench, 1000);
	hear(bench, ind.bytes, 13);
	pass_time(bench, 999);
	app_reads_nothing(a);
	pass_time(bench, 1);
	app_reads(a, with_cid(ind, 1));
	check_garbage(bench, 16);
}

/* The driver says that it has lost something. */
static void test_V19_cut(void **state)
{
	struct bench *bench = *state;
	struct session *a = listener(bench);
	struct msg lost = plus(indication(DMS, 40, IND), 0x10, "lost in the end", 15);
	struct msg ind = indication(DMS, 40, IND);

	hear(bench, lost.bytes, 16);
	mux_port_cut(bench->mux);
	check_garbage(bench, 16);
	modem_says(bench, ind);
	app_reads(a, with_cid(ind, 1));
	mux_port_cut(bench->mux);
	check_garbage(bench, 16);
}

static void test_V19_a_message_port(void **state)
{
	struct bench *bench = *state;
	struct msg lost = plus(indication(DMS, 40, IND), 0x10, "lost in the end", 15);
	struct msg ind = indication(DMS, 40, IND);
	struct session *a;

	bench->config.message_port = true;
	bench_restart(bench);
	a = listener(bench);
	hear(bench, lost.bytes, 16);
	modem_says(bench, ind);
	app_reads(a, with_cid(ind, 1));
	check_garbage(bench, 16);
	/* A long one comes in several reads. */
	hear(bench, lost.bytes, 16);
	hear(bench, lost.bytes + 16, frame_size(lost.bytes) - 16);
	app_reads(a, with_cid(lost, 1));
	check_garbage(bench, 16);
}

static void test_V19_more_than_the_input_holds(void **state)
{
	static uint8_t data[3 * QMUX_SIZE_MAX];
	struct bench *bench = *state;
	struct session *a = listener(bench);
	struct msg ind = indication(DMS, 40, IND);

	memcpy(data + sizeof(data) - 13, ind.bytes, 13);
	hear(bench, data, sizeof(data));
	app_reads(a, with_cid(ind, 1));
	check_garbage(bench, sizeof(data) - 13);
}

static void test_V19_the_largest_frame(void **state)
{
	static uint8_t frame[QMUX_SIZE_MAX];
	static const uint8_t value[QMUX_SIZE_MAX - FRAME_HEADER_MAX - 3] = {1, 2, 3};
	struct bench *bench = *state;
	struct session *a = listener(bench);
	const uint8_t *data;

	frame_begin(frame, FRAME_INDICATION, DMS, 0xFF, 0, IND);
	frame_add_tlv(frame, 0x10, value, sizeof(value));
	hear(bench, frame, 60000);
	app_reads_nothing(a);
	hear(bench, frame + 60000, QMUX_SIZE_MAX - 60000);
	assert_int_equal(mux_peek(a, &data), QMUX_SIZE_MAX);
	assert_memory_equal(data, frame, QMUX_SIZE_MAX);
	mux_consume(a, QMUX_SIZE_MAX);
	app_reads_nothing(a);
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V19_several_frames_at_once),
	BENCH_TEST(test_V19_byte_by_byte),
	BENCH_TEST(test_V19_garbage_is_skipped),
	BENCH_TEST(test_V19_an_applications_frame_is_garbage_here),
	BENCH_TEST(test_V19_flags_that_say_nothing),
	BENCH_TEST(test_V19_a_lost_tail),
	BENCH_TEST(test_V19_a_frame_inside_a_lost_one),
	BENCH_TEST(test_V19_one_partial_after_another),
	BENCH_TEST(test_V19_no_byte_renews_the_time),
	BENCH_TEST(test_V19_cut),
	BENCH_TEST(test_V19_a_message_port),
	BENCH_TEST(test_V19_more_than_the_input_holds),
	BENCH_TEST(test_V19_the_largest_frame),
};

TEST_GROUP(mux_framing_tests, tests);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "frame.h"
#include "input.h"
#include "memory.h"
#include "unit_groups.h"

static int set_up(void **state)
{
	static struct input input;

	*state = &input;
	return input_init(&input);
}

static int tear_down(void **state)
{
	input_finish(*state);
	return 0;
}

/* An indication of 16 bytes, identified by its message id. */
static const uint8_t *indication(uint16_t message)
{
	static uint8_t frame[16];

	frame_begin(frame, FRAME_INDICATION, QMI_SERVICE_DMS, 1, 0, message);
	frame_add_tlv(frame, 0x10, "", 0);
	assert_int_equal(frame_size(frame), sizeof(frame));
	return frame;
}

static void expect_frame(struct input *input, uint16_t message, size_t garbage)
{
	size_t skipped;
	const uint8_t *frame = input_next(input, 100, &skipped);

	assert_non_null(frame);
	assert_int_equal(frame_message(frame), message);
	assert_int_equal(skipped, garbage);
}

static void expect_none(struct input *input, uint64_t now, size_t garbage)
{
	size_t skipped;

	assert_null(input_next(input, now, &skipped));
	assert_int_equal(skipped, garbage);
}

static void test_V19_frames_between_garbage(void **state)
{
	struct input *input = *state;
	uint8_t data[64];

	memcpy(data, indication(1), 16);
	memset(data + 16, 0xEE, 3);
	memcpy(data + 19, indication(2), 16);
	memset(data + 35, 0xEE, 2);
	assert_int_equal(input_push(input, data, 37), 37);
	expect_frame(input, 1, 0);
	expect_frame(input, 2, 3);
	expect_none(input, 100, 2);
	assert_int_equal(input->bytes, 0);
	assert_int_equal(input->deadline, UINT64_MAX);
}

static void test_V19_a_part_waits_for_the_rest(void **state)
{
	struct input *input = *state;

	assert_int_equal(input_push(input, indication(1), 10), 10);
	expect_none(input, 100, 0);
	assert_int_equal(input->deadline, 2100);
	assert_int_equal(input_push(input, indication(1) + 10, 6), 6);
	expect_frame(input, 1, 0);
	expect_none(input, 200, 0);
	assert_int_equal(input->deadline, UINT64_MAX);
}

static void test_V19_a_part_that_is_skipped(void **state)
{
	struct input *input = *state;
	uint8_t data[32];

	/* The rest of a 20-byte value is lost, and another frame follows instead. */
	memcpy(data, indication(1), 16);
	data[1] = 35;
	data[11] = 23;
	data[14] = 20;
	memcpy(data + 16, indication(2), 16);
	assert_int_equal(input_push(input, data, sizeof(data)), sizeof(data));
	expect_none(input, 100, 0);
	input_expire(input);
	expect_frame(input, 2, 16);
	expect_none(input, 100, 0);
}

/* What follows does not give it more time. */
static void test_V19_a_part_has_2_s_from_its_first_byte(void **state)
{
	struct input *input = *state;
	uint8_t data[16];

	memcpy(data, indication(1), 16);
	data[1] = 0xFF;
	data[2] = 0x0F;
	data[11] = 0xF3;
	data[12] = 0x0F;
	data[14] = 0xF0;
	data[15] = 0x0F;
	input_push(input, data, 16);
	expect_none(input, 100, 0);
	for (uint64_t now = 1000; now < 4000; now += 1000) {
		input_push(input, indication(2), 16);
		expect_none(input, now, 0);
		assert_int_equal(input->deadline, 2100);
	}
	input_expire(input);
	expect_frame(input, 2, 16);
	expect_frame(input, 2, 0);
	expect_frame(input, 2, 0);
	expect_none(input, 2100, 0);
	assert_int_equal(input->deadline, UINT64_MAX);
}

/* Nothing that came with it begins another one, which would take 2 s more. */
static void test_V19_a_stale_part_hides_no_other(void **state)
{
	struct input *input = *state;
	uint8_t data[32];

	memcpy(data, indication(1), 16);
	data[1] = 60;
	data[11] = 48;
	data[14] = 45;
	memcpy(data + 16, indication(2), 15);
	input_push(input, data, 31);
	expect_none(input, 100, 0);
	input_push(input, indication(3), 10);
	expect_none(input, 200, 0);
	input_expire(input);
	expect_none(input, 2100, 31);
	assert_int_equal(input->bytes, 10);
	assert_int_equal(input->deadline, 4100);
	input_push(input, indication(3) + 10, 6);
	expect_frame(input, 3, 0);
}

static void test_takes_what_there_is_room_for(void **state)
{
	static uint8_t data[QMUX_SIZE_MAX];
	struct input *input = *state;

	memcpy(data, indication(1), 16);
	data[1] = 0xFF;
	data[2] = 0xFF;
	assert_int_equal(input_push(input, data, 16), 16);
	assert_int_equal(input_push(input, data, sizeof(data)), QMUX_SIZE_MAX - 16);
	input_discard(input);
	assert_int_equal(input->bytes, 0);
	assert_int_equal(input_push(input, data, sizeof(data)), QMUX_SIZE_MAX);
}

static void test_input_without_memory(void **state)
{
	struct input none;

	(void)state;
	memory_fail(1);
	assert_int_equal(input_init(&none), -ENOMEM);
	assert_true(memory_failed());
	input_finish(&none);
}

#define INPUT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	INPUT_TEST(test_V19_frames_between_garbage),
	INPUT_TEST(test_V19_a_part_waits_for_the_rest),
	INPUT_TEST(test_V19_a_part_that_is_skipped),
	INPUT_TEST(test_V19_a_part_has_2_s_from_its_first_byte),
	INPUT_TEST(test_V19_a_stale_part_hides_no_other),
	INPUT_TEST(test_takes_what_there_is_room_for),
	INPUT_TEST(test_input_without_memory),
};

TEST_GROUP(input_tests, tests);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "memory.h"
#include "queue.h"
#include "unit_groups.h"

#define SIZE 113 /* of each frame */

/* A DMS frame, identified by its tid. */
static const uint8_t *numbered(enum frame_kind kind, uint16_t number)
{
	static uint8_t frame[SIZE];
	static const uint8_t value[SIZE - FRAME_HEADER_MAX - 3];

	frame_begin(frame, kind, QMI_SERVICE_DMS, 1, number, 0x0022);
	frame_add_tlv(frame, 0x10, value, sizeof(value));
	return frame;
}

static void push(struct queue *queue, enum frame_kind kind, uint16_t number)
{
	assert_int_equal(queue_push(queue, numbered(kind, number)), 0);
}

static void check_front(const struct queue *queue, uint16_t number)
{
	size_t size = 0;
	const uint8_t *front = queue_front(queue, &size);

	assert_non_null(front);
	assert_int_equal(size, SIZE);
	assert_int_equal(frame_tid(front), number);
}

static int set_up(void **state)
{
	static struct queue queue;

	queue_init(&queue);
	*state = &queue;
	return 0;
}

static int tear_down(void **state)
{
	queue_finish(*state);
	return 0;
}

static void test_empty_costs_nothing(void **state)
{
	struct queue *queue = *state;
	size_t size;

	assert_null(queue->data);
	assert_int_equal(queue_bytes(queue), 0);
	assert_null(queue_front(queue, &size));
	assert_false(queue_drop_oldest(queue, FRAME_INDICATION));
}

static void test_first_in_first_out(void **state)
{
	struct queue *queue = *state;

	for (uint16_t i = 0; i < 500; i++)
		push(queue, FRAME_REQUEST, i);
	assert_int_equal(queue->frames, 500);
	assert_int_equal(queue_bytes(queue), 500 * SIZE);
	for (uint16_t i = 0; i < 500; i++) {
		check_front(queue, i);
		queue_pop(queue);
	}
	assert_int_equal(queue_bytes(queue), 0);
	/* The memory of the burst is freed. */
	assert_null(queue->data);
}

static void test_V20_front_in_parts(void **state)
{
	struct queue *queue = *state;
	size_t size = 0;
	const uint8_t *front;

	push(queue, FRAME_RESPONSE, 1);
	push(queue, FRAME_RESPONSE, 2);
	front = queue_front(queue, &size);
	queue_consume(queue, 10);
	assert_ptr_equal(queue_front(queue, &size), front + 10);
	assert_int_equal(size, SIZE - 10);
	assert_int_equal(queue_bytes(queue), 2 * SIZE);
	assert_int_equal(queue->frames, 2);
	queue_consume(queue, SIZE - 10);
	check_front(queue, 2);
	queue_consume(queue, 5);
	queue_pop(queue);
	assert_int_equal(queue->frames, 0);
	assert_int_equal(queue->offset, 0);
}

static void test_steady_state_allocates_nothing(void **state)
{
	struct queue *queue = *state;

	for (uint16_t i = 0; i < 8; i++)
		push(queue, FRAME_REQUEST, i);
	memory_fail(1);
	for (uint16_t i = 8; i < 2000; i++) {
		check_front(queue, (uint16_t)(i - 8));
		queue_pop(queue);
		if (i % 8 != 7)
			continue;
		for (uint16_t k = 0; k < 8; k++)
			push(queue, FRAME_REQUEST, (uint16_t)(i - 7 + k));
	}
	assert_false(memory_failed());
}

static void test_moves_to_the_front(void **state)
{
	struct queue *queue = *state;
	size_t capacity;

	for (uint16_t i = 0; i < 8; i++)
		push(queue, FRAME_REQUEST, i);
	capacity = queue->capacity;
	for (uint16_t i = 0; i < 6; i++)
		queue_pop(queue);
	queue_consume(queue, 3);
	for (uint16_t i = 8; i < 14; i++)
		push(queue, FRAME_REQUEST, i);
	assert_int_equal(queue->capacity, capacity);
	assert_int_equal(queue->offset, 3);
	queue_consume(queue, SIZE - 3);
	for (uint16_t i = 7; i < 14; i++) {
		check_front(queue, i);
		queue_pop(queue);
	}
}

static void test_no_memory_changes_nothing(void **state)
{
	struct queue *queue = *state;

	memory_fail(1);
	assert_int_equal(queue_push(queue, numbered(FRAME_REQUEST, 0)), -ENOMEM);
	assert_true(memory_failed());
	assert_int_equal(queue->frames, 0);

	for (uint16_t i = 0; i < 4; i++)
		push(queue, FRAME_REQUEST, i);
	memory_fail(1);
	assert_int_equal(queue_push(queue, numbered(FRAME_REQUEST, 4)), -ENOMEM);
	assert_true(memory_failed());
	assert_int_equal(queue_bytes(queue), 4 * SIZE);
	check_front(queue, 0);
}

static void test_V14_drops_the_oldest_of_a_kind(void **state)
{
	struct queue *queue = *state;

	push(queue, FRAME_RESPONSE, 1);
	push(queue, FRAME_INDICATION, 2);
	push(queue, FRAME_RESPONSE, 3);
	push(queue, FRAME_INDICATION, 4);
	assert_true(queue_drop_oldest(queue, FRAME_INDICATION));
	assert_int_equal(queue_bytes(queue), 3 * SIZE);
	check_front(queue, 1);
	assert_true(queue_drop_oldest(queue, FRAME_RESPONSE));
	check_front(queue, 3);
	assert_true(queue_drop_oldest(queue, FRAME_INDICATION));
	assert_false(queue_drop_oldest(queue, FRAME_INDICATION));
	check_front(queue, 3);
	assert_true(queue_drop_oldest(queue, FRAME_RESPONSE));
	assert_int_equal(queue->frames, 0);
	assert_int_equal(queue_bytes(queue), 0);
}

static void test_V14_never_drops_what_is_being_read(void **state)
{
	struct queue *queue = *state;
	size_t size = 0;
	const uint8_t *front;

	push(queue, FRAME_INDICATION, 0xABCD);
	push(queue, FRAME_INDICATION, 2);
	queue_consume(queue, 7);
	assert_true(queue_drop_oldest(queue, FRAME_INDICATION));
	assert_false(queue_drop_oldest(queue, FRAME_INDICATION));
	front = queue_front(queue, &size);
	assert_int_equal(size, SIZE - 7);
	assert_int_equal(le16_get(front), 0xABCD);
	queue_consume(queue, size);
	assert_int_equal(queue->frames, 0);
}

#define QUEUE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	QUEUE_TEST(test_empty_costs_nothing),
	QUEUE_TEST(test_first_in_first_out),
	QUEUE_TEST(test_V20_front_in_parts),
	QUEUE_TEST(test_steady_state_allocates_nothing),
	QUEUE_TEST(test_moves_to_the_front),
	QUEUE_TEST(test_no_memory_changes_nothing),
	QUEUE_TEST(test_V14_drops_the_oldest_of_a_kind),
	QUEUE_TEST(test_V14_never_drops_what_is_being_read),
};

TEST_GROUP(queue_tests, tests);

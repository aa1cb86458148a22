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
	assert_int_equal(queue_push(queue, numbered(kind, number), number), 0);
}

static void check_front(const struct queue *queue, uint16_t number)
{
	const uint8_t *front = queue_front(queue);

	assert_non_null(front);
	assert_int_equal(frame_size(front), SIZE);
	assert_int_equal(frame_tid(front), number);
	assert_int_equal(queue_front_tag(queue), number);
}

static struct account account;

static int set_up(void **state)
{
	static struct queue queue;

	account = (struct account){.limit = 1 << 20};
	queue_init(&queue, &account);
	*state = &queue;
	return 0;
}

static int tear_down(void **state)
{
	queue_finish(*state);
	assert_int_equal(account.used, 0);
	return 0;
}

static void test_empty_costs_nothing(void **state)
{
	struct queue *queue = *state;

	assert_null(queue->data);
	assert_int_equal(queue->bytes, 0);
	assert_null(queue_front(queue));
	assert_false(queue_drop_oldest(queue));
	assert_int_equal(queue_shed(queue), 0);
	assert_int_equal(account.used, 0);
}

static void test_first_in_first_out(void **state)
{
	struct queue *queue = *state;

	for (uint16_t i = 0; i < 500; i++)
		push(queue, FRAME_REQUEST, i);
	assert_int_equal(queue->frames, 500);
	assert_int_equal(queue->bytes, 500 * SIZE);
	for (uint16_t i = 0; i < 500; i++) {
		check_front(queue, i);
		queue_pop(queue);
	}
	assert_int_equal(queue->bytes, 0);
	/* The memory of the burst is freed. */
	assert_null(queue->data);
	assert_int_equal(account.used, 0);
}

static void test_V20_front_in_parts(void **state)
{
	struct queue *queue = *state;

	push(queue, FRAME_RESPONSE, 1);
	push(queue, FRAME_RESPONSE, 2);
	queue_consume(queue, 10);
	check_front(queue, 1);
	assert_int_equal(queue->offset, 10);
	assert_int_equal(queue->bytes, 2 * SIZE);
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

static void test_room_in_front_is_used_again(void **state)
{
	struct queue *queue = *state;
	size_t capacity;

	for (uint16_t i = 0; i < 8; i++)
		push(queue, FRAME_REQUEST, i);
	capacity = queue->capacity;
	for (uint16_t i = 0; i < 6; i++)
		queue_pop(queue);
	queue_consume(queue, 3);
	for (uint16_t i = 8; i < 13; i++)
		push(queue, FRAME_REQUEST, i);
	assert_true(queue->wrapped);
	assert_int_equal(queue->capacity, capacity);
	/* One more does not fit in one piece: all of them move. */
	push(queue, FRAME_REQUEST, 13);
	push(queue, FRAME_REQUEST, 14);
	assert_true(queue->capacity > capacity);
	assert_int_equal(queue->offset, 3);
	queue_consume(queue, SIZE - 3);
	for (uint16_t i = 7; i < 15; i++) {
		check_front(queue, i);
		queue_pop(queue);
	}
	assert_int_equal(queue->frames, 0);
}

static void test_no_memory_changes_nothing(void **state)
{
	struct queue *queue = *state;

	memory_fail(1);
	assert_int_equal(queue_push(queue, numbered(FRAME_REQUEST, 0), 0), -ENOMEM);
	assert_true(memory_failed());
	assert_int_equal(queue->frames, 0);

	for (uint16_t i = 0; i < 4; i++)
		push(queue, FRAME_REQUEST, i);
	memory_fail(1);
	assert_int_equal(queue_push(queue, numbered(FRAME_REQUEST, 4), 0), -ENOMEM);
	assert_true(memory_failed());
	assert_int_equal(queue->bytes, 4 * SIZE);
	check_front(queue, 0);
}

static void test_V28_over_the_limit_changes_nothing(void **state)
{
	struct queue *queue = *state;
	size_t used;

	for (uint16_t i = 0; i < 4; i++)
		push(queue, FRAME_REQUEST, i);
	used = account.used;
	account.limit = used + 2 * queue->capacity;
	assert_int_equal(queue_push(queue, numbered(FRAME_REQUEST, 4), 4), -ENOMEM);
	assert_int_equal(account.used, used);
	assert_int_equal(queue->frames, 4);
	check_front(queue, 0);
	account.limit = used + 2 * queue->capacity + 16;
	push(queue, FRAME_REQUEST, 4);
}

static void test_V14_drops_the_oldest(void **state)
{
	struct queue *queue = *state;

	for (uint16_t i = 1; i <= 3; i++)
		push(queue, FRAME_INDICATION, i);
	assert_true(queue_drop_oldest(queue));
	assert_int_equal(queue->bytes, 2 * SIZE);
	check_front(queue, 2);
	assert_true(queue_drop_oldest(queue));
	assert_true(queue_drop_oldest(queue));
	assert_false(queue_drop_oldest(queue));
	assert_int_equal(queue->frames, 0);
	assert_int_equal(queue->bytes, 0);
}

static void test_V14_never_drops_what_is_being_read(void **state)
{
	struct queue *queue = *state;

	for (uint16_t i = 0; i < 4; i++)
		push(queue, FRAME_INDICATION, (uint16_t)(0xABC0 + i));
	queue_consume(queue, 7);
	assert_true(queue_drop_oldest(queue));
	check_front(queue, 0xABC0);
	assert_int_equal(queue->offset, 7);
	assert_int_equal(queue->bytes, 3 * SIZE);
	queue_consume(queue, SIZE - 7);
	check_front(queue, 0xABC2);
	queue_consume(queue, 1);
	assert_true(queue_drop_oldest(queue));
	assert_false(queue_drop_oldest(queue));
	check_front(queue, 0xABC2);
	queue_consume(queue, SIZE - 1);
	assert_int_equal(queue->frames, 0);
}

/* The frame behind the one that is being read is at the ring's other end. */
static void test_V14_drops_across_the_end(void **state)
{
	struct queue *queue = *state;

	for (uint16_t i = 0; i < 8; i++)
		push(queue, FRAME_INDICATION, i);
	for (uint16_t i = 0; i < 7; i++)
		queue_pop(queue);
	push(queue, FRAME_INDICATION, 8);
	push(queue, FRAME_INDICATION, 9);
	assert_true(queue->wrapped);
	queue_consume(queue, 7);
	assert_true(queue_drop_oldest(queue));
	assert_true(queue->wrapped);
	assert_int_equal(queue->frames, 2);
	assert_true(queue_drop_oldest(queue));
	assert_false(queue->wrapped);
	assert_false(queue_drop_oldest(queue));
	check_front(queue, 7);
	push(queue, FRAME_INDICATION, 10);
	queue_consume(queue, SIZE - 7);
	check_front(queue, 10);
}

static void test_V28_sheds_its_memory(void **state)
{
	struct queue *queue = *state;

	for (uint16_t i = 0; i < 100; i++)
		push(queue, FRAME_INDICATION, i);
	assert_int_equal(queue_shed(queue), 100);
	assert_int_equal(account.used, 0);

	/* All but what is being read. */
	for (uint16_t i = 0; i < 100; i++)
		push(queue, FRAME_INDICATION, i);
	queue_consume(queue, 7);
	assert_int_equal(queue_shed(queue), 99);
	assert_true(account.used < 2 * SIZE);
	assert_int_equal(queue->offset, 7);
	assert_int_equal(queue->bytes, SIZE);
	assert_int_equal(queue_shed(queue), 0);
	check_front(queue, 0);
	push(queue, FRAME_INDICATION, 200);
	queue_consume(queue, SIZE - 7);
	check_front(queue, 200);
}

static void test_V28_sheds_without_memory(void **state)
{
	struct queue *queue = *state;

	for (uint16_t i = 0; i < 10; i++)
		push(queue, FRAME_INDICATION, i);
	queue_consume(queue, 7);
	memory_fail(1);
	assert_int_equal(queue_shed(queue), 9);
	assert_true(memory_failed());
	check_front(queue, 0);
	push(queue, FRAME_INDICATION, 11);
	queue_consume(queue, SIZE - 7);
	check_front(queue, 11);
}

#define QUEUE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	QUEUE_TEST(test_empty_costs_nothing),
	QUEUE_TEST(test_first_in_first_out),
	QUEUE_TEST(test_V20_front_in_parts),
	QUEUE_TEST(test_steady_state_allocates_nothing),
	QUEUE_TEST(test_room_in_front_is_used_again),
	QUEUE_TEST(test_no_memory_changes_nothing),
	QUEUE_TEST(test_V28_over_the_limit_changes_nothing),
	QUEUE_TEST(test_V14_drops_the_oldest),
	QUEUE_TEST(test_V14_never_drops_what_is_being_read),
	QUEUE_TEST(test_V14_drops_across_the_end),
	QUEUE_TEST(test_V28_sheds_its_memory),
	QUEUE_TEST(test_V28_sheds_without_memory),
};

TEST_GROUP(queue_tests, tests);

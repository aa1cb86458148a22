/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN  512
#define CAPACITY_KEPT 16384 /* bytes that an empty queue may keep */

void queue_init(struct queue *queue)
{
	*queue = (struct queue){0};
}

void queue_finish(struct queue *queue)
{
	free(queue->data);
	queue_init(queue);
}

size_t queue_bytes(const struct queue *queue)
{
	return queue->tail - queue->head;
}

static void compact(struct queue *queue)
{
	size_t bytes = queue_bytes(queue);

	memmove(queue->data, queue->data + queue->head, bytes);
	queue->head = 0;
	queue->tail = bytes;
}

static int make_room(struct queue *queue, size_t size)
{
	size_t capacity = queue->capacity ? queue->capacity : CAPACITY_MIN;
	uint8_t *data;

	if (queue->capacity - queue->tail >= size)
		return 0;
	/* Moving less than half of the buffer at a time keeps the cost of a byte constant. */
	if (queue->head > queue->capacity / 2 && queue->capacity - queue_bytes(queue) >= size) {
		compact(queue);
		return 0;
	}
	while (capacity - queue->tail < size)
		capacity *= 2;
	data = realloc(queue->data, capacity);
	if (!data)
		return -ENOMEM;
	queue->data = data;
	queue->capacity = capacity;
	return 0;
}

int queue_push(struct queue *queue, const uint8_t *frame)
{
	size_t size = frame_size(frame);
	int err = make_room(queue, size);

	if (err < 0)
		return err;
	memcpy(queue->data + queue->tail, frame, size);
	queue->tail += size;
	queue->frames++;
	return 0;
}

uint8_t *queue_front(const struct queue *queue, size_t *size)
{
	uint8_t *front;

	if (queue->frames == 0)
		return NULL;
	front = queue->data + queue->head;
	*size = frame_size(front) - queue->offset;
	return front + queue->offset;
}

static void reset_if_empty(struct queue *queue)
{
	if (queue->frames > 0)
		return;
	queue->head = 0;
	queue->tail = 0;
	if (queue->capacity > CAPACITY_KEPT)
		queue_finish(queue);
}

void queue_pop(struct queue *queue)
{
	queue->head += frame_size(queue->data + queue->head);
	queue->offset = 0;
	queue->frames--;
	reset_if_empty(queue);
}

void queue_consume(struct queue *queue, size_t size)
{
	queue->offset += size;
	if (queue->offset == frame_size(queue->data + queue->head))
		queue_pop(queue);
}

bool queue_drop_oldest(struct queue *queue, enum frame_kind kind)
{
	size_t first = queue->head;

	if (queue->offset > 0)
		first += frame_size(queue->data + queue->head);
	for (size_t at = first; at < queue->tail;) {
		size_t size = frame_size(queue->data + at);

		if (frame_kind(queue->data + at) == kind) {
			memmove(queue->data + queue->head + size, queue->data + queue->head,
				at - queue->head);
			queue->head += size;
			queue->frames--;
			reset_if_empty(queue);
			return true;
		}
		at += size;
	}
	return false;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "queue.h"

#include <errno.h>
#include <string.h>

#define CAPACITY_MIN  128
#define CAPACITY_KEPT 16384 /* bytes that an empty queue may keep */

/* An entry is a tag and its frame. */
#define TAG_BYTES sizeof(uint32_t)

void queue_init(struct queue *queue, struct account *account)
{
	*queue = (struct queue){.account = account};
}

void queue_finish(struct queue *queue)
{
	account_free(queue->account, queue->data, queue->capacity);
	queue_init(queue, queue->account);
}

static size_t queue_entry_size(const struct queue *queue, size_t at)
{
	return TAG_BYTES + frame_size(queue->data + at + TAG_BYTES);
}

/* Bytes of all entries. */
static size_t queue_used(const struct queue *queue)
{
	return queue->bytes + queue->frames * TAG_BYTES;
}

/* Moves the entries, in order, into a buffer of this capacity, which they fit into. */
static int queue_resize(struct queue *queue, size_t capacity)
{
	size_t first = (queue->wrapped ? queue->end : queue->tail) - queue->head;
	uint8_t *data = account_alloc(queue->account, capacity);

	if (!data)
		return -ENOMEM;
	if (first > 0)
		memcpy(data, queue->data + queue->head, first);
	if (queue->wrapped)
		memcpy(data + first, queue->data + queue->begin, queue->tail - queue->begin);
	account_free(queue->account, queue->data, queue->capacity);
	queue->data = data;
	queue->capacity = capacity;
	queue->head = 0;
	queue->tail = queue_used(queue);
	queue->wrapped = false;
	return 0;
}

static int queue_make_room(struct queue *queue, size_t size)
{
	size_t limit = queue->wrapped ? queue->head : queue->capacity;
	size_t capacity = queue->capacity;

	if (limit - queue->tail >= size)
		return 0;
	if (!queue->wrapped && queue->head >= size) {
		queue->end = queue->tail;
		queue->begin = 0;
		queue->tail = 0;
		queue->wrapped = true;
		return 0;
	}
	/* There may be room, but not in one piece. */
	if (capacity - queue_used(queue) >= size)
		return queue_resize(queue, capacity + capacity / 4 + size);
	capacity = capacity ? 2 * capacity : CAPACITY_MIN;
	if (capacity - queue_used(queue) < size)
		capacity = queue_used(queue) + size;
	return queue_resize(queue, capacity);
}

int queue_reserve(struct queue *queue, size_t frames, size_t bytes)
{
	return queue_make_room(queue, frames * TAG_BYTES + bytes);
}

int queue_push(struct queue *queue, const uint8_t *frame, uint32_t tag)
{
	size_t size = frame_size(frame);
	int err = queue_make_room(queue, TAG_BYTES + size);

	if (err < 0)
		return err;
	memcpy(queue->data + queue->tail, &tag, TAG_BYTES);
	memcpy(queue->data + queue->tail + TAG_BYTES, frame, size);
	queue->tail += TAG_BYTES + size;
	queue->bytes += size;
	queue->frames++;
	return 0;
}

const uint8_t *queue_front(const struct queue *queue)
{
	return queue->frames > 0 ? queue->data + queue->head + TAG_BYTES : NULL;
}

uint32_t queue_front_tag(const struct queue *queue)
{
	uint32_t tag;

	memcpy(&tag, queue->data + queue->head, TAG_BYTES);
	return tag;
}

struct queue_cursor queue_begin(const struct queue *queue)
{
	return (struct queue_cursor){.at = queue->head, .left = queue->frames};
}

const uint8_t *queue_next(const struct queue *queue, struct queue_cursor *cursor, uint32_t *tag)
{
	size_t at = cursor->at;

	if (cursor->left == 0)
		return NULL;
	cursor->left--;
	cursor->at += queue_entry_size(queue, at);
	if (queue->wrapped && cursor->at == queue->end)
		cursor->at = queue->begin;
	memcpy(tag, queue->data + at, TAG_BYTES);
	return queue->data + at + TAG_BYTES;
}

/* An entry of this size is gone from the front, or from behind it. */
static void queue_forget(struct queue *queue, size_t entry)
{
	queue->bytes -= entry - TAG_BYTES;
	queue->frames--;
	if (queue->frames > 0)
		return;
	queue->head = 0;
	queue->tail = 0;
	queue->wrapped = false;
	if (queue->capacity > CAPACITY_KEPT)
		queue_finish(queue);
}

void queue_pop(struct queue *queue)
{
	size_t entry = queue_entry_size(queue, queue->head);

	queue->head += entry;
	queue->offset = 0;
	if (queue->wrapped && queue->head == queue->end) {
		queue->head = queue->begin;
		queue->wrapped = false;
	}
	queue_forget(queue, entry);
}

void queue_consume(struct queue *queue, size_t size)
{
	queue->offset += size;
	if (queue->offset == frame_size(queue_front(queue)))
		queue_pop(queue);
}

/* Removes the frame behind the front one. */
static void queue_pop_second(struct queue *queue)
{
	size_t front = queue_entry_size(queue, queue->head);
	size_t entry;

	if (queue->wrapped && queue->head + front == queue->end) {
		entry = queue_entry_size(queue, queue->begin);
		queue->begin += entry;
		if (queue->begin == queue->tail) {
			queue->tail = queue->end;
			queue->wrapped = false;
		}
	} else {
		entry = queue_entry_size(queue, queue->head + front);
		memmove(queue->data + queue->head + entry, queue->data + queue->head, front);
		queue->head += entry;
	}
	queue_forget(queue, entry);
}

bool queue_drop_oldest(struct queue *queue)
{
	if (queue->frames == 0 || (queue->offset > 0 && queue->frames == 1))
		return false;
	if (queue->offset > 0)
		queue_pop_second(queue);
	else
		queue_pop(queue);
	return true;
}

size_t queue_shed(struct queue *queue)
{
	size_t frames = queue->frames;

	if (queue->offset == 0) {
		queue_finish(queue);
		return frames;
	}
	queue->bytes = frame_size(queue_front(queue));
	queue->frames = 1;
	queue->tail = queue->head + queue_used(queue);
	queue->wrapped = false;
	/* Without memory for a small buffer, the frame stays in the large one. */
	queue_resize(queue, queue_used(queue));
	return frames - 1;
}

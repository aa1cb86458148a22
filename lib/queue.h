/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A queue of whole frames, each contiguous, in one ring that grows as needed and
 * goes when it runs empty, unless it is small. Its memory is charged to an
 * account. Its owner limits its size.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account.h"
#include "frame.h"

struct queue {
	struct account *account;
	uint8_t *data;
	size_t capacity;
	size_t head;   /* start of the front frame's entry */
	size_t offset; /* bytes of the front frame already consumed */
	size_t tail;   /* end of the last entry */
	size_t end;    /* if wrapped: end of the entries from head on */
	size_t begin;  /* if wrapped: start of the entries that follow those */
	bool wrapped;
	size_t bytes; /* of all frames; counts a partly consumed one as whole */
	size_t frames;
};

void queue_init(struct queue *queue, struct account *account);
void queue_finish(struct queue *queue); /* leaves it empty and usable */

/* Makes room for so many frames, of so many bytes in all. 0, or -ENOMEM. */
int queue_reserve(struct queue *queue, size_t frames, size_t bytes);

/* Appends a copy of a whole frame with a tag. 0, or -ENOMEM with nothing changed. */
int queue_push(struct queue *queue, const uint8_t *frame, uint32_t tag);

/* The front frame, from its first byte on; NULL if empty. Valid until the queue changes. */
const uint8_t *queue_front(const struct queue *queue);
uint32_t queue_front_tag(const struct queue *queue); /* there must be a front frame */

/* V29: goes through the frames from the front on, while the queue does not change. */
struct queue_cursor {
	size_t at;
	size_t left; /* frames */
};

struct queue_cursor queue_begin(const struct queue *queue);
const uint8_t *queue_next(const struct queue *queue, struct queue_cursor *cursor, uint32_t *tag);

/* Removes the front frame, or only its next size bytes, of which it must have that many. */
void queue_pop(struct queue *queue);
void queue_consume(struct queue *queue, size_t size);

/* Removes the first frame that has not been consumed in part. False if there is none. */
bool queue_drop_oldest(struct queue *queue);

/* Removes all of those, and gives back their memory. Returns how many. */
size_t queue_shed(struct queue *queue);

#endif

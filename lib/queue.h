/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A queue of whole frames in one growing buffer, each frame contiguous. It
 * allocates nothing until something is queued, nor in steady state, and frees
 * a burst's memory when it runs empty. Its owner limits its size.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

struct queue {
	uint8_t *data;
	size_t capacity;
	size_t head;   /* start of the front frame */
	size_t offset; /* bytes of the front frame already consumed */
	size_t tail;
	size_t frames;
};

void queue_init(struct queue *queue);
void queue_finish(struct queue *queue); /* leaves it empty and usable */

size_t queue_bytes(const struct queue *queue); /* counts a partly consumed front frame as whole */

/* Appends a copy of a whole frame. 0, or -ENOMEM with nothing changed. */
int queue_push(struct queue *queue, const uint8_t *frame);

/* The rest of the front frame, *size bytes; NULL if empty. Valid until the queue changes. */
uint8_t *queue_front(const struct queue *queue, size_t *size);

/* Removes size bytes from the front frame, which must have that many left. */
void queue_consume(struct queue *queue, size_t size);

/* Removes the whole front frame. */
void queue_pop(struct queue *queue);

/*
 * Removes the oldest frame of this kind, but never a partly consumed one: its
 * reader needs the rest. False if there is none.
 */
bool queue_drop_oldest(struct queue *queue, enum frame_kind kind);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A queue of whole frames in one growing buffer, each frame contiguous. It
 * costs nothing until something is queued, allocates nothing in steady state,
 * and gives a burst's memory back when it runs empty. It has no bound of its
 * own: its owner knows when it is full.
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
	size_t head;   /* where the front frame begins */
	size_t offset; /* how much of the front frame has been consumed */
	size_t tail;
	size_t frames;
};

void queue_init(struct queue *queue);
void queue_finish(struct queue *queue); /* empty and usable again afterwards */

size_t queue_bytes(const struct queue *queue); /* a front begun counts whole */

/* Copies a whole frame to the end. 0, or -ENOMEM with nothing changed. */
int queue_push(struct queue *queue, const uint8_t *frame);

/* What is left of the front frame, *size bytes; NULL if the queue is empty. Valid until a change.
 */
uint8_t *queue_front(const struct queue *queue, size_t *size);

/* Takes size bytes, at most what is left of it, off the front frame. */
void queue_consume(struct queue *queue, size_t size);

/* Takes the whole front frame off. */
void queue_pop(struct queue *queue);

/*
 * Removes the oldest frame of this kind, but never one that was consumed in
 * part: its reader needs the rest. False if there is none.
 */
bool queue_drop_oldest(struct queue *queue, enum frame_kind kind);

#endif

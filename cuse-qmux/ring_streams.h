/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The streams of the loop with io_uring, as far as they are not bound to its turns. */
#ifndef RING_STREAMS_H
#define RING_STREAMS_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>

#include "list.h"
#include "loop.h"

struct ring_streams {
	struct io_uring *uring;
	struct list to_receive;            /* to submit */
	struct list received;              /* to handle */
	struct io_uring_buf_ring *buffers; /* NULL: the kernel has no such thing */
	uint8_t *memory;                   /* of the buffers */
};

/* In the user data of an entry, with a stream's address: what it does. */
#define RING_STREAM_READS  ((uint64_t)1)
#define RING_STREAM_WRITES ((uint64_t)2)
#define RING_STREAM_DOES   (RING_STREAM_READS | RING_STREAM_WRITES)

/* The stream of an entry that does one of these. */
static inline struct stream *ring_stream_of(const struct io_uring_cqe *cqe)
{
	uint64_t does = cqe->user_data & RING_STREAM_DOES;

	return (struct stream *)(void *)((char *)io_uring_cqe_get_data(cqe) - does);
}

/* True if count entries fit; submits pending entries to make room. */
bool ring_has_room(struct io_uring *uring, unsigned count);

/* If there are no buffers afterwards, no stream may be used. */
void ring_streams_init(struct ring_streams *streams, struct io_uring *uring);
void ring_streams_finish(struct ring_streams *streams); /* once the ring is gone */

/* Prepares the reads that are wanted; those that do not fit wait for the next turn. */
void ring_streams_start(struct ring_streams *streams);

/* Takes the end of a read. */
void ring_streams_end(struct ring_streams *streams, const struct io_uring_cqe *cqe);

/* Handles one read that has ended; there must be one. */
void ring_streams_handle(struct ring_streams *streams);

/* Drops what has been read from a stream that is not being read. */
void ring_streams_drop(struct ring_streams *streams, struct stream *stream);

#endif

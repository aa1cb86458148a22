/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's io_uring, as far as the loop needs it: one system call starts
 * all that was prepared and waits for something to end. See io_uring(7).
 */
#ifndef RING_H
#define RING_H

#include <linux/io_uring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	int fd;
	uint32_t tail; /* of the prepared entries */
	const uint32_t *sq_head;
	uint32_t *sq_tail;
	uint32_t *cq_head;
	const uint32_t *cq_tail;
	uint32_t sq_entries; /* a power of two, as the other one */
	uint32_t cq_entries;
	struct io_uring_sqe *sqes;
	const struct io_uring_cqe *cqes;
	void *queues;
	size_t queues_size;
};

/* 0 or -errno: many kernels have none, or do not allow it. */
int ring_init(struct ring *ring);
void ring_finish(struct ring *ring);

/* Whether so many entries can be prepared; starts what was prepared to make room. */
bool ring_has_room(struct ring *ring, unsigned count);

/*
 * An entry that was made room for, to be filled in before the next call. At the
 * end the ring tells what it is for.
 */
struct io_uring_sqe *ring_prepare(struct ring *ring, uint8_t opcode, int fd, const void *what_for);

/* epoll's events as an entry wants them in poll32_events */
uint32_t ring_poll_events(uint32_t events);

/*
 * Starts what was prepared, and waits until something ends or for timeout (ms;
 * negative: for ever).
 */
void ring_wait(struct ring *ring, int timeout);

/* Whether the kernel has taken all that was prepared: it may lack memory for a while. */
bool ring_all_taken(const struct ring *ring);

/* Something that has ended; false if there is nothing. */
bool ring_take(struct ring *ring, struct io_uring_cqe *cqe);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ring.h"

#include <endian.h>
#include <errno.h>
#include <linux/time_types.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SQ_ENTRIES 64
/* As many as can end before they are taken: a wait for each of 64 nodes, and a few. */
#define CQ_ENTRIES 256

static int setup(struct io_uring_params *params)
{
	/* Of 6.1: what has ended is only looked after when it is waited for. */
	static const uint32_t flags[] = {
		IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_CQSIZE,
	};
	int fd = -1;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && fd < 0; i++) {
		*params = (struct io_uring_params){.flags = flags[i], .cq_entries = CQ_ENTRIES};
		fd = (int)syscall(__NR_io_uring_setup, SQ_ENTRIES, params);
	}
	return fd < 0 ? -errno : fd;
}

static void *map(int fd, size_t size, off_t offset)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static int map_queues(struct ring *ring, const struct io_uring_params *params)
{
	uint8_t *queues;
	uint32_t *array;

	ring->queues_size =
		larger(params->sq_off.array + params->sq_entries * sizeof(uint32_t),
		       params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe));
	ring->queues = map(ring->fd, ring->queues_size, IORING_OFF_SQ_RING);
	if (ring->queues == MAP_FAILED)
		return -errno;
	ring->sqes =
		map(ring->fd, params->sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	if (ring->sqes == MAP_FAILED) {
		munmap(ring->queues, ring->queues_size);
		return -errno;
	}
	queues = ring->queues;
	ring->sq_head = (void *)(queues + params->sq_off.head);
	ring->sq_tail = (void *)(queues + params->sq_off.tail);
	ring->sq_entries = params->sq_entries;
	ring->cq_head = (void *)(queues + params->cq_off.head);
	ring->cq_tail = (void *)(queues + params->cq_off.tail);
	ring->cq_entries = params->cq_entries;
	ring->cqes = (void *)(queues + params->cq_off.cqes);
	array = (void *)(queues + params->sq_off.array);
	for (uint32_t i = 0; i < params->sq_entries; i++)
		array[i] = i;
	return 0;
}

static uint32_t not_taken(const struct ring *ring)
{
	return ring->tail - __atomic_load_n(ring->sq_head, __ATOMIC_ACQUIRE);
}

/* What it cannot do now is tried again by the next call. */
static int enter(struct ring *ring, unsigned wanted, unsigned flags, const void *arg, size_t size)
{
	__atomic_store_n(ring->sq_tail, ring->tail, __ATOMIC_RELEASE);
	return (int)syscall(__NR_io_uring_enter, ring->fd, not_taken(ring), wanted, flags, arg,
			    size);
}

void ring_finish(struct ring *ring)
{
	munmap(ring->sqes, ring->sq_entries * sizeof(struct io_uring_sqe));
	munmap(ring->queues, ring->queues_size);
	close(ring->fd);
}

int ring_init(struct ring *ring)
{
	/* The last one is of 5.17. */
	const uint32_t needed = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP |
				IORING_FEAT_FAST_POLL | IORING_FEAT_POLL_32BITS |
				IORING_FEAT_EXT_ARG | IORING_FEAT_CQE_SKIP;
	struct io_uring_params params;
	int err;

	*ring = (struct ring){.fd = setup(&params)};
	if (ring->fd < 0)
		return ring->fd;
	err = (params.features & needed) == needed ? map_queues(ring, &params) : -ENOSYS;
	if (err < 0) {
		close(ring->fd);
		return err;
	}
	/* A filter of system calls may know only one of the two. */
	if (enter(ring, 0, 0, NULL, 0) < 0) {
		err = -errno;
		ring_finish(ring);
	}
	return err;
}

bool ring_has_room(struct ring *ring, unsigned count)
{
	if (not_taken(ring) + count > ring->sq_entries)
		enter(ring, 0, 0, NULL, 0);
	return not_taken(ring) + count <= ring->sq_entries;
}

struct io_uring_sqe *ring_prepare(struct ring *ring, uint8_t opcode, int fd, const void *what_for)
{
	struct io_uring_sqe *sqe = &ring->sqes[ring->tail++ & (ring->sq_entries - 1)];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = opcode;
	sqe->fd = fd;
	sqe->user_data = (uint64_t)(uintptr_t)what_for;
	return sqe;
}

uint32_t ring_poll_events(uint32_t events)
{
	return BYTE_ORDER == BIG_ENDIAN ? events << 16 | events >> 16 : events;
}

void ring_wait(struct ring *ring, int timeout)
{
	struct __kernel_timespec time = {.tv_sec = timeout / 1000,
					 .tv_nsec = timeout % 1000 * 1000000LL};
	struct io_uring_getevents_arg arg = {.ts = timeout < 0 ? 0 : (uint64_t)(uintptr_t)&time};

	enter(ring, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg, sizeof(arg));
}

bool ring_all_taken(const struct ring *ring)
{
	return not_taken(ring) == 0;
}

bool ring_take(struct ring *ring, struct io_uring_cqe *cqe)
{
	uint32_t head = *ring->cq_head;

	if (head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE))
		return false;
	*cqe = ring->cqes[head & (ring->cq_entries - 1)];
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loop_ring.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "list.h"
#include "ring.h"

#define SEND_MAX 16384 /* bytes of loop_send() in a turn; more are written at once */
#define KEPT_MAX 4096  /* bytes of a buffer that stay in use when more were read */

/*
 * What is waited for of a descriptor. It is an epoll of its own that the ring
 * polls: cdc-wdm looks at its state before it puts the caller of its poll into
 * its queue, and who comes with poll(2) or io_uring's misses what happens in
 * between. Epoll is always in the queue. (A read that finds nothing after all
 * waits by the kernel's own poll; so it is only behind one that has found something.)
 */
struct wait {
	struct list link; /* in the loop's idle or ended ones, if in any */
	struct watch *watch;
	uint32_t events; /* EPOLLIN: a read follows, or EPOLLOUT */
	int epoll_fd;
	bool under_way;
	int result;
	int used; /* bytes of the buffer, by the last read */
};

struct ring_watch {
	struct wait in;
	struct wait out; /* its epoll_fd is -1 until it is needed */
};

struct ring_loop {
	struct ring ring;
	struct list idle;  /* waits that the kernel is to be given */
	struct list ended; /* waits that are to be handled */
	bool ticks;        /* the clock was read less than LOOP_TICK ago */
	size_t to_send_len;
	uint8_t to_send[SEND_MAX];
};

struct ring_loop *ring_loop_create(void)
{
	struct ring_loop *loop = malloc(sizeof(*loop));

	if (!loop)
		return NULL;
	/* All of its memory is in use from the start. */
	memset(loop, 0, sizeof(*loop));
	list_init(&loop->idle);
	list_init(&loop->ended);
	if (ring_init(&loop->ring) < 0) {
		free(loop);
		return NULL;
	}
	return loop;
}

void ring_loop_destroy(struct ring_loop *loop)
{
	ring_finish(&loop->ring);
	free(loop);
}

static int wait_init(struct wait *wait, struct watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events};

	*wait = (struct wait){.watch = watch, .events = events};
	list_init(&wait->link);
	wait->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (wait->epoll_fd < 0)
		return -errno;
	if (epoll_ctl(wait->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) < 0) {
		int err = -errno;

		close(wait->epoll_fd);
		wait->epoll_fd = -1;
		return err;
	}
	return 0;
}

int ring_loop_add(struct ring_loop *loop, struct watch *watch)
{
	struct ring_watch *own = calloc(1, sizeof(*own));
	int err;

	if (!own)
		return -ENOMEM;
	err = wait_init(&own->in, watch, EPOLLIN);
	if (err < 0) {
		free(own);
		return err;
	}
	list_init(&own->out.link);
	own->out.epoll_fd = -1;
	list_append(&loop->idle, &own->in.link);
	watch->ring = own;
	watch->buffer[0] = 0;
	return 0;
}

/*
 * A poll, and the read that is linked to it. The poll's success is not told, and
 * of a link that fails the kernel tells the first failure only: one end for both.
 */
static bool start(struct ring_loop *loop, struct wait *wait)
{
	const struct watch *watch = wait->watch;
	bool reads = wait->events == EPOLLIN;
	struct io_uring_sqe *sqe;

	if (!ring_has_room(&loop->ring, reads ? 2 : 1))
		return false;
	sqe = ring_prepare(&loop->ring, IORING_OP_POLL_ADD, wait->epoll_fd, wait);
	sqe->poll32_events = ring_poll_events(EPOLLIN);
	if (reads) {
		if (wait->used > KEPT_MAX)
			madvise(watch->buffer + KEPT_MAX, watch->read_max - KEPT_MAX,
				MADV_DONTNEED);
		sqe->flags = IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
		sqe = ring_prepare(&loop->ring, IORING_OP_READ, watch->fd, wait);
		sqe->addr = (uint64_t)(uintptr_t)watch->buffer;
		sqe->len = (uint32_t)watch->read_max;
	}
	wait->under_way = true;
	list_remove(&wait->link);
	return true;
}

static void end(struct ring_loop *loop, const struct io_uring_cqe *cqe)
{
	struct wait *wait = (struct wait *)(uintptr_t)cqe->user_data;

	if (cqe->user_data == (uint64_t)(uintptr_t)&loop->ticks) {
		loop->ticks = false;
	} else if (wait) {
		wait->result = cqe->res;
		wait->used = cqe->res;
		wait->under_way = false;
		list_append(&loop->ended, &wait->link);
	}
}

static void turn(struct ring_loop *loop, int timeout)
{
	struct io_uring_cqe cqe;

	list_for_each (link, &loop->idle) {
		if (!start(loop, container_of(link, struct wait, link)))
			break;
	}
	ring_wait(&loop->ring, timeout);
	if (ring_all_taken(&loop->ring))
		loop->to_send_len = 0;
	while (ring_take(&loop->ring, &cqe))
		end(loop, &cqe);
}

/* What is under way uses the memory of the watch. */
static void stop(struct ring_loop *loop, struct wait *wait)
{
	while (wait->under_way) {
		if (ring_has_room(&loop->ring, 1))
			ring_prepare(&loop->ring, IORING_OP_ASYNC_CANCEL, -1, NULL)->addr =
				(uint64_t)(uintptr_t)wait;
		turn(loop, -1);
	}
	list_remove(&wait->link);
	if (wait->epoll_fd >= 0)
		close(wait->epoll_fd);
}

void ring_loop_remove(struct ring_loop *loop, struct watch *watch)
{
	/* The descriptor may be closed next. */
	while (loop->to_send_len > 0)
		turn(loop, 0);
	stop(loop, &watch->ring->in);
	stop(loop, &watch->ring->out);
	free(watch->ring);
	watch->ring = NULL;
}

ssize_t ring_loop_read(struct watch *watch)
{
	int result = watch->ring->in.result;

	watch->ring->in.result = -EAGAIN;
	if (result >= 0)
		return result;
	errno = -result;
	return -1;
}

void ring_loop_await_writable(struct ring_loop *loop, struct watch *watch)
{
	struct wait *wait = &watch->ring->out;

	if (wait->under_way || !list_empty(&wait->link))
		return;
	if (wait->epoll_fd >= 0 || wait_init(wait, watch, EPOLLOUT) == 0)
		list_append(&loop->idle, &wait->link);
}

ssize_t ring_loop_send(struct ring_loop *loop, struct watch *watch, const struct iovec *iov,
		       int count)
{
	uint8_t *begin = loop->to_send + loop->to_send_len;
	struct io_uring_sqe *sqe;
	size_t size = 0;

	for (int i = 0; i < count; i++)
		size += iov[i].iov_len;
	if (size > SEND_MAX - loop->to_send_len || !ring_has_room(&loop->ring, 1))
		return writev(watch->fd, iov, count);
	for (int i = 0; i < count; i++) {
		memcpy(loop->to_send + loop->to_send_len, iov[i].iov_base, iov[i].iov_len);
		loop->to_send_len += iov[i].iov_len;
	}
	sqe = ring_prepare(&loop->ring, IORING_OP_WRITE, watch->fd, NULL);
	sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	sqe->addr = (uint64_t)(uintptr_t)begin;
	sqe->len = (uint32_t)size;
	return (ssize_t)size;
}

/*
 * A read of nothing after all: where there is an error instead (the kernel tries
 * for a while, then gives up), or where another process was faster.
 */
static uint32_t real_events(const struct wait *wait)
{
	struct pollfd pollfd = {.fd = wait->watch->fd, .events = POLLIN};

	if (wait->events != EPOLLIN || wait->result != -EAGAIN)
		return wait->events;
	poll(&pollfd, 1, 0);
	return (uint32_t)pollfd.revents;
}

/* No error of the descriptor: it is tried again. */
static bool failed_for_now(const struct wait *wait)
{
	return wait->result == -ENOMEM || wait->result == -EINTR || wait->result == -ECANCELED;
}

static void handle(struct ring_loop *loop, struct wait *wait)
{
	struct watch *watch = wait->watch;
	uint32_t events = failed_for_now(wait) ? 0 : real_events(wait);
	bool again = wait->events == EPOLLIN || failed_for_now(wait);

	list_remove(&wait->link);
	/* Before the watch may be gone; it is started by the next turn. */
	if (again)
		list_append(&loop->idle, &wait->link);
	if (events)
		watch->ready(watch, events);
}

/* It is read now and then if something happens at all: it may cost a system call. */
static void read_clock(struct ring_loop *loop, uint64_t *now)
{
	static const struct __kernel_timespec tick = {.tv_nsec = LOOP_TICK * 1000000LL};
	struct io_uring_sqe *sqe;

	*now = clock_ms();
	if (loop->ticks || !ring_has_room(&loop->ring, 1))
		return;
	sqe = ring_prepare(&loop->ring, IORING_OP_TIMEOUT, -1, &loop->ticks);
	sqe->addr = (uint64_t)(uintptr_t)&tick;
	sqe->len = 1;
	loop->ticks = true;
}

void ring_loop_wait(struct ring_loop *loop, int timeout, uint64_t *now)
{
	if (list_empty(&loop->ended))
		turn(loop, timeout);
	if (list_empty(&loop->ended)) {
		*now = clock_ms();
		return;
	}
	if (!loop->ticks)
		read_clock(loop, now);
	/* One at a time: handling it may end what another one is about. */
	handle(loop, container_of(loop->ended.next, struct wait, link));
}

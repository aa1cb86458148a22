/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop with io_uring: one system call submits everything prepared and waits for a
 * completion. See io_uring(7).
 */
#include <assert.h>
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "list.h"
#include "loop_kind.h"

#define SQ_ENTRIES 64
/* Room for all completions that can be pending: a wait for each of 64 nodes, and a few. */
#define CQ_ENTRIES 256

#define SEND_MAX 16384 /* bytes of loop_send() per turn; any more are written at once */

/*
 * A wait for one kind of event on a descriptor. The ring polls an epoll instance made
 * for it, not the descriptor: cdc-wdm checks its state before it queues the caller of
 * its poll, so poll(2) and io_uring's poll miss an event that comes in between, while
 * epoll stays queued. (A read that finds nothing waits with that same poll, so a read
 * starts only after the epoll has reported something.)
 */
struct loop_ring_wait {
	struct list link; /* in the ring's idle or ended list, if any */
	struct watch *watch;
	uint32_t events; /* EPOLLIN, followed by a read, or EPOLLOUT */
	int epoll_fd;
	bool under_way;
	int result;
};

struct loop_ring_watch {
	struct loop_ring_wait in;
	struct loop_ring_wait out; /* epoll_fd is -1 until needed */
};

struct loop_ring {
	struct io_uring uring;
	const uint64_t *now;
	struct list idle;  /* waits to submit */
	struct list ended; /* waits to handle */
	bool ticks;        /* the clock was read less than LOOP_TICK ago */
	size_t to_send_len;
	uint8_t to_send[SEND_MAX];
};

static int loop_ring_set_up(struct io_uring *uring)
{
	/* From Linux 6.1: process completions only while waiting for them. */
	static const uint32_t flags[] = {
		IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_CQSIZE,
	};
	int err = -ENOSYS;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && err < 0; i++) {
		struct io_uring_params params = {.flags = flags[i], .cq_entries = CQ_ENTRIES};

		err = io_uring_queue_init_params(SQ_ENTRIES, uring, &params);
	}
	return err;
}

static int loop_ring_open(struct io_uring *uring)
{
	/* The last one is from Linux 5.17. */
	const uint32_t needed = IORING_FEAT_NODROP | IORING_FEAT_FAST_POLL |
				IORING_FEAT_POLL_32BITS | IORING_FEAT_EXT_ARG |
				IORING_FEAT_CQE_SKIP;
	int err = loop_ring_set_up(uring);

	if (err < 0)
		return err;
	/* A seccomp filter may allow io_uring_setup() but not io_uring_enter(). */
	err = (uring->features & needed) == needed ? io_uring_get_events(uring) : -ENOSYS;
	if (err < 0)
		io_uring_queue_exit(uring);
	return err;
}

/* True if count entries fit; submits pending entries to make room. */
static bool loop_ring_has_room(struct loop_ring *ring, unsigned count)
{
	if (io_uring_sq_space_left(&ring->uring) < count)
		io_uring_submit(&ring->uring);
	return io_uring_sq_space_left(&ring->uring) >= count;
}

static void loop_ring_finish(struct loop *loop)
{
	io_uring_queue_exit(&loop->ring->uring);
	free(loop->ring);
}

static int loop_ring_wait_init(struct loop_ring_wait *wait, struct watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events};

	*wait = (struct loop_ring_wait){.watch = watch, .events = events};
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

static int loop_ring_add(struct loop *loop, struct watch *watch)
{
	struct loop_ring_watch *own = calloc(1, sizeof(*own));
	int err;

	if (!own)
		return -ENOMEM;
	err = loop_ring_wait_init(&own->in, watch, EPOLLIN);
	if (err < 0) {
		free(own);
		return err;
	}
	list_init(&own->out.link);
	own->out.epoll_fd = -1;
	list_append(&loop->ring->idle, &own->in.link);
	watch->ring = own;
	watch->buffer[0] = 0;
	return 0;
}

/*
 * Prepares a poll and the read linked to it. They give one completion together: a
 * poll's success is not reported, and of a failed link only the first failure is.
 */
static bool loop_ring_start(struct loop_ring *ring, struct loop_ring_wait *wait)
{
	struct watch *watch = wait->watch;
	bool reads = wait->events == EPOLLIN && watch->read_max > 0;
	struct io_uring_sqe *sqe;

	assert(!wait->under_way);
	if (!loop_ring_has_room(ring, reads ? 2 : 1))
		return false;
	sqe = io_uring_get_sqe(&ring->uring);
	io_uring_prep_poll_add(sqe, wait->epoll_fd, EPOLLIN);
	io_uring_sqe_set_data(sqe, wait);
	if (reads) {
		loop_trim(watch, *ring->now);
		io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
		sqe = io_uring_get_sqe(&ring->uring);
		io_uring_prep_read(sqe, watch->fd, watch->buffer, (unsigned)watch->read_max, 0);
		io_uring_sqe_set_data(sqe, wait);
	}
	wait->under_way = true;
	list_remove(&wait->link);
	return true;
}

static void loop_ring_end(struct loop_ring *ring, const struct io_uring_cqe *cqe)
{
	struct loop_ring_wait *wait = io_uring_cqe_get_data(cqe);

	if (io_uring_cqe_get_data(cqe) == &ring->ticks) {
		ring->ticks = false;
	} else if (wait) {
		wait->result = cqe->res;
		if (cqe->res > 0 && (size_t)cqe->res > wait->watch->resident)
			wait->watch->resident = (size_t)cqe->res;
		wait->under_way = false;
		list_append(&ring->ended, &wait->link);
	}
}

/*
 * Submits the idle waits and waits for a completion. The next turn retries what
 * cannot be done now.
 */
static void loop_ring_turn(struct loop_ring *ring, int timeout)
{
	struct __kernel_timespec time = {.tv_sec = timeout / 1000,
					 .tv_nsec = timeout % 1000 * 1000000LL};
	struct io_uring_cqe *cqe;
	unsigned count = 0;
	unsigned head;

	list_for_each (link, &ring->idle) {
		if (!loop_ring_start(ring, container_of(link, struct loop_ring_wait, link)))
			break;
	}
	io_uring_submit_and_wait_timeout(&ring->uring, &cqe, 1, timeout < 0 ? NULL : &time, NULL);
	/* The kernel may be short of memory and accept only some entries. */
	if (io_uring_sq_ready(&ring->uring) == 0)
		ring->to_send_len = 0;
	io_uring_for_each_cqe (&ring->uring, head, cqe) {
		loop_ring_end(ring, cqe);
		count++;
	}
	io_uring_cq_advance(&ring->uring, count);
}

/* Waits for the end: a request in progress uses the watch's memory. */
static void loop_ring_stop(struct loop_ring *ring, struct loop_ring_wait *wait)
{
	while (wait->under_way) {
		if (loop_ring_has_room(ring, 1)) {
			struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);

			io_uring_prep_cancel(sqe, wait, 0);
			io_uring_sqe_set_data(sqe, NULL);
		}
		loop_ring_turn(ring, -1);
	}
	list_remove(&wait->link);
	if (wait->epoll_fd >= 0)
		close(wait->epoll_fd);
}

static void loop_ring_remove(struct loop *loop, struct watch *watch)
{
	/* The caller may close the descriptor next. */
	while (loop->ring->to_send_len > 0)
		loop_ring_turn(loop->ring, 0);
	loop_ring_stop(loop->ring, &watch->ring->in);
	loop_ring_stop(loop->ring, &watch->ring->out);
	free(watch->ring);
	watch->ring = NULL;
}

static ssize_t loop_ring_read(struct loop *loop, struct watch *watch)
{
	int result = watch->ring->in.result;

	(void)loop;
	watch->ring->in.result = -EAGAIN;
	return result;
}

static void loop_ring_await_writable(struct loop *loop, struct watch *watch)
{
	struct loop_ring_wait *wait = &watch->ring->out;

	if (wait->under_way || !list_empty(&wait->link))
		return;
	if (wait->epoll_fd >= 0 || loop_ring_wait_init(wait, watch, EPOLLOUT) == 0)
		list_append(&loop->ring->idle, &wait->link);
}

static ssize_t loop_ring_send(struct loop *loop, struct watch *watch, const struct iovec *iov,
			      int count)
{
	struct loop_ring *ring = loop->ring;
	uint8_t *begin = ring->to_send + ring->to_send_len;
	struct io_uring_sqe *sqe;
	size_t size = 0;

	for (int i = 0; i < count; i++)
		size += iov[i].iov_len;
	if (size > SEND_MAX - ring->to_send_len || !loop_ring_has_room(ring, 1))
		return loop_send_now(watch, iov, count);
	for (int i = 0; i < count; i++) {
		memcpy(ring->to_send + ring->to_send_len, iov[i].iov_base, iov[i].iov_len);
		ring->to_send_len += iov[i].iov_len;
	}
	sqe = io_uring_get_sqe(&ring->uring);
	io_uring_prep_write(sqe, watch->fd, begin, (unsigned)size, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
	io_uring_sqe_set_data(sqe, NULL);
	return (ssize_t)size;
}

/*
 * The read may find nothing after all: if there is an error instead (the kernel
 * retries for a while, then gives up), or if another process was faster.
 */
static uint32_t loop_ring_real_events(const struct loop_ring_wait *wait)
{
	struct pollfd pollfd = {.fd = wait->watch->fd, .events = POLLIN};

	if (wait->events != EPOLLIN || wait->result != -EAGAIN)
		return wait->events;
	poll(&pollfd, 1, 0);
	return (uint32_t)pollfd.revents;
}

/* True for errors that are not the descriptor's: the wait is retried. */
static bool loop_ring_failed_for_now(const struct loop_ring_wait *wait)
{
	return wait->result == -ENOMEM || wait->result == -EINTR || wait->result == -ECANCELED;
}

static void loop_ring_handle(struct loop_ring *ring, struct loop_ring_wait *wait)
{
	struct watch *watch = wait->watch;
	uint32_t events = loop_ring_failed_for_now(wait) ? 0 : loop_ring_real_events(wait);
	bool again = wait->events == EPOLLIN || loop_ring_failed_for_now(wait);

	list_remove(&wait->link);
	/* Queue it before ready(), which may free the watch. The next turn submits it. */
	if (again)
		list_append(&ring->idle, &wait->link);
	if (events)
		watch->ready(watch, events);
}

/* Reading the clock may cost a system call, so refresh it at most once per LOOP_TICK. */
static void loop_ring_read_clock(struct loop_ring *ring, uint64_t *now)
{
	static struct __kernel_timespec tick = {.tv_nsec = LOOP_TICK * 1000000LL};
	struct io_uring_sqe *sqe;

	*now = clock_ms();
	if (ring->ticks || !loop_ring_has_room(ring, 1))
		return;
	sqe = io_uring_get_sqe(&ring->uring);
	io_uring_prep_timeout(sqe, &tick, 0, 0);
	io_uring_sqe_set_data(sqe, &ring->ticks);
	ring->ticks = true;
}

static void loop_ring_wait(struct loop *loop, int timeout)
{
	struct loop_ring *ring = loop->ring;

	if (list_empty(&ring->ended))
		loop_ring_turn(ring, timeout);
	if (list_empty(&ring->ended)) {
		loop->now = clock_ms();
		return;
	}
	if (!ring->ticks)
		loop_ring_read_clock(ring, &loop->now);
	/* One at a time: handling it may end what another one is about. */
	loop_ring_handle(ring, container_of(ring->ended.next, struct loop_ring_wait, link));
}

static const struct loop_kind loop_ring_kind = {
	.finish = loop_ring_finish,
	.add = loop_ring_add,
	.remove = loop_ring_remove,
	.read = loop_ring_read,
	.await_writable = loop_ring_await_writable,
	.send = loop_ring_send,
	.wait = loop_ring_wait,
};

int loop_ring_init(struct loop *loop)
{
	struct loop_ring *ring = malloc(sizeof(*ring));
	int err;

	if (!ring)
		return -ENOMEM;
	/* Touches all of its memory now, so that it does not grow later. */
	memset(ring, 0, sizeof(*ring));
	ring->now = &loop->now;
	list_init(&ring->idle);
	list_init(&ring->ended);
	err = loop_ring_open(&ring->uring);
	if (err < 0) {
		free(ring);
		return err;
	}
	loop->ring = ring;
	loop->kind = &loop_ring_kind;
	return 0;
}

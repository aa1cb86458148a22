/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop. With io_uring, one system call per turn both reads and sends what
 * loop_send() was given. It uses epoll, read and write instead if the kernel has no
 * io_uring, if the daemon was built without liburing, or if CUSE_QMUX_LOOP=epoll is
 * set. Callers see no difference.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct loop_kind;
struct loop_ring;
struct loop_ring_watch;

/* A descriptor to wait for, embedded in the object that waits for it. */
struct watch {
	int fd;          /* non-blocking */
	size_t read_max; /* bytes to ask for in a read; 0: ready() reads by itself */
	void (*ready)(struct watch *watch, uint32_t events); /* EPOLL* flags */
	uint8_t *buffer; /* read_max bytes, at least 1, while the watch is on the loop, else NULL */
	/* Private to the loop: */
	size_t resident;  /* bytes of the buffer filled since it was last trimmed */
	uint64_t trimmed; /* ms */
	struct loop_ring_watch *ring;
};

struct loop {
	uint64_t now; /* CLOCK_MONOTONIC in ms, up to LOOP_TICK late */
	const struct loop_kind *kind;
	int epoll_fd;           /* with epoll */
	struct watch *served;   /* with epoll: whose event is handled, until it is removed */
	struct loop_ring *ring; /* with io_uring */
};

#define LOOP_TICK 10 /* ms */

/* Returns 0 or -errno. loop_finish() requires that every watch has been removed. */
int loop_init(struct loop *loop);
void loop_finish(struct loop *loop);

/*
 * Calls watch->ready() whenever watch->fd is readable. fd, read_max and ready must
 * be set; the watch must stay valid until it is removed, and fd open. Returns 0 or
 * -errno. Removing a watch that is not on the loop does nothing.
 */
int loop_add(struct loop *loop, struct watch *watch);
void loop_remove(struct loop *loop, struct watch *watch);

/*
 * Reads into watch->buffer. Returns the number of bytes, 0 at end of file, or -errno.
 * Only ready() may call it, once per call of ready().
 */
ssize_t loop_read(struct loop *loop, struct watch *watch);

/* Calls ready() with EPOLLOUT once, when watch->fd is writable. */
void loop_await_writable(struct loop *loop, struct watch *watch);

/*
 * Like writev(2), but returns -errno, for a descriptor that takes all or nothing and
 * never blocks. The data is copied and may be written as late as the next
 * loop_wait(); an error is not reported then.
 */
ssize_t loop_send(struct loop *loop, struct watch *watch, const struct iovec *iov, int count);

/*
 * Waits for one event and handles it, but does not wait past the deadline (a time in ms
 * like now; UINT64_MAX: none). Updates now.
 */
void loop_wait(struct loop *loop, uint64_t deadline);

#endif

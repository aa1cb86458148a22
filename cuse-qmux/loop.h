/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop: io_uring, where a turn is one system call that reads, and sends
 * what loop_send() was given; or epoll, read and write, on a kernel without it, in
 * a daemon without liburing, or if CUSE_QMUX_LOOP=epoll asks for that. Its users see no
 * difference.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct loop_kind;
struct loop_ring;
struct loop_ring_watch;

/* Something to wait for, embedded in what waits for it. */
struct watch {
	int fd;                                              /* non-blocking */
	size_t read_max;                                     /* bytes that a read asks for */
	void (*ready)(struct watch *watch, uint32_t events); /* epoll's events */
	uint8_t *buffer; /* of read_max bytes while the watch is on the loop, else NULL */
	struct loop_ring_watch *ring; /* the loop's own */
};

struct loop {
	uint64_t now; /* ms of CLOCK_MONOTONIC, up to LOOP_TICK ago */
	const struct loop_kind *kind;
	int epoll_fd;           /* of the one kind */
	struct loop_ring *ring; /* of the other */
};

#define LOOP_TICK 10 /* ms */

/* 0 or -errno. */
int loop_init(struct loop *loop);
void loop_finish(struct loop *loop);

/*
 * The watch is told when it can be read from, and it has to stay until it is
 * removed. 0 or -errno. One that is not on the loop may be removed too.
 */
int loop_add(struct loop *loop, struct watch *watch);
void loop_remove(struct loop *loop, struct watch *watch);

/*
 * Reads into the watch's buffer: how many bytes, 0 at the end of the file, or -errno.
 * It is for ready() to call, once.
 */
ssize_t loop_read(struct loop *loop, struct watch *watch);

/* The watch is told with EPOLLOUT, once, when it can be written to. */
void loop_await_writable(struct loop *loop, struct watch *watch);

/*
 * As writev(2), for a descriptor that takes all or nothing, at once, but with -errno.
 * It may be written as late as the loop waits again, and then an error is not told.
 */
ssize_t loop_send(struct loop *loop, struct watch *watch, const struct iovec *iov, int count);

/* Waits for an event until the deadline at the longest (ms, UINT64_MAX: for ever); handles one. */
void loop_wait(struct loop *loop, uint64_t deadline);

#endif

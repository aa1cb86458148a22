/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop. With io_uring, one system call per turn both reads and sends what
 * loop_send() was given. It uses epoll, read and write instead if the kernel has no
 * io_uring, if the daemon was built without liburing, or if CUSE_QMUX_LOOP=epoll is
 * set. Callers see no difference.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "list.h"

struct loop_kind;
struct loop_ring;
struct loop_ring_watch;

/*
 * A stream socket, embedded in the object that it belongs to. It costs no buffer while it
 * is silent, so there may be thousands.
 */
struct stream {
	int fd;
	/* size: 0 at end of file, or -errno; data is valid during the call only */
	void (*received)(struct stream *stream, const uint8_t *data, ssize_t size);
	/* The socket did not take what loop_send_later() was given. It must not free the stream. */
	void (*unsent)(struct stream *stream, const uint8_t *data, size_t size, int error);
	/* Private to the loop: */
	struct list link; /* in a list of the ring's, if any */
	bool under_way;
	int result;
	uint16_t buffer; /* the one that the kernel has filled; 0: none */
	uint16_t sent_at;
	uint16_t sent_size;
	uint64_t sent_turn;
};

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

/* A Unix socket takes a message whole or not at all if its send buffer has twice the size. */
#define STREAM_MESSAGE_MAX 1024

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
 * Reads from streams and writes to them, in the system call that waits; not every loop
 * and kernel can. All but link and the private part of the stream must be set, link
 * initialised, and the stream stays where it is, and open, until loop_forget_stream().
 * loop_receive() calls received() once, and does nothing while that is still to come.
 */
bool loop_has_streams(const struct loop *loop);
void loop_receive(struct loop *loop, struct stream *stream);

/*
 * Copies a message of at most STREAM_MESSAGE_MAX bytes, to write it as late as the next
 * loop_wait(): whole, or else unsent() is called. On false the caller writes it, unless
 * unsent() has been called for an earlier one meanwhile, which then comes first.
 */
bool loop_send_later(struct loop *loop, struct stream *stream, const uint8_t *data, size_t size);

/* Writes what is to be written, and stops reading. */
void loop_forget_stream(struct loop *loop, struct stream *stream);

/*
 * Waits for one event and handles it, but does not wait past the deadline (a time in ms
 * like now; UINT64_MAX: none). Updates now.
 */
void loop_wait(struct loop *loop, uint64_t deadline);

#endif

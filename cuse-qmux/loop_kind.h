/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two kinds of loop. loop.h says what their functions do, for a watch on the loop. */
#ifndef LOOP_KIND_H
#define LOOP_KIND_H

#include "loop.h"

struct loop_kind {
	void (*finish)(struct loop *loop);
	int (*add)(struct loop *loop, struct watch *watch);
	void (*remove)(struct loop *loop, struct watch *watch);
	ssize_t (*read)(struct loop *loop, struct watch *watch);
	void (*await_writable)(struct loop *loop, struct watch *watch);
	ssize_t (*send)(struct loop *loop, struct watch *watch, const struct iovec *iov, int count);
	void (*wait)(struct loop *loop, int timeout); /* ms; negative: for ever */
};

/*
 * Each makes the loop one of its kind. 0 or -errno: for a ring, this kernel has no
 * io_uring that is good enough, or does not allow it, or the daemon was built
 * without liburing.
 */
int loop_epoll_init(struct loop *loop);
int loop_ring_init(struct loop *loop);

/* loop_send() without a delay, for a kind that can do no better. */
ssize_t loop_send_now(const struct watch *watch, const struct iovec *iov, int count);

#endif

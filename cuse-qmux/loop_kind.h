/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two implementations of the loop. See loop.h; the watch passed here is on the loop. */
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
	void (*wait)(struct loop *loop, int timeout); /* ms; negative: no limit */
};

/*
 * Each sets the loop up with its implementation. Returns 0 or -errno. loop_ring_init()
 * fails if the kernel's io_uring is missing, too old or forbidden, or if the daemon was
 * built without liburing.
 */
int loop_epoll_init(struct loop *loop);
int loop_ring_init(struct loop *loop);

/* Before a watch waits for its next read: gives back the memory of a large one. */
void loop_trim(struct watch *watch, uint64_t now);

/* loop_send() that writes at once, for when nothing can be deferred. */
ssize_t loop_send_now(const struct watch *watch, const struct iovec *iov, int count);

#endif

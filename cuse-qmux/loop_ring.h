/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop where the kernel has io_uring: loop.h has what its functions do. */
#ifndef LOOP_RING_H
#define LOOP_RING_H

#include "loop.h"

/* NULL: this kernel has none that is good enough, or does not allow it. */
struct ring_loop *ring_loop_create(void);
void ring_loop_destroy(struct ring_loop *loop);

int ring_loop_add(struct ring_loop *loop, struct watch *watch);
void ring_loop_remove(struct ring_loop *loop, struct watch *watch);
ssize_t ring_loop_read(struct watch *watch);
void ring_loop_await_writable(struct ring_loop *loop, struct watch *watch);
ssize_t ring_loop_send(struct ring_loop *loop, struct watch *watch, const struct iovec *iov,
		       int count);

/* timeout: ms, negative: for ever. now is brought up to date where that is due. */
void ring_loop_wait(struct ring_loop *loop, int timeout, uint64_t *now);

#endif

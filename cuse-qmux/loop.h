/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop: one epoll for everything that the daemon waits for. */
#ifndef LOOP_H
#define LOOP_H

#include <stdint.h>

/* Something to wait for, embedded in what waits for it. */
struct watch {
	int fd;
	void (*ready)(struct watch *watch, uint32_t events); /* epoll's events */
};

struct loop {
	int epoll_fd;
	uint64_t now; /* ms of CLOCK_MONOTONIC, when the last wait ended */
};

/* 0 or -errno. */
int loop_init(struct loop *loop);
void loop_finish(struct loop *loop);

/* The watch has to stay until it is removed. 0 or -errno. */
int loop_add(struct loop *loop, struct watch *watch, uint32_t events);
void loop_change(struct loop *loop, struct watch *watch, uint32_t events);
void loop_remove(struct loop *loop, struct watch *watch);

/* Waits for events, until the deadline (ms, UINT64_MAX: for ever) at the longest, and handles one.
 */
void loop_wait(struct loop *loop, uint64_t deadline);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

static uint64_t monotonic_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

int loop_init(struct loop *loop)
{
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->now = monotonic_ms();
	return loop->epoll_fd < 0 ? -errno : 0;
}

void loop_finish(struct loop *loop)
{
	close(loop->epoll_fd);
}

int loop_add(struct loop *loop, struct watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) < 0 ? -errno : 0;
}

void loop_change(struct loop *loop, struct watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);
}

void loop_remove(struct loop *loop, struct watch *watch)
{
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
}

static int timeout_until(const struct loop *loop, uint64_t deadline)
{
	if (deadline == UINT64_MAX)
		return -1;
	if (deadline <= loop->now)
		return 0;
	return deadline - loop->now > INT_MAX ? INT_MAX : (int)(deadline - loop->now);
}

void loop_wait(struct loop *loop, uint64_t deadline)
{
	struct epoll_event event;
	/* One at a time: handling it may end what another one is about. */
	int count = epoll_wait(loop->epoll_fd, &event, 1, timeout_until(loop, deadline));

	loop->now = monotonic_ms();
	if (count > 0) {
		struct watch *watch = event.data.ptr;

		watch->ready(watch, event.events);
	}
}

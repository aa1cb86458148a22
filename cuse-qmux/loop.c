/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "loop_ring.h"

static bool loop_epoll_wanted(void)
{
	const char *wanted = getenv("CUSE_QMUX_LOOP");

	return wanted && strcmp(wanted, "epoll") == 0;
}

int loop_init(struct loop *loop)
{
	*loop = (struct loop){.now = clock_ms(), .epoll_fd = -1};
	if (!loop_epoll_wanted())
		loop->ring = ring_loop_create();
	if (loop->ring)
		return 0;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll_fd < 0 ? -errno : 0;
}

void loop_finish(struct loop *loop)
{
	if (loop->ring)
		ring_loop_destroy(loop->ring);
	else
		close(loop->epoll_fd);
}

static int loop_control(struct loop *loop, int operation, struct watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	return epoll_ctl(loop->epoll_fd, operation, watch->fd, &event) < 0 ? -errno : 0;
}

/* It takes memory only where something was read to. */
static uint8_t *loop_map_buffer(size_t size)
{
	uint8_t *buffer = mmap(NULL, size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return buffer == MAP_FAILED ? NULL : buffer;
}

static void loop_unmap_buffer(struct watch *watch)
{
	munmap(watch->buffer, watch->read_max);
	watch->buffer = NULL;
}

int loop_add(struct loop *loop, struct watch *watch)
{
	int err;

	watch->buffer = loop_map_buffer(watch->read_max);
	if (!watch->buffer)
		return -ENOMEM;
	err = loop->ring ? ring_loop_add(loop->ring, watch)
			 : loop_control(loop, EPOLL_CTL_ADD, watch, EPOLLIN);
	if (err < 0)
		loop_unmap_buffer(watch);
	return err;
}

void loop_remove(struct loop *loop, struct watch *watch)
{
	if (!watch->buffer)
		return;
	if (loop->ring)
		ring_loop_remove(loop->ring, watch);
	else
		loop_control(loop, EPOLL_CTL_DEL, watch, 0);
	loop_unmap_buffer(watch);
}

ssize_t loop_read(struct loop *loop, struct watch *watch)
{
	return loop->ring ? ring_loop_read(watch) : read(watch->fd, watch->buffer, watch->read_max);
}

void loop_await_writable(struct loop *loop, struct watch *watch)
{
	if (loop->ring)
		ring_loop_await_writable(loop->ring, watch);
	else
		loop_control(loop, EPOLL_CTL_MOD, watch, EPOLLIN | EPOLLOUT);
}

ssize_t loop_send(struct loop *loop, struct watch *watch, const struct iovec *iov, int count)
{
	return watch->ring ? ring_loop_send(loop->ring, watch, iov, count)
			   : writev(watch->fd, iov, count);
}

static int loop_timeout_until(const struct loop *loop, uint64_t deadline)
{
	if (deadline == UINT64_MAX)
		return -1;
	if (deadline <= loop->now)
		return 0;
	return deadline - loop->now > INT_MAX ? INT_MAX : (int)(deadline - loop->now);
}

static void loop_wait_on_epoll(struct loop *loop, int timeout)
{
	struct epoll_event event;
	/* One at a time: handling it may end what another one is about. */
	int count = epoll_wait(loop->epoll_fd, &event, 1, timeout);

	loop->now = clock_ms();
	if (count > 0) {
		struct watch *watch = event.data.ptr;

		if (event.events & EPOLLOUT)
			loop_control(loop, EPOLL_CTL_MOD, watch, EPOLLIN);
		watch->ready(watch, event.events);
	}
}

void loop_wait(struct loop *loop, uint64_t deadline)
{
	int timeout = loop_timeout_until(loop, deadline);

	if (loop->ring)
		ring_loop_wait(loop->ring, timeout, &loop->now);
	else
		loop_wait_on_epoll(loop, timeout);
}

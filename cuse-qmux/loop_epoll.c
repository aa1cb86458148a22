/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop with epoll, read and write. */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "loop_kind.h"

static int loop_epoll_control(struct loop *loop, int operation, struct watch *watch,
			      uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	return epoll_ctl(loop->epoll_fd, operation, watch->fd, &event) < 0 ? -errno : 0;
}

static void loop_epoll_finish(struct loop *loop)
{
	close(loop->epoll_fd);
}

static int loop_epoll_add(struct loop *loop, struct watch *watch)
{
	return loop_epoll_control(loop, EPOLL_CTL_ADD, watch, EPOLLIN);
}

static void loop_epoll_remove(struct loop *loop, struct watch *watch)
{
	loop_epoll_control(loop, EPOLL_CTL_DEL, watch, 0);
	if (loop->served == watch)
		loop->served = NULL;
}

static ssize_t loop_epoll_read(struct loop *loop, struct watch *watch)
{
	ssize_t size = read(watch->fd, watch->buffer, watch->read_max);

	(void)loop;
	if (size < 0)
		return -errno;
	if ((size_t)size > watch->resident)
		watch->resident = (size_t)size;
	return size;
}

static void loop_epoll_await_writable(struct loop *loop, struct watch *watch)
{
	loop_epoll_control(loop, EPOLL_CTL_MOD, watch, EPOLLIN | EPOLLOUT);
}

static ssize_t loop_epoll_send(struct loop *loop, struct watch *watch, const struct iovec *iov,
			       int count)
{
	(void)loop;
	return loop_send_now(watch, iov, count);
}

static void loop_epoll_wait(struct loop *loop, int timeout)
{
	struct epoll_event event;
	/* One at a time: handling an event may remove the watch of another. */
	int count = epoll_wait(loop->epoll_fd, &event, 1, timeout);

	loop->now = clock_ms();
	if (count > 0) {
		struct watch *watch = event.data.ptr;

		if (event.events & EPOLLOUT)
			loop_epoll_control(loop, EPOLL_CTL_MOD, watch, EPOLLIN);
		loop->served = watch;
		watch->ready(watch, event.events);
		if (loop->served)
			loop_trim(watch, loop->now);
		loop->served = NULL;
	}
}

static const struct loop_kind loop_epoll_kind = {
	.finish = loop_epoll_finish,
	.add = loop_epoll_add,
	.remove = loop_epoll_remove,
	.read = loop_epoll_read,
	.await_writable = loop_epoll_await_writable,
	.send = loop_epoll_send,
	.wait = loop_epoll_wait,
};

int loop_epoll_init(struct loop *loop)
{
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return -errno;
	loop->kind = &loop_epoll_kind;
	return 0;
}

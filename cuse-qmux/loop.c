/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "clock.h"
#include "loop_kind.h"

#define KEPT_MAX   4096 /* bytes of a buffer that stay resident after a larger read */
#define TRIM_PAUSE 100  /* ms between two attempts at that, each of which costs page faults */

static bool loop_epoll_wanted(void)
{
	const char *wanted = getenv("CUSE_QMUX_LOOP");

	return wanted && strcmp(wanted, "epoll") == 0;
}

int loop_init(struct loop *loop)
{
	*loop = (struct loop){.now = clock_ms(), .epoll_fd = -1};
	if (!loop_epoll_wanted() && loop_ring_init(loop) == 0)
		return 0;
	return loop_epoll_init(loop);
}

void loop_finish(struct loop *loop)
{
	loop->kind->finish(loop);
}

static size_t loop_buffer_size(const struct watch *watch)
{
	return watch->read_max > 0 ? watch->read_max : 1;
}

/* Uses memory only for pages that were read into. */
static uint8_t *loop_map_buffer(const struct watch *watch)
{
	uint8_t *buffer = mmap(NULL, loop_buffer_size(watch), PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return buffer == MAP_FAILED ? NULL : buffer;
}

static void loop_unmap_buffer(struct watch *watch)
{
	munmap(watch->buffer, loop_buffer_size(watch));
	watch->buffer = NULL;
}

void loop_trim(struct watch *watch, uint64_t now)
{
	if (watch->resident <= KEPT_MAX || now < watch->trimmed + TRIM_PAUSE)
		return;
	madvise(watch->buffer + KEPT_MAX, watch->read_max - KEPT_MAX, MADV_DONTNEED);
	watch->resident = 0;
	watch->trimmed = now;
}

int loop_add(struct loop *loop, struct watch *watch)
{
	int err;

	assert(!watch->buffer);
	watch->buffer = loop_map_buffer(watch);
	if (!watch->buffer)
		return -ENOMEM;
	err = loop->kind->add(loop, watch);
	if (err < 0)
		loop_unmap_buffer(watch);
	return err;
}

void loop_remove(struct loop *loop, struct watch *watch)
{
	if (!watch->buffer)
		return;
	loop->kind->remove(loop, watch);
	loop_unmap_buffer(watch);
}

ssize_t loop_read(struct loop *loop, struct watch *watch)
{
	assert(watch->buffer);
	return loop->kind->read(loop, watch);
}

void loop_await_writable(struct loop *loop, struct watch *watch)
{
	loop->kind->await_writable(loop, watch);
}

ssize_t loop_send_now(const struct watch *watch, const struct iovec *iov, int count)
{
	ssize_t size = writev(watch->fd, iov, count);

	return size < 0 ? -errno : size;
}

ssize_t loop_send(struct loop *loop, struct watch *watch, const struct iovec *iov, int count)
{
	return watch->buffer ? loop->kind->send(loop, watch, iov, count)
			     : loop_send_now(watch, iov, count);
}

static int loop_timeout_until(const struct loop *loop, uint64_t deadline)
{
	if (deadline == UINT64_MAX)
		return -1;
	if (deadline <= loop->now)
		return 0;
	return deadline - loop->now > INT_MAX ? INT_MAX : (int)(deadline - loop->now);
}

void loop_wait(struct loop *loop, uint64_t deadline)
{
	loop->kind->wait(loop, loop_timeout_until(loop, deadline));
}

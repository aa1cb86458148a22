/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wdm.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../cuse/cmocka-all.h"
#include "../cuse/timing.h"
#include "wdm_device.h"

static void await_done(struct wdm *w)
{
	char done;

	if (!wait_for(w->orders, POLLIN, deadline_usual()))
		fail_msg("the simulated cdc-wdm does not answer");
	assert_int_equal(read(w->orders, &done, 1), 1);
}

void wdm_start(struct wdm *w, const char *port)
{
	int ends[2];

	w->report = mmap(NULL, sizeof(*w->report), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(w->report, MAP_FAILED);
	assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), errno);
	fflush(NULL);
	w->pid = fork();
	assert_return_code(w->pid, errno);
	if (w->pid == 0)
		wdm_device(ends[1], w->report, port);
	close(ends[1]);
	w->orders = ends[0];
	await_done(w);
	snprintf(w->port, sizeof(w->port), "/dev/%s", WDM_NAME);
}

static void order(struct wdm *w, enum order order, unsigned char value)
{
	unsigned char bytes[2] = {(unsigned char)order, value};

	assert_int_equal(write(w->orders, bytes, sizeof(bytes)), sizeof(bytes));
	await_done(w);
}

void wdm_fail_writes(struct wdm *w, unsigned char count)
{
	order(w, ORDER_FAIL_WRITES, count);
}

void wdm_lose_writes(struct wdm *w, unsigned char count)
{
	order(w, ORDER_LOSE_WRITES, count);
}

void wdm_fail_write(struct wdm *w, int error)
{
	order(w, ORDER_FAIL_WRITE, (unsigned char)error);
}

void wdm_fail_write_twice(struct wdm *w)
{
	order(w, ORDER_FAIL_WRITE_TWICE, 0);
}

void wdm_fail_read(struct wdm *w, int error)
{
	order(w, ORDER_FAIL_READ, (unsigned char)error);
}

void wdm_fail_reads(struct wdm *w, int error)
{
	order(w, ORDER_FAIL_READS, (unsigned char)error);
}

void wdm_begin_command(struct wdm *w)
{
	order(w, ORDER_BEGIN_COMMAND, 0);
}

void wdm_end_command(struct wdm *w)
{
	order(w, ORDER_END_COMMAND, 0);
}

void wdm_raise_error(struct wdm *w)
{
	order(w, ORDER_RAISE_ERROR, 0);
}

void wdm_refuse(struct wdm *w, int error)
{
	order(w, ORDER_REFUSE, (unsigned char)error);
}

void wdm_limit(struct wdm *w, unsigned char bytes)
{
	order(w, ORDER_LIMIT, bytes);
}

void wdm_unplug(struct wdm *w, int error)
{
	order(w, ORDER_UNPLUG, (unsigned char)error);
}

void wdm_begin_reset(struct wdm *w)
{
	order(w, ORDER_BEGIN_RESET, 0);
}

void wdm_end_reset(struct wdm *w)
{
	order(w, ORDER_END_RESET, 0);
}

void wdm_hold(struct wdm *w, unsigned char calls)
{
	order(w, ORDER_HOLD, calls);
}

void wdm_destroy(struct wdm *w)
{
	if (w->pid > 0) {
		kill(w->pid, SIGKILL);
		waitpid(w->pid, NULL, 0);
		close(w->orders);
	}
	if (w->report)
		munmap(w->report, sizeof(*w->report));
	memset(w, 0, sizeof(*w));
}

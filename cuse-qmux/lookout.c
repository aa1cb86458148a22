/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lookout.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "loop.h"
#include "search.h"
#include "store.h"

#define LOOK_PAUSE 10000 /* ms between two searches */
#define FIRST_MAX  2000  /* ms that the start waits for the first one */

static struct {
	pid_t pid; /* of the search, or 0 */
	struct watch watch;
	struct loop *loop;
	const char *path;
	bool wanted;
	bool ordered; /* it knows the port */
	bool hurried;
	uint64_t next; /* ms, when to look again at the earliest */
} lookout;

static void lookout_cannot(const char *why)
{
	log_warning("cannot look for other programs at the port: %s", why);
}

/* Of the program that this process was before. It is still a child. */
static bool lookout_find(void)
{
	uint64_t pid;
	int fd = store_take_numbered("lookout-", &pid);

	if (fd < 0)
		return false;
	lookout.watch.fd = fd;
	lookout.pid = (pid_t)pid;
	lookout.ordered = true;
	return true;
}

void lookout_leave(void)
{
	char name[STORE_NAME_MAX];

	if (lookout.pid == 0)
		return;
	loop_drain(lookout.loop, &lookout.watch);
	snprintf(name, sizeof(name), "lookout-%d", (int)lookout.pid);
	store_leave(name, lookout.watch.fd);
}

void lookout_hurry(void)
{
	lookout.hurried = true;
}

void lookout_start(void)
{
	pid_t daemon = getpid();
	int ends[2];

	if (lookout_find())
		return;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		lookout_cannot(strerror(errno));
		return;
	}
	lookout.pid = fork();
	if (lookout.pid == 0)
		search_serve(ends[1], daemon);
	close(ends[1]);
	if (lookout.pid > 0) {
		lookout.watch.fd = ends[0];
		return;
	}
	lookout.pid = 0;
	lookout_cannot(strerror(errno));
	close(ends[0]);
}

void lookout_stop(void)
{
	if (lookout.pid == 0)
		return;
	if (lookout.loop)
		loop_remove(lookout.loop, &lookout.watch);
	close(lookout.watch.fd);
	/* It may be waiting, maybe for a file system that does not respond. */
	kill(lookout.pid, SIGKILL);
	waitpid(lookout.pid, NULL, 0);
	lookout.pid = 0;
}

/* The process has ended, which it does not do by itself. */
static void lookout_lose(void)
{
	lookout_cannot("the process that does so was killed");
	lookout_stop();
}

/* Returns false if that was the end of the first search. */
static bool lookout_name(const struct search_report *report)
{
	if (report->pid == 0)
		return false;
	log_warning("%s is also held by %s (pid %d): the two programs will take each other's "
		    "messages; stop it, or let it use a node",
		    lookout.path, report->command, (int)report->pid);
	return true;
}

static void lookout_ready(struct watch *watch, uint32_t events)
{
	ssize_t size = loop_read(lookout.loop, watch);
	struct search_report report;

	(void)events;
	if (size == sizeof(report)) {
		memcpy(&report, watch->buffer, sizeof(report));
		lookout_name(&report);
	} else if (size == 0) {
		lookout_lose();
	}
}

/* The search goes on if it takes longer than the start can wait. */
static void lookout_await_first(void)
{
	struct pollfd pollfd = {.fd = lookout.watch.fd, .events = POLLIN};
	uint64_t end = clock_ms() + FIRST_MAX;
	struct search_report report;
	uint64_t now;

	do {
		now = clock_ms();
		if (now >= end || poll(&pollfd, 1, (int)(end - now)) <= 0)
			return;
	} while (recv(lookout.watch.fd, &report, sizeof(report), 0) == sizeof(report) &&
		 lookout_name(&report));
}

void lookout_at(struct loop *loop, const char *path, dev_t device)
{
	struct search_order order = {.device = device};
	int err;

	if (lookout.pid == 0)
		return;
	lookout.path = path;
	snprintf(order.path, sizeof(order.path), "%s", path);
	fcntl(lookout.watch.fd, F_SETFL, O_NONBLOCK);
	if (!lookout.ordered && send(lookout.watch.fd, &order, sizeof(order), MSG_NOSIGNAL) >= 0 &&
	    !lookout.hurried)
		lookout_await_first();
	lookout.watch.ready = lookout_ready;
	lookout.watch.read_max = sizeof(struct search_report);
	err = loop_add(loop, &lookout.watch);
	if (err < 0) {
		lookout_cannot(strerror(-err));
		lookout_stop();
		return;
	}
	lookout.loop = loop;
}

void lookout_want(void)
{
	lookout.wanted = true;
}

uint64_t lookout_deadline(void)
{
	return lookout.pid != 0 && lookout.wanted ? lookout.next : UINT64_MAX;
}

void lookout_tick(uint64_t now)
{
	if (now < lookout_deadline())
		return;
	lookout.wanted = false;
	lookout.next = now + LOOK_PAUSE;
	send(lookout.watch.fd, "", SEARCH_AGAIN_SIZE, MSG_NOSIGNAL | MSG_DONTWAIT);
}

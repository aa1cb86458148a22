/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "search.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "holders.h"
#include "sandbox.h"

#define SETTLE_PAUSE 100  /* ms: whoever opens the port does not have it open before the event */
#define SEARCH_PAUSE 2000 /* ms between two searches */

#define KNOWN_MAX 16

struct search {
	int fd;
	int opens;    /* inotify: somebody opens the port; -1: unknown */
	dev_t device; /* 0: not known yet */
	pid_t known[KNOWN_MAX];
	size_t known_count; /* found last time, and so reported */
	pid_t found[KNOWN_MAX];
	size_t found_count;
};

static void search_sleep(long ms)
{
	const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&pause, NULL);
}

static void search_report(const struct search *search, pid_t pid)
{
	struct search_report report = {.pid = pid};

	if (pid != 0)
		process_command(report.command, pid);
	if (send(search->fd, &report, sizeof(report), MSG_NOSIGNAL) < 0)
		_exit(EXIT_FAILURE);
}

static bool search_knows(const struct search *search, pid_t pid)
{
	for (size_t i = 0; i < search->known_count; i++) {
		if (search->known[i] == pid)
			return true;
	}
	return false;
}

static void search_found(void *context, pid_t pid)
{
	struct search *search = context;

	if (search->found_count == KNOWN_MAX)
		return;
	search->found[search->found_count++] = pid;
	if (!search_knows(search, pid))
		search_report(search, pid);
}

static void search_once(struct search *search)
{
	search->found_count = 0;
	holders_find(search->device, search_found, search);
	memcpy(search->known, search->found, sizeof(search->known));
	search->known_count = search->found_count;
}

/* None of the daemon's files must stay open because of this process. */
static void search_close_files(int except)
{
	DIR *files = opendir("/proc/self/fd");
	struct dirent *entry;

	if (!files)
		return;
	while ((entry = readdir(files))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] != '.' && fd != dirfd(files) && fd != except)
			close(fd);
	}
	closedir(files);
}

static void search_begin(struct search *search)
{
	struct search_order order;

	if (recv(search->fd, &order, sizeof(order), 0) != sizeof(order))
		_exit(EXIT_SUCCESS);
	search->device = order.device;
	search->opens = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (search->opens >= 0)
		inotify_add_watch(search->opens, order.path, IN_OPEN);
	search_once(search);
	search_report(search, 0);
}

/* Waits for a reason to look, and forgets all that there are until now. */
static void search_await_reason(const struct search *search)
{
	struct pollfd pollfds[2] = {{.fd = search->fd, .events = POLLIN},
				    {.fd = search->opens, .events = POLLIN}};
	char data[4096];
	ssize_t size;

	poll(pollfds, 2, -1);
	if (pollfds[1].revents)
		search_sleep(SETTLE_PAUSE);
	while (search->opens >= 0 && read(search->opens, data, sizeof(data)) > 0)
		;
	while ((size = recv(search->fd, data, sizeof(data), MSG_DONTWAIT)) > 0)
		;
	if (size == 0)
		_exit(EXIT_SUCCESS);
}

void search_serve(int fd, pid_t daemon)
{
	struct search search = {.fd = fd, .opens = -1};
	sigset_t all;

	/* A terminal's signals are for the daemon. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	sandbox_search();
	prctl(PR_SET_NAME, "qmux-search");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != daemon)
		_exit(EXIT_SUCCESS);
	search_close_files(fd);
	search_begin(&search);
	for (;;) {
		search_await_reason(&search);
		search_once(&search);
		search_sleep(SEARCH_PAUSE);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "child.h"

#include "cmocka-all.h"
#include "proc.h"
#include "timing.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	FD_NODE = 3,
	FD_REPORT = 4,
};

/* Each descriptor may have the other's number, so move both out of the way first. */
static void keep_two(int node, int report)
{
	int node_copy = fcntl(node, F_DUPFD, 64);
	int report_copy = fcntl(report, F_DUPFD, 64);

	dup2(node_copy, FD_NODE);
	dup2(report_copy, FD_REPORT);
	close_range(FD_REPORT + 1, ~0U, 0);
	if (node < 0)
		close(FD_NODE);
}

static void write_all(int fd, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n <= 0)
			_exit(1);
		at += n;
		len -= (size_t)n;
	}
}

static void be_child(child_fn *fn, int node, int report, const void *arg)
{
	struct outcome outcome;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memset(&outcome, 0, sizeof(outcome));
	keep_two(node, report);
	write_all(FD_REPORT, "s", 1);
	fn(FD_NODE, arg, &outcome);
	write_all(FD_REPORT, &outcome, sizeof(outcome));
	_exit(0);
}

void child_start(struct child *c, child_fn *fn, int fd, const void *arg)
{
	int ends[2];
	char started;

	assert_int_equal(c->pid, 0);
	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	fflush(NULL);
	c->pid = fork();
	assert_return_code(c->pid, errno);
	if (c->pid == 0)
		be_child(fn, fd, ends[1], arg);
	close(ends[1]);
	c->report = ends[0];
	assert_true(wait_for(c->report, POLLIN, deadline_usual()));
	assert_int_equal(read(c->report, &started, 1), 1);
}

void child_await_blocked(struct child *c)
{
	int64_t deadline = deadline_usual();

	while (proc_state(c->pid) != 'S') {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
}

bool child_has_reported(struct child *c)
{
	return wait_for(c->report, POLLIN, 0);
}

void child_signal(struct child *c, int signo)
{
	assert_true(c->pid > 0);
	assert_return_code(kill(c->pid, signo), errno);
}

void child_finish(struct child *c, struct outcome *outcome)
{
	uint8_t *at = (uint8_t *)outcome;
	size_t left = sizeof(*outcome);
	int64_t deadline = deadline_usual();

	while (left > 0) {
		ssize_t n;

		if (!wait_for(c->report, POLLIN, deadline))
			fail_msg("a child hangs");
		n = read(c->report, at, left);
		assert_true(n > 0);
		at += n;
		left -= (size_t)n;
	}
	child_destroy(c);
}

void child_await_killed(struct child *c)
{
	int64_t deadline = deadline_usual();
	int status;
	pid_t ended;

	while ((ended = waitpid(c->pid, &status, WNOHANG)) == 0) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	assert_int_equal(ended, c->pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	close(c->report);
	c->pid = 0;
}

void child_destroy(struct child *c)
{
	if (c->pid <= 0)
		return;
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	close(c->report);
	c->pid = 0;
}

void child_read(int fd, const void *arg, struct outcome *outcome)
{
	(void)arg;
	outcome->ret = read(fd, outcome->got.data, sizeof(outcome->got.data));
	outcome->err = outcome->ret < 0 ? errno : 0;
	outcome->got.len = outcome->ret < 0 ? 0 : (size_t)outcome->ret;
}

void child_write(int fd, const void *arg, struct outcome *outcome)
{
	const struct message *m = arg;

	outcome->ret = write(fd, m->data, m->len);
	outcome->err = outcome->ret < 0 ? errno : 0;
}

static void poll_once(int fd, short events, struct outcome *outcome)
{
	struct pollfd wait = {.fd = fd, .events = events};

	outcome->ret = poll(&wait, 1, -1);
	outcome->err = outcome->ret < 0 ? errno : 0;
	outcome->count = (uint32_t)(unsigned short)wait.revents;
}

void child_poll_in(int fd, const void *arg, struct outcome *outcome)
{
	(void)arg;
	poll_once(fd, POLLIN, outcome);
}

void child_poll_out(int fd, const void *arg, struct outcome *outcome)
{
	(void)arg;
	poll_once(fd, POLLOUT, outcome);
}

static void ignore(int signo)
{
	(void)signo;
}

void child_handle_usr1(int flags)
{
	struct sigaction action = {.sa_handler = ignore, .sa_flags = flags};

	sigaction(SIGUSR1, &action, NULL);
}

void child_interrupt_itself(bool often)
{
	struct itimerval every = {{0, 1000}, {0, 1000}};
	struct sigaction action = {.sa_handler = ignore};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, often ? &every : &(struct itimerval){0}, NULL);
}

void child_read_eintr(int fd, const void *arg, struct outcome *outcome)
{
	child_handle_usr1(0);
	child_read(fd, arg, outcome);
}

void child_write_eintr(int fd, const void *arg, struct outcome *outcome)
{
	child_handle_usr1(0);
	child_write(fd, arg, outcome);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other programs that come to the port while the daemon serves. */
#include "app_session.h"
#include "proc.h"
#include "rule_groups.h"

#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static void open_port(int fd, const void *arg, struct outcome *outcome)
{
	(void)fd;
	outcome->ret = open(arg, O_RDWR | O_NOCTTY);
	if (outcome->ret >= 0)
		pause();
}

static void open_port_as_nobody(int fd, const void *arg, struct outcome *outcome)
{
	(void)fd;
	outcome->ret = open(arg, O_RDWR | O_NOCTTY);
	if (outcome->ret < 0 || setgroups(0, NULL) < 0 || setresgid(65534, 65534, 65534) < 0 ||
	    setresuid(65534, 65534, 65534) < 0)
		return;
	/* As after exec(): what /proc has of it belongs to its user. */
	prctl(PR_SET_DUMPABLE, 1);
	pause();
}

static void have_port(int fd, const void *arg, struct outcome *outcome)
{
	(void)fd;
	(void)arg;
	(void)outcome;
	pause();
}

static unsigned int times_named(const struct daemon *d, pid_t pid)
{
	char named[64];

	snprintf(named, sizeof(named), "held by cuse-tests (pid %d):", pid);
	return daemon_told(d, named, NULL);
}

static void await_named(const struct daemon *d, pid_t pid)
{
	int64_t deadline = deadline_usual();

	while (times_named(d, pid) == 0) {
		if (now_ms() > deadline)
			fail_msg("the daemon did not name process %d", pid);
		pause_briefly();
	}
}

/* Whoever opens the port is named, once, whether or not it has done any harm. */
static void test_lookout_names_who_comes(struct bench *b)
{
	struct child *first;
	struct child *second;

	bench_start(b, NULL);
	assert_false(daemon_said(b->daemon, "held by"));
	first = bench_blocked_child(b, open_port, -1, b->modem->port);
	await_named(b->daemon, first->pid);
	second = bench_blocked_child(b, open_port_as_nobody, -1, b->modem->port);
	await_named(b->daemon, second->pid);
	assert_int_equal(times_named(b->daemon, first->pid), 1);
	fence(b, session_open(b, 0));
	child_destroy(first);
	child_destroy(second);
}

/* Starts a child that gets the port from its parent, which had it open before the daemon. */
static struct child *start_heir(struct bench *b, const char *option)
{
	struct instance *in = &b->instances[0];
	struct child *heir;
	int fd;

	modem_open(&in->modem);
	fd = open(in->modem.port, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_return_code(fd, errno);
	daemon_spawn(&in->daemon, (const char *[]){"-n1", option, in->modem.port, NULL});
	instance_answer_sync(in);
	daemon_await_ready(&in->daemon, deadline_usual());
	assert_int_equal(times_named(b->daemon, getpid()), 1);
	heir = bench_blocked_child(b, have_port, fd, NULL);
	close(fd);
	return heir;
}

/* The daemon looks again when the modem answers what it was not asked. */
static void test_lookout_after_an_odd_response(struct bench *b)
{
	struct child *heir = start_heir(b, "-v");
	struct message m;

	message_response(&m, QMI_SERVICE_DMS, 0x11, 0x0304, 0x0022, 0);
	modem_send(b->modem, &m);
	await_named(b->daemon, heir->pid);
	child_destroy(heir);
}

/* The same of CTL. */
static void test_lookout_after_an_odd_ctl_response(struct bench *b)
{
	struct child *heir = start_heir(b, "-v");
	struct message m;

	message_ctl(&m, 0xEE, QMI_CTL_SYNC);
	modem_answer(b->modem, &m, QMI_ERROR_NONE);
	await_named(b->daemon, heir->pid);
	child_destroy(heir);
}

static void ask_in_vain(struct bench *b)
{
	int fd = session_open(b, 0);
	struct client c = client_allocate(b, fd, QMI_SERVICE_DMS);

	client_ask(b, fd, &c, 1, MESSAGE_ASK);
}

/* When a request expires. */
static void test_lookout_after_an_expired_request(struct bench *b)
{
	struct child *heir = start_heir(b, "--transaction-timeout=1");
	int64_t began = now_ms();

	ask_in_vain(b);
	await_named(b->daemon, heir->pid);
	assert_in_range(now_ms() - began, 900, 4500 * slow_factor());
	child_destroy(heir);
}

/* When an answer is overdue, long before the request expires. */
static void test_lookout_when_an_answer_is_overdue(struct bench *b)
{
	struct child *heir = start_heir(b, "-v");
	int64_t began = now_ms();

	ask_in_vain(b);
	await_named(b->daemon, heir->pid);
	assert_in_range(now_ms() - began, 4900, 8000 * slow_factor());
	child_destroy(heir);
}

/* Without reason it does not look. */
static void test_lookout_sleeps(struct bench *b)
{
	struct child *heir = start_heir(b, "-v");
	int fd = session_open(b, 0);

	for (unsigned int i = 0; i < 10; i++)
		fence(b, fd);
	/* No event shows that nothing comes. */
	for (unsigned int i = 0; i < 500; i++)
		pause_briefly();
	assert_int_equal(times_named(b->daemon, heir->pid), 0);
	child_destroy(heir);
}

static pid_t searcher(struct bench *b)
{
	pid_t pid = proc_child(b->daemon->pid);

	assert_true(pid > 0);
	return pid;
}

/* The process that looks can see others' files, and has nothing else of the daemon's. */
static void test_lookout_has_little(struct bench *b)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	bench_skip_if_wrapped();
	bench_start(b, NULL);
	header.pid = searcher(b);
	assert_return_code(syscall(SYS_capget, &header, data), errno);
	assert_int_equal(data[0].permitted, 1U << CAP_SYS_PTRACE | 1U << CAP_DAC_READ_SEARCH);
	assert_int_equal(data[1].permitted, 0);
	assert_int_equal(proc_value(header.pid, "status", "NoNewPrivs"), 1);
	/* The socket, and inotify. */
	assert_int_equal(proc_count_files(header.pid), 2);
}

/* It leaves signals to the daemon, and ends with it. */
static void test_lookout_ends_with_the_daemon(struct bench *b)
{
	static const int signals[] = {SIGTERM, SIGKILL};

	bench_skip_if_wrapped();
	for (size_t i = 0; i < 2; i++) {
		struct instance *in = &b->instances[i];
		int64_t deadline = deadline_usual();
		pid_t pid;

		instance_start(in, (const char *[]){"-n1", NULL});
		pid = proc_child(in->daemon.pid);
		assert_true(pid > 0);
		kill(pid, SIGTERM);
		kill(pid, SIGHUP);
		daemon_signal(&in->daemon, SIGUSR1);
		assert_int_equal(proc_child(in->daemon.pid), pid);
		daemon_signal(&in->daemon, signals[i]);
		while (proc_state(pid) != '?') {
			assert_true(now_ms() < deadline);
			pause_briefly();
		}
		daemon_destroy(&in->daemon);
	}
}

/* If it is killed, the log says so, and the daemon serves. */
static void test_lookout_is_dispensable(struct bench *b)
{
	int64_t deadline = deadline_usual();

	bench_skip_if_wrapped();
	bench_start(b, NULL);
	kill(searcher(b), SIGKILL);
	while (!daemon_said(b->daemon, "cannot look for other programs at the port: ")) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	ask_in_vain(b);
	fence(b, session_open(b, 0));
	assert_int_equal(proc_child(b->daemon->pid), 0);
}

static const struct test_case cases[] = {
	TEST_CASE(test_lookout_names_who_comes),
	TEST_CASE(test_lookout_after_an_odd_response),
	TEST_CASE(test_lookout_after_an_odd_ctl_response),
	TEST_CASE(test_lookout_after_an_expired_request),
	TEST_CASE(test_lookout_when_an_answer_is_overdue),
	TEST_CASE(test_lookout_sleeps),
	TEST_CASE(test_lookout_has_little),
	TEST_CASE(test_lookout_ends_with_the_daemon),
	TEST_CASE(test_lookout_is_dispensable),
};

const struct test_group lookout_tests = TEST_GROUP("other programs at the port", cases);

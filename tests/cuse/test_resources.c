/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cost of the daemon in system calls, memory and descriptors. Not measured under a wrapper. */
#include "app_session.h"
#include "flood.h"
#include "proc.h"
#include "rule_groups.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#define MIB 1024 /* in KiB, as /proc counts */

static long rss_kib(const struct daemon *d)
{
	return proc_rss_kib(d->pid);
}

/* Counts context switches of both kinds: without one, the process cannot make a system call. */
static long times_run(const struct daemon *d)
{
	return proc_value(d->pid, "status", "voluntary_ctxt_switches") +
	       proc_value(d->pid, "status", "nonvoluntary_ctxt_switches");
}

static void pause_for(int ms)
{
	int64_t until = now_ms() + ms;

	while (now_ms() < until)
		pause_briefly();
}

/* The count is for one thread, so there must be only one. */
static void expect_idle_for_a_second(struct daemon *d)
{
	long before;

	assert_int_equal(proc_value(d->pid, "status", "Threads"), 1);
	pause_for(200);
	before = times_run(d);
	pause_for(1200);
	assert_int_equal(times_run(d), before);
}

/* An idle daemon makes no system call: it does not even run. */
static void test_resources_idle_makes_no_call(struct bench *b)
{
	bench_skip_if_wrapped();
	bench_start(b, "-n4", NULL);
	expect_idle_for_a_second(b->daemon);
}

/* The same with open sessions, held and orphaned clients, a blocked reader and a poller. */
static void test_resources_idle_sessions_make_no_call(struct bench *b)
{
	int fd;

	bench_skip_if_wrapped();
	bench_start(b, "-n4", NULL);
	orphan_create(b, 0, QMI_SERVICE_DMS);
	fd = session_open_flags(b, 0, O_RDWR);
	client_allocate(b, fd, QMI_SERVICE_DMS);
	child_await_blocked(bench_child(b, child_read, fd, NULL));
	child_await_blocked(bench_child(b, child_poll_in, session_open(b, 1), NULL));
	expect_idle_for_a_second(b->daemon);
}

/* The same while a request is in flight, even in the last second before it expires. */
static void test_resources_waiting_makes_no_call(struct bench *b)
{
	struct client c;
	long before;
	long after;
	int64_t asked;
	int fd;

	bench_skip_if_wrapped();
	bench_start(b, "--transaction-timeout=3", NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	/* Try again if the machine was so busy that the request expired before the check. */
	do {
		asked = now_ms();
		client_ask(b, fd, &c, 1, MESSAGE_ASK);
		pause_for(200);
		before = times_run(b->daemon);
		pause_for(2300);
		after = times_run(b->daemon);
		client_answer(b, fd, &c, 1, MESSAGE_ASK, 1);
	} while (now_ms() - asked >= 3000);
	assert_int_equal(after, before);
}

/* The same after waiting for a port that accepted nothing. */
static void test_resources_idle_after_a_full_port(struct bench *b)
{
	struct flood f;

	bench_skip_if_wrapped();
	bench_start(b, NULL);
	flood_init(b, &f, 0);
	flood_fill(&f);
	flood_expect(b, &f, f.sent);
	expect_idle_for_a_second(b->daemon);
}

static void test_resources_four_idle_nodes(struct bench *b)
{
	bench_skip_if_wrapped();
	bench_start(b, "-n4", NULL);
	print_message("[   info   ] four idle nodes: %ld KiB\n", rss_kib(b->daemon));
	assert_in_range(rss_kib(b->daemon), 1, 3 * MIB);
}

/* Opens, uses and closes sessions, half of them with an unread answer. */
static void come_and_go(struct bench *b, unsigned int count)
{
	struct client c;
	int fd;

	for (unsigned int i = 0; i < count; i++) {
		fd = session_open(b, i % 4);
		c = client_allocate(b, fd, QMI_SERVICE_DMS);
		client_round_trip(b, fd, &c);
		assert_int_equal(session_events(fd), POLLOUT);
		client_release(b, fd, &c);
		if (i % 2 == 0)
			session_write_bytes(fd, "\x01", 1);
		session_close(b, fd);
	}
	/* The modem's CIDs count up and would run out. */
	memset(b->modem->granted, 0, sizeof(b->modem->granted));
}

static void test_resources_sessions_leave_nothing(struct bench *b)
{
	unsigned int descriptors;
	long rss;

	bench_skip_if_wrapped();
	bench_start(b, "-n4", NULL);
	come_and_go(b, 40);
	descriptors = proc_count_files(b->daemon->pid);
	rss = rss_kib(b->daemon);
	come_and_go(b, 200);
	assert_int_equal(proc_count_files(b->daemon->pid), descriptors);
	assert_int_equal(rss_kib(b->daemon), rss);
}

/* Pollers come and go: some are replaced, some woken, some still wait at the close. */
static void poll_in_every_way(struct bench *b, int fd, const struct client *c, unsigned int count)
{
	struct epoll_event event = {.events = EPOLLIN};

	for (unsigned int i = 0; i < count; i++) {
		int epoll = epoll_create1(EPOLL_CLOEXEC);
		int other = session_open(b, 0);

		assert_return_code(epoll_ctl(epoll, EPOLL_CTL_ADD, other, &event), errno);
		for (unsigned int j = 0; j < 2; j++) {
			assert_return_code(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), errno);
			assert_return_code(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL), errno);
		}
		modem_indicate(b->modem, c->service, c->device, i);
		session_expect_indication(fd, c->service, c->cid, i);
		session_close(b, other);
		close(epoll);
	}
}

static void test_resources_pollers_leave_nothing(struct bench *b)
{
	struct client c;
	long rss;
	int fd;

	bench_skip_if_wrapped();
	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	poll_in_every_way(b, fd, &c, 20);
	rss = rss_kib(b->daemon);
	poll_in_every_way(b, fd, &c, 300);
	/* 300 leaked handles would take 9 KiB. */
	assert_in_range(rss_kib(b->daemon), rss - 4, rss + 4);
}

/* A large write's buffer is freed afterwards: 16 of them would be 1.6 MiB. */
static void test_resources_large_writes_leave_nothing(struct bench *b)
{
	static const uint8_t large[100 * 1024] = {0x01, 0xFF, 0xFF};
	int fds[17];
	long rss;

	bench_skip_if_wrapped();
	bench_start(b, "-n17", NULL);
	for (unsigned int i = 0; i < 17; i++) {
		fds[i] = session_open(b, i);
		fence(b, fds[i]);
	}
	session_write_fails(fds[0], large, sizeof(large), EMSGSIZE);
	fence(b, fds[0]);
	rss = rss_kib(b->daemon);
	for (unsigned int i = 1; i < 17; i++) {
		session_write_fails(fds[i], large, sizeof(large), EMSGSIZE);
		fence(b, fds[i]);
	}
	assert_in_range(rss_kib(b->daemon), 1, rss + 256);
}

/* Runs under a wrapper too, which reports leaks at the end. */
static void test_resources_many_sessions(struct bench *b)
{
	bench_start(b, "-n4", NULL);
	come_and_go(b, 20);
	for (unsigned int i = 0; i < 20; i++)
		orphan_create(b, i % 4, QMI_SERVICE_WDS);
}

/* A session costs at most 4 KiB. */
static void test_resources_thousand_sessions(struct bench *b)
{
	struct rlimit limit = {2048, 2048};
	long rss;

	bench_skip_if_wrapped();
	assert_return_code(setrlimit(RLIMIT_NOFILE, &limit), errno);
	bench_start(b, "-n4", NULL);
	rss = rss_kib(b->daemon);
	for (unsigned int i = 0; i < 1000; i++)
		session_open(b, i % 4);
	fence(b, b->sessions[999]);
	print_message("[   info   ] 1,000 sessions: %ld KiB\n", rss_kib(b->daemon) - rss);
	assert_true(rss_kib(b->daemon) - rss <= 4 * MIB);
}

static const struct test_case cases[] = {
	TEST_CASE(test_resources_idle_makes_no_call),
	TEST_CASE(test_resources_idle_sessions_make_no_call),
	TEST_CASE(test_resources_waiting_makes_no_call),
	TEST_CASE(test_resources_idle_after_a_full_port),
	TEST_CASE(test_resources_four_idle_nodes),
	TEST_CASE(test_resources_sessions_leave_nothing),
	TEST_CASE(test_resources_pollers_leave_nothing),
	TEST_CASE(test_resources_large_writes_leave_nothing),
	TEST_CASE(test_resources_many_sessions),
	TEST_CASE(test_resources_thousand_sessions),
};

const struct test_group resource_tests = TEST_GROUP("resources", cases);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls to the driver that block, whatever O_NONBLOCK says, because another process
 * holds its mutexes, stop nothing else: neither the loop, nor calls in the other
 * direction, nor the daemon's end.
 */
#include "fault_bench.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "talk.h"

/* The usual loop, unless another is asked for from outside. */
static void start(struct bench *b, const char *loop)
{
	const char *before = getenv("CUSE_QMUX_LOOP");

	if (loop)
		setenv("CUSE_QMUX_LOOP", loop, 1);
	bench_start_on_wdm(b, 0, 30);
	if (loop && before)
		setenv("CUSE_QMUX_LOOP", before, 1);
	else if (loop)
		unsetenv("CUSE_QMUX_LOOP");
}

static void send(int fd, uint8_t cid, uint16_t tid)
{
	uint8_t frame[FRAME_ROOM];

	frames_request(frame, QMI_SERVICE_DMS, cid, tid, DMS_GET_IDS);
	talk_send(fd, frame);
}

static void expect(int fd, uint16_t tid)
{
	uint8_t frame[FRAME_ROOM];

	talk_receive(fd, frame);
	assert_int_equal(frame_tid(frame), tid);
	assert_int_equal(frame_error(frame), QMI_ERROR_NONE);
}

static void await_held(const struct bench *b, unsigned int count)
{
	int64_t deadline = deadline_usual();

	while (b->wdm.report->held < count) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
}

static void await_requests(struct bench *b, unsigned long count)
{
	int64_t deadline = deadline_usual();

	while (sim_number(&b->sim, "requests.dms") < count) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
}

/* The loop turns: it answers a signal, and serves a program. */
static void expect_alive(struct bench *b, unsigned long files)
{
	int fd = talk_open(1);

	assert_int_equal(bench_counter(b, " files open"), files + 1);
	close(fd);
	while (bench_counter(b, " files open") > files)
		pause_briefly();
}

static void hold_reads(struct bench *b, const char *loop)
{
	uint8_t cid;
	int fd;

	start(b, loop);
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	for (unsigned int round = 1; round <= 3; round++) {
		wdm_hold(&b->wdm, WDM_READS);
		send(fd, cid, 1);
		await_held(b, round);
		expect_alive(b, 1);
		send(fd, cid, 2);
		await_requests(b, 2UL * round);
		assert_false(wait_for(fd, POLLIN, deadline_in(50)));
		wdm_hold(&b->wdm, 0);
		expect(fd, 1);
		expect(fd, 2);
	}
	talk_release(fd, QMI_SERVICE_DMS, cid);
	close(fd);
}

static void test_held_reads(struct bench *b)
{
	hold_reads(b, NULL);
}

static void test_held_reads_by_epoll(struct bench *b)
{
	hold_reads(b, "epoll");
}

static void hold_writes(struct bench *b, const char *loop)
{
	uint8_t cid;
	int fd;

	start(b, loop);
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	sim_do(&b->sim, "set latency %d", bench_timeout_ms() / 4);
	for (unsigned int round = 1; round <= 3; round++) {
		send(fd, cid, 1);
		await_requests(b, 2UL * round - 1);
		wdm_hold(&b->wdm, WDM_WRITES);
		send(fd, cid, 2);
		await_held(b, round);
		expect_alive(b, 1);
		expect(fd, 1);
		wdm_hold(&b->wdm, 0);
		expect(fd, 2);
	}
	sim_do(&b->sim, "set latency 0");
	talk_release(fd, QMI_SERVICE_DMS, cid);
	close(fd);
}

static void test_held_writes(struct bench *b)
{
	hold_writes(b, NULL);
}

static void test_held_writes_by_epoll(struct bench *b)
{
	hold_writes(b, "epoll");
}

/* While the daemon opens a stuck port again, requests wait, and nobody else does. */
static void test_held_open(struct bench *b)
{
	uint8_t cid;
	int fd;

	start(b, NULL);
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	wdm_hold(&b->wdm, WDM_OPENS);
	wdm_raise_error(&b->wdm);
	await_held(b, 1);
	send(fd, cid, 1);
	expect_alive(b, 1);
	wdm_hold(&b->wdm, 0);
	expect(fd, 1);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	close(fd);
}

/* Blocks a read and a write, and sends SIGTERM. */
static void hold_and_stop(struct bench *b, const char *loop, unsigned char deaf)
{
	uint8_t cid;
	int fd;

	start(b, loop);
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	wdm_hold(&b->wdm, WDM_READS | deaf);
	send(fd, cid, 1);
	await_held(b, 1);
	wdm_hold(&b->wdm, WDM_READS | WDM_WRITES | deaf);
	send(fd, cid, 2);
	await_held(b, 2);
	daemon_signal(&b->daemon, SIGTERM);
	close(fd);
}

/* V18: 2 s to release the clients, which is in vain, then at once. */
static void expect_stop(struct bench *b)
{
	int64_t began = now_ms();

	assert_int_equal(daemon_wait(&b->daemon, deadline_usual()), 0);
	assert_in_range(now_ms() - began, 0, 2900 * slow_factor());
	assert_true(daemon_said(&b->daemon, "did not release every client"));
	assert_false(daemon_said(&b->daemon, "does not return"));
}

static void test_V18_stop_while_calls_are_held(struct bench *b)
{
	hold_and_stop(b, NULL, 0);
	expect_stop(b);
}

static void test_V18_stop_while_calls_are_held_by_epoll(struct bench *b)
{
	hold_and_stop(b, "epoll", 0);
	expect_stop(b);
}

/* The process cannot end before the call, but all else does, and the log says why. */
static void test_V18_stop_while_calls_cannot_be_interrupted(struct bench *b)
{
	int64_t deadline;
	int status;

	hold_and_stop(b, NULL, WDM_DEAF);
	deadline = deadline_usual();
	while (!daemon_said(&b->daemon, "does not return")) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	while (access(NODE_PREFIX "0", F_OK) == 0) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	wdm_hold(&b->wdm, 0);
	status = daemon_wait(&b->daemon, deadline_usual());
	/* valgrind complains of what the thread that was left behind has open. */
	if (!daemon_is_wrapped())
		assert_int_equal(status, 0);
}

static bool has_no_capability(const char *status)
{
	char text[4096];
	FILE *file = fopen(status, "re");
	size_t size;

	assert_non_null(file);
	size = fread(text, 1, sizeof(text) - 1, file);
	text[size] = '\0';
	fclose(file);
	return strstr(text, "\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n") &&
	       strstr(text, "\nNoNewPrivs:\t1\n");
}

/* No thread has a capability left. */
static void test_privileges_of_each_thread(struct bench *b)
{
	unsigned int threads = 0;
	struct dirent *entry;
	char path[320];
	DIR *tasks;

	if (daemon_is_wrapped())
		return;
	start(b, NULL);
	snprintf(path, sizeof(path), "/proc/%d/task", b->daemon.pid);
	tasks = opendir(path);
	assert_non_null(tasks);
	while ((entry = readdir(tasks))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status", b->daemon.pid,
			 entry->d_name);
		assert_true(has_no_capability(path));
		threads++;
	}
	closedir(tasks);
	assert_true(threads >= 3);
}

static const struct test_case cases[] = {
	TEST_CASE(test_held_reads),
	TEST_CASE(test_held_reads_by_epoll),
	TEST_CASE(test_held_writes),
	TEST_CASE(test_held_writes_by_epoll),
	TEST_CASE(test_held_open),
	TEST_CASE(test_V18_stop_while_calls_are_held),
	TEST_CASE(test_V18_stop_while_calls_are_held_by_epoll),
	TEST_CASE(test_V18_stop_while_calls_cannot_be_interrupted),
	TEST_CASE(test_privileges_of_each_thread),
};

const struct test_group held_tests = TEST_GROUP("a driver that blocks", cases);

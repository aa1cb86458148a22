/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much of the daemon's time one program can take: V28. */
#include "app_session.h"
#include "callers.h"
#include "notified.h"
#include "proc.h"
#include "rule_groups.h"
#include "timing.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define FRAMES      10000 /* in one write; the daemon refuses them all */
#define WAITING     65536 /* V21: bytes that may wait before a write must */
#define AT_ONCE     64    /* frames that are dealt with at the write, and in each millisecond */
#define ASKED       15
#define REFUSAL_MS  4
#define CLOCK_MS    10 /* by which the daemon's clock may be late */
#define WRITERS     BENCH_CHILDREN
#define WAITING_MAX 256 /* calls of a user that wait for a refusal */
#define WAITERS     200 /* for 4 ms each */
#define LINGERING   8   /* V28: closed sessions with frames to send */

static struct {
	uint8_t bytes[FRAMES * 12];
	size_t size;
	size_t frame_size;
} flood;

static void make_flood(void)
{
	struct message one;

	message_request(&one, QMI_SERVICE_DMS, 1, 1, MESSAGE_ASK);
	flood.frame_size = one.len;
	for (flood.size = 0; flood.size + one.len <= sizeof(flood.bytes); flood.size += one.len)
		memcpy(flood.bytes + flood.size, one.data, one.len);
}

static long times_slept(const struct daemon *d)
{
	return proc_value(d->pid, "status", "voluntary_ctxt_switches");
}

/* A program that writes what the daemon answers itself has to wait for its turns. */
static void test_V28_turns_are_paced(struct bench *b)
{
	long pauses;
	long before;
	int fd;

	make_flood();
	pauses = (long)((flood.size - WAITING) / flood.frame_size / AT_ONCE) - 1;
	bench_start(b, NULL);
	fd = session_open_as(b, 0, USER_A);
	fence(b, fd);
	before = times_slept(b->daemon);
	session_write_bytes(fd, flood.bytes, flood.size);
	assert_true(wait_for(fd, POLLOUT, deadline_in(60000)));
	/* A daemon that does not pause sleeps at most a few times, however slow it is. */
	assert_true(times_slept(b->daemon) - before >= pauses / 2);
}

/* Asking a full session again and again takes 4 ms each time. */
static void test_V28_refused_writes_are_paced(struct bench *b)
{
	unsigned int refused = 0;
	int64_t began;
	int fd;

	make_flood();
	bench_start(b, NULL);
	fd = session_open_as(b, 0, USER_A);
	session_write_bytes(fd, flood.bytes, flood.size);
	began = now_ms();
	while (refused < ASKED && write(fd, flood.bytes, flood.frame_size) < 0 && errno == EAGAIN)
		refused++;
	/* On a slow machine the session has room again before. */
	assert_true(refused > 1);
	assert_true(now_ms() - began >= (int64_t)(refused - 1) * REFUSAL_MS - CLOCK_MS);
	fence(b, session_open_as(b, 0, USER_B));
}

/* Each takes 4 ms, and at least one of them not much more. */
static void expect_slow_refusals(int fd)
{
	int64_t fastest = INT64_MAX;
	int64_t began = now_ms();

	for (int i = 0; i < ASKED; i++) {
		int64_t asked = now_ms();

		session_write_fails(fd, "garbage", 7, EINVAL);
		if (i > 0 && now_ms() - asked < fastest)
			fastest = now_ms() - asked;
	}
	assert_true(now_ms() - began >= (ASKED - 1) * REFUSAL_MS - CLOCK_MS);
	assert_true(fastest <= (REFUSAL_MS + CLOCK_MS) * 2 * slow_factor());
}

/* So does writing what is not a request. */
static void test_V28_wrong_writes_are_paced(struct bench *b)
{
	int fd;

	bench_start(b, NULL);
	fd = session_open_as(b, 0, USER_A);
	expect_slow_refusals(fd);
	fence(b, session_open_as(b, 0, USER_B));
}

/* So does opening a node again and again, with much to send left behind each time. */
static void test_V28_opens_are_paced(struct bench *b)
{
	int64_t began;
	int fd;

	make_flood();
	bench_start(b, NULL);
	for (int i = 0; i < LINGERING; i++) {
		fd = session_open_as(b, 0, USER_A);
		session_write_bytes(fd, flood.bytes, flood.size);
		session_close(b, fd);
	}
	began = now_ms();
	for (int i = 0; i < ASKED; i++)
		session_open_as(b, 0, USER_A);
	assert_true(now_ms() - began >= (ASKED - 1) * REFUSAL_MS - CLOCK_MS);
	fence(b, session_open_as(b, 0, USER_B));
}

/* Writes until it is killed. */
static void ask_for_ever(int fd, const void *arg, struct outcome *outcome)
{
	(void)arg;
	outcome->ret = 0;
	for (;;)
		outcome->ret += write(fd, flood.bytes, flood.size);
}

/* Those who wait for a refusal can be killed, and the others are still answered. */
static void test_V28_refused_writers_are_killed(struct bench *b)
{
	struct child *children[4];
	int fd;

	make_flood();
	bench_start(b, NULL);
	fd = session_open_as(b, 0, USER_A);
	session_write_bytes(fd, flood.bytes, flood.size);
	for (size_t i = 0; i < 4; i++)
		children[i] = bench_child(b, ask_for_ever, fd, NULL);
	for (int i = 0; i < ASKED; i++)
		assert_true(write(fd, flood.bytes, flood.size) > 0 || errno == EAGAIN);
	for (size_t i = 0; i < 4; i++) {
		child_signal(children[i], SIGKILL);
		child_await_killed(children[i]);
	}
	assert_true(write(fd, flood.bytes, flood.size) > 0 || errno == EAGAIN);
	fence(b, session_open_as(b, 0, USER_B));
	bench_stop(b);
}

/* Writes garbage until so many of these calls have been interrupted. */
static void ask_in_the_rain(int fd, const void *arg, struct outcome *outcome)
{
	(void)arg;
	child_interrupt_itself(true);
	while (outcome->count < WAITING_MAX + 1) {
		if (write(fd, "garbage", 7) < 0 && errno == EINTR)
			outcome->count++;
	}
	child_interrupt_itself(false);
}

/* Waiting for a refusal can be interrupted, and then no longer takes one of the user's places. */
static void test_V28_waits_for_a_refusal_are_interrupted(struct bench *b)
{
	struct outcome outcome;
	int fd;

	bench_start(b, NULL);
	fd = session_open_as(b, 0, USER_A);
	child_finish(bench_child(b, ask_in_the_rain, fd, NULL), &outcome);
	assert_int_equal(outcome.count, WAITING_MAX + 1);
	expect_slow_refusals(fd);
	fence(b, session_open_as(b, 0, USER_B));
}

/* On a slow machine all may have been refused before. */
static void await_waiters(struct child *crowd)
{
	int64_t deadline = deadline_usual();

	while (!child_has_reported(crowd) && proc_state(crowd->pid) != 'S') {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
}

/* V18: whoever waits for a refusal gets it when a second signal ends the daemon at once. */
static void test_V28_refusals_end_with_the_daemon(struct bench *b)
{
	struct callers writers = {
		.count = WAITERS, .data = "garbage", .size = 7, .expected = EINVAL};
	struct outcome outcome;
	struct child *crowd;
	int other;
	int fd;

	bench_start(b, NULL);
	other = session_open_as(b, 0, USER_B);
	fd = session_open_as(b, 0, USER_A);
	crowd = bench_child(b, callers_run, fd, &writers);
	await_waiters(crowd);
	/* The daemon has seen all of them before this. */
	fence(b, other);
	daemon_signal(b->daemon, SIGTERM);
	notified_expect(b->daemon, "STOPPING=1", "");
	daemon_signal(b->daemon, SIGTERM);
	child_finish(crowd, &outcome);
	assert_int_equal(outcome.count, WAITERS);
	assert_int_equal(daemon_wait(b->daemon, deadline_usual()), 0);
}

/* One user's refusals do not wait for another's. */
static void test_V28_refusals_take_turns_by_user(struct bench *b)
{
	int64_t began;
	int fd[2];

	make_flood();
	bench_start(b, NULL);
	for (int i = 0; i < 2; i++) {
		fd[i] = session_open_as(b, 0, i ? USER_B : USER_A);
		session_write_bytes(fd[i], flood.bytes, flood.size);
	}
	for (int i = 0; i < WRITERS; i++)
		bench_child(b, ask_for_ever, fd[0], NULL);
	began = now_ms();
	for (int i = 0; i < ASKED; i++)
		assert_true(write(fd[1], flood.bytes, flood.size) > 0 || errno == EAGAIN);
	assert_true(now_ms() - began < ASKED * WRITERS * REFUSAL_MS / 2);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V28_turns_are_paced),
	TEST_CASE(test_V28_refused_writes_are_paced),
	TEST_CASE(test_V28_wrong_writes_are_paced),
	TEST_CASE(test_V28_opens_are_paced),
	TEST_CASE(test_V28_refused_writers_are_killed),
	TEST_CASE(test_V28_waits_for_a_refusal_are_interrupted),
	TEST_CASE(test_V28_refusals_end_with_the_daemon),
	TEST_CASE(test_V28_refusals_take_turns_by_user),
};

const struct test_group pace_tests = TEST_GROUP("pace", cases);

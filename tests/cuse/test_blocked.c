/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What blocked calls cost, and how many there can be: V21, V28. */
#include "app_session.h"
#include "callers.h"
#include "flood.h"
#include "rule_groups.h"

#include <signal.h>
#include <string.h>

#define READS_MAX 64
#define LARGE     131072             /* bytes of a write, of which two may be blocked */
#define MEMORY    "--memory=1048576" /* a half of it for a user */

static void expect_ended(struct child *child, ssize_t ret, int err)
{
	struct outcome outcome;

	child_finish(child, &outcome);
	assert_int_equal(outcome.err, err);
	assert_int_equal(outcome.ret, ret);
}

/* V21: 64 reads may block on a session, and again when they have ended. */
static void test_V21_blocked_reads_are_bounded(struct bench *b)
{
	const struct callers readers = {.count = READS_MAX};
	struct outcome outcome;
	struct child *crowd;
	struct client c;
	int fd;

	bench_start(b, NULL);
	fd = session_open_flags(b, 0, O_RDWR);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	for (int round = 0; round < 2; round++) {
		crowd = bench_blocked_child(b, callers_run, fd, &readers);
		expect_ended(bench_child(b, child_read, fd, NULL), -1, ENOMEM);
		for (uint32_t i = 0; i < READS_MAX; i++)
			modem_indicate(b->modem, c.service, c.device, i);
		child_finish(crowd, &outcome);
		assert_int_equal(outcome.count, READS_MAX);
	}
	client_round_trip(b, fd, &c);
}

/* The next frames of a flood, for one write, which the kernel would divide if they began elsewhere.
 */
struct large {
	_Alignas(4096) uint8_t bytes[LARGE];
};

static void make_large(struct large *large, struct flood *f)
{
	struct message m;

	for (size_t at = 0; at < LARGE; at += FLOOD_SIZE) {
		flood_request(&m, f, ++f->sent);
		memcpy(large->bytes + at, m.data, FLOOD_SIZE);
	}
}

static void write_large(int fd, const void *arg, struct outcome *outcome)
{
	const struct large *large = arg;

	outcome->ret = write(fd, large->bytes, LARGE);
	outcome->err = outcome->ret < 0 ? errno : 0;
}

/* Floods of a user, which is what it takes for writes to block. */
static void start_full(struct bench *b, struct flood *floods, size_t count, uid_t uid)
{
	for (size_t i = 0; i < count; i++) {
		floods[i] = (struct flood){.fd = session_open_as(b, 0, uid)};
		floods[i].client = client_allocate(b, floods[i].fd, QMI_SERVICE_NAS);
	}
	for (size_t i = 0; i < count; i++) {
		flood_fill(&floods[i]);
		assert_return_code(fcntl(floods[i].fd, F_SETFL, 0), errno);
	}
}

/* V21: writes of 262,144 bytes may block on a session, and again when one has ended. */
static void test_V21_blocked_bytes_are_bounded(struct bench *b)
{
	static struct large large[3];
	struct child *writers[3];
	struct flood f;
	uint16_t before;

	bench_start(b, NULL);
	start_full(b, &f, 1, 0);
	before = f.sent;
	for (size_t i = 0; i < 3; i++)
		make_large(&large[i], &f);
	for (size_t i = 0; i < 2; i++)
		writers[i] = bench_blocked_child(b, write_large, f.fd, &large[i]);
	expect_ended(bench_child(b, write_large, f.fd, &large[2]), -1, ENOMEM);
	/* The first one is accepted when the flood has left, but the second one is not yet. */
	flood_expect_and_answer(b, &f, before);
	expect_ended(writers[0], LARGE, 0);
	writers[2] = bench_blocked_child(b, write_large, f.fd, &large[2]);
	flood_expect_and_answer(b, &f, f.sent);
	expect_ended(writers[1], LARGE, 0);
	expect_ended(writers[2], LARGE, 0);
}

/* V28: the bytes of a blocked write are the user's memory, until it ends. */
static void test_V28_blocked_writes_take_memory(struct bench *b)
{
	static struct large large[3];
	struct child *writers[2];
	struct flood f[3];

	bench_start(b, MEMORY, NULL);
	start_full(b, f, 3, USER_A);
	for (size_t i = 0; i < 2; i++) {
		make_large(&large[i], &f[0]);
		writers[i] = bench_blocked_child(b, write_large, f[0].fd, &large[i]);
	}
	make_large(&large[2], &f[1]);
	expect_ended(bench_child(b, write_large, f[1].fd, &large[2]), -1, ENOMEM);
	for (size_t i = 0; i < 2; i++) {
		child_signal(writers[i], SIGKILL);
		child_await_killed(writers[i]);
	}
	for (size_t i = 0; i < 2; i++)
		bench_blocked_child(b, write_large, f[1].fd, &large[2]);
	expect_ended(bench_child(b, write_large, f[2].fd, &large[2]), -1, ENOMEM);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V21_blocked_reads_are_bounded),
	TEST_CASE(test_V21_blocked_bytes_are_bounded),
	TEST_CASE(test_V28_blocked_writes_take_memory),
};

const struct test_group blocked_tests = TEST_GROUP("blocked calls (V21, V28)", cases);

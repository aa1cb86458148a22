/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floods of the log, and a log that nobody reads. */
#include "adversary_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../faults/talk.h"
#include "requesters.h"

#define LINES_MAX    100 /* in LINES_MS */
#define LINES_MS     10000
#define FEW_CIDS     4
#define GARBAGE      20
#define MEDIAN_TIMES 5
#define P99_TIMES    2

/* Causes a line about a reclaimed client each time, and one about too many clients. */
static void cause_lines(unsigned int index, const void *arg, struct crowd_board *board)
{
	int held = requesters_open(BENCH_CROWD_NODE);
	uint8_t frame[FRAME_ROOM];

	(void)index;
	(void)arg;
	board->ready++;
	for (;;) {
		int fd = requesters_open(BENCH_CROWD_NODE);

		requesters_allocate(fd, QMI_SERVICE_UIM);
		close(fd);
		frames_allocate(frame, 1, QMI_SERVICE_WMS);
		write(held, frame, frame_size(frame));
		while (read(held, frame, sizeof(frame)) >= 0)
			;
		board->rounds++;
	}
}

/* Asks on until the time is over. */
static void measure_lines(struct bench *b)
{
	int64_t over = now_ms() + LINES_MS / (adversary_is_short() ? 3 : 1);
	unsigned int before = daemon_lines(&b->daemon);

	do {
		victim_measure(&b->victim, VICTIM_ASK, VICTIM_MAX, 1000, &b->attacked);
	} while (now_ms() < over);
	bench_show("under attack", &b->attacked, &b->victim);
	bench_expect("lines", daemon_lines(&b->daemon) - before, LINES_MAX, "in 10 s");
}

static void expect_nothing_noticed(struct bench *b)
{
	bench_expect_median(b, MEDIAN_TIMES);
	bench_expect_p99(b, P99_TIMES);
}

static void test_log_flooded_by_a_user(struct bench *b)
{
	bench_start(b, &(struct bench_options){.cids = FEW_CIDS}, BENCH_VICTIM_NODE);
	bench_measure_alone(b, VICTIM_ASK);
	bench_measure_control(b, VICTIM_ASK, 1);
	crowd_start(&b->crowd, 1, 1, cause_lines, NULL);
	crowd_await_ready(&b->crowd);
	measure_lines(b);
	assert_true(daemon_said(&b->daemon, "more like it"));
	expect_nothing_noticed(b);
}

static void test_log_flooded_by_the_modem(struct bench *b)
{
	bench_start(b, &(struct bench_options){0}, BENCH_VICTIM_NODE);
	bench_measure_alone(b, VICTIM_ASK);
	bench_measure_control(b, VICTIM_ASK, 1);
	b->modem.habits->garbage = GARBAGE;
	measure_lines(b);
	assert_true(daemon_said(&b->daemon, "sends what is not QMI"));
	expect_nothing_noticed(b);
}

/* A full pipe that nobody reads. */
static int full_pipe[2];

static void fill_pipe(void)
{
	static char bytes[4096];
	int flags;

	assert_return_code(pipe2(full_pipe, O_CLOEXEC), errno);
	flags = fcntl(full_pipe[1], F_GETFL);
	fcntl(full_pipe[1], F_SETFL, flags | O_NONBLOCK);
	while (write(full_pipe[1], bytes, sizeof(bytes)) > 0)
		;
	while (write(full_pipe[1], bytes, 1) > 0)
		;
	fcntl(full_pipe[1], F_SETFL, flags);
}

static void use_full_pipe(void)
{
	dup2(full_pipe[1], STDERR_FILENO);
}

/* bench_stop() expects that SIGTERM ends the daemon. */
static void test_log_that_nobody_reads(struct bench *b)
{
	struct bench_options options = {.cids = FEW_CIDS, .prepare = use_full_pipe};

	fill_pipe();
	bench_start(b, &options, BENCH_VICTIM_NODE);
	bench_measure_alone(b, VICTIM_ASK);
	bench_measure_control(b, VICTIM_ASK, 1);
	b->modem.habits->garbage = GARBAGE;
	crowd_start(&b->crowd, 1, 1, cause_lines, NULL);
	crowd_await_ready(&b->crowd);
	daemon_signal(&b->daemon, SIGUSR1);
	bench_measure(b, VICTIM_ASK);
	expect_nothing_noticed(b);
}

static const struct test_case cases[] = {
	TEST_CASE(test_log_flooded_by_a_user),
	TEST_CASE(test_log_flooded_by_the_modem),
	TEST_CASE(test_log_that_nobody_reads),
};

static const struct test_group full = TEST_GROUP("the log", cases);

const struct adversary_group log_tests = {&full, &full};

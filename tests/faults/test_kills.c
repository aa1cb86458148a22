/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs killed at each system call of their life: V6, V7, V9, V10, V19. */
#include "fault_bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "frames.h"
#include "killer.h"
#include "life.h"

#define WARM_UP      20
#define QMICLI_LIVES 20

/* Under a slow wrapper, only every seventh call. */
static unsigned int stride(void)
{
	return daemon_is_wrapped() ? 7 : 1;
}

/*
 * Each call uses the next of the four moments, starting with `turn`. Lives alternate
 * between the nodes, and pairs of them between blocking and non-blocking.
 */
static void kill_at_each(struct bench *b, unsigned int turn, unsigned int first, unsigned int last)
{
	for (unsigned int call = first; call <= last; call += stride()) {
		struct life life = {.node = call % BENCH_NODES,
				    .flags = call / BENCH_NODES % 2 ? O_NONBLOCK : 0};
		struct killing killing = {.live = life_live,
					  .arg = &life,
					  .call = call,
					  .at = (turn + call) % KILL_MOMENTS,
					  .delay_us = call * 7919 % 3000,
					  .daemon = b->daemon.pid};

		assert_int_equal(kill_life(&killing), call);
		for (size_t i = 0; i < b->steady_count; i++)
			steady_check(&b->steadies[i]);
	}
}

static void test_V7_killed_at_each_system_call(struct bench *b)
{
	unsigned int turns = faults_all() ? KILL_MOMENTS : 1;

	bench_start(b, BENCH_STEADIES, 400 * (int)turns);
	kill_at_each(b, 0, LIFE_CALLS - WARM_UP, LIFE_CALLS);
	bench_remember(b);
	for (unsigned int turn = 0; turn < turns; turn++)
		kill_at_each(b, turn, 1, LIFE_CALLS);
	bench_compare(b, 0);
}

/* A life_fn; arg: struct life, of which only the node counts. */
static void ask_with_qmicli(const void *arg)
{
	const struct life *life = arg;
	char device[80];
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	snprintf(device, sizeof(device), "--device=%s", node_path(life->node));
	execlp("qmicli", "qmicli", device, "--device-open-qmi", "--nas-get-signal-info",
	       (char *)NULL);
	_exit(127);
}

/*
 * The same with libqmi's qmicli. It spends most of its calls loading libraries, so it is
 * killed at evenly spaced calls, or at each call with FAULTS_ALL.
 */
static void test_V7_qmicli_killed(struct bench *b)
{
	struct life life = {.node = 0};
	struct killing killing = {.live = ask_with_qmicli, .arg = &life};
	unsigned int calls;
	unsigned int step;

	bench_start(b, BENCH_NODES, faults_all() ? 3600 : 400);
	calls = kill_life(&killing);
	assert_true(calls > LIFE_CALLS);
	bench_remember(b);
	step = faults_all() ? 1 : calls / QMICLI_LIVES * stride();
	killing.daemon = b->daemon.pid;
	for (killing.call = calls % step + 1; killing.call <= calls; killing.call += step) {
		life.node = !life.node;
		killing.at = (killing.at + 1) % KILL_MOMENTS;
		killing.delay_us = killing.call * 7919 % 3000;
		kill_life(&killing);
	}
	bench_compare(b, 0);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V7_killed_at_each_system_call),
	TEST_CASE(test_V7_qmicli_killed),
};

const struct test_group kill_tests = TEST_GROUP("kills", cases);

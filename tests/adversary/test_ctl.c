/* SPDX-License-Identifier: GPL-2.0-or-later */
/* V4, V15: CTL requests that the modem does not answer do not delay others. */
#include "adversary_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../faults/frames.h"

#define LATER_MS 50  /* that an Allocate CID may take longer */
#define SESSIONS 16  /* of each process that repeats a request */
#define SCRIPTS  300 /* more than there are tids */

/* Repeats a CTL request that the modem ignores, in many sessions. */
static void repeat(unsigned int index, const void *arg, struct crowd_board *board)
{
	const uint16_t *message = arg;
	uint8_t frame[FRAME_ROOM];
	int fds[SESSIONS];

	(void)index;
	for (unsigned int i = 0; i < SESSIONS; i++) {
		fds[i] = open(node_path(BENCH_CROWD_NODE), O_RDWR | O_NONBLOCK);
		if (fds[i] < 0)
			_exit(1);
	}
	for (unsigned int round = 0;; round++) {
		frames_ctl(frame, (uint8_t)(1 + round % 255), *message);
		for (unsigned int i = 0; i < SESSIONS; i++)
			write(fds[i], frame, frame_size(frame));
		board->rounds++;
		if (round == 20)
			board->ready++;
		if (round > 20)
			usleep(10000);
	}
}

/* A short program that asks for a client and is killed before it has one. */
static void run_script(void)
{
	uint8_t frame[FRAME_ROOM];
	pid_t pid = fork();
	int fd;

	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (pid != 0)
		return;
	fd = open(node_path(BENCH_CROWD_NODE), O_RDWR | O_NONBLOCK);
	frames_allocate(frame, 1, QMI_SERVICE_NAS);
	if (fd < 0 || write(fd, frame, frame_size(frame)) < 0)
		_exit(1);
	raise(SIGKILL);
}

static void run_scripts(unsigned int index, const void *arg, struct crowd_board *board)
{
	const unsigned int *count = arg;

	(void)index;
	for (unsigned int i = 0; i < *count; i++) {
		run_script();
		board->rounds++;
	}
	board->done++;
	for (;;)
		pause();
}

/* The modem takes as long under attack as alone. */
static void expect_prompt(struct bench *b)
{
	bench_expect("median of an Allocate CID", (b->attacked.p50 - b->alone.p50) / 1e3, LATER_MS,
		     "ms more");
	bench_expect("longest Allocate CID", (b->attacked.worst - b->alone.worst) / 1e3, LATER_MS,
		     "ms more");
}

static void beside_repeaters(struct bench *b, unsigned int users)
{
	static const uint16_t message = QMI_CTL_GET_VERSION_INFO;

	bench_start(b, &(struct bench_options){0}, BENCH_VICTIM_NODE);
	b->modem.habits->ignored_ctl = message;
	bench_measure_alone(b, VICTIM_ALLOCATE);
	crowd_start(&b->crowd, users, users, repeat, &message);
	crowd_await_ready(&b->crowd);
	bench_measure(b, VICTIM_ALLOCATE);
	expect_prompt(b);
}

static void test_V28_ctl_requests_of_1_user_that_the_modem_ignores(struct bench *b)
{
	beside_repeaters(b, 1);
}

static void test_V28_ctl_requests_of_12_users_that_the_modem_ignores(struct bench *b)
{
	beside_repeaters(b, 12);
}

static void after_scripts(struct bench *b, unsigned int users)
{
	unsigned int count = SCRIPTS / users;

	bench_start(b, &(struct bench_options){0}, BENCH_VICTIM_NODE);
	bench_measure_alone(b, VICTIM_ALLOCATE);
	b->modem.habits->silent = true;
	crowd_start(&b->crowd, users, users, run_scripts, &count);
	crowd_await_done(&b->crowd);
	b->modem.habits->silent = false;
	victim_measure(&b->victim, VICTIM_ALLOCATE, VICTIM_FEW, 0, &b->attacked);
	bench_show("under attack", &b->attacked, &b->victim);
	assert_int_equal(b->crowd.board->rounds, SCRIPTS);
	expect_prompt(b);
}

static void test_V28_ctl_after_scripts_of_1_user_on_a_silent_modem(struct bench *b)
{
	after_scripts(b, 1);
}

static void test_V28_ctl_after_scripts_of_12_users_on_a_silent_modem(struct bench *b)
{
	after_scripts(b, 12);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V28_ctl_requests_of_1_user_that_the_modem_ignores),
	TEST_CASE(test_V28_ctl_requests_of_12_users_that_the_modem_ignores),
	TEST_CASE(test_V28_ctl_after_scripts_of_1_user_on_a_silent_modem),
	TEST_CASE(test_V28_ctl_after_scripts_of_12_users_on_a_silent_modem),
};

static const struct test_case brief_cases[] = {
	TEST_CASE(test_V28_ctl_requests_of_1_user_that_the_modem_ignores),
	TEST_CASE(test_V28_ctl_after_scripts_of_1_user_on_a_silent_modem),
};

static const struct test_group full = TEST_GROUP("CTL", cases);
static const struct test_group brief = TEST_GROUP("CTL, in short", brief_cases);

const struct adversary_group ctl_tests = {&full, &brief};

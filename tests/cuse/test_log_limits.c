/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log under attack: floods, a reader that stops or ends, and names with control characters. */
#include "app_session.h"
#include "rule_groups.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define FLOOD   200
#define RESTART "the modem restarted"

/* What they log does not fit into any stderr here: a terminal holds about 16 KiB. */
#define FENCES      200
#define FENCE_LINES 2 /* of each, with -vv */

#define NAME "cuse-qmux: " /* at the beginning of each line */

static int stderr_end;

static void use_stderr_end(void)
{
	dup2(stderr_end, STDERR_FILENO);
}

/* Starts the daemon with this as its stderr, which stays open. */
static void start_with_stderr(struct bench *b, int end, const char *option)
{
	struct instance *in = &b->instances[0];

	stderr_end = end;
	modem_open(&in->modem);
	daemon_spawn_prepared(&in->daemon, (const char *[]){option, "-n1", in->modem.port, NULL},
			      use_stderr_end);
	instance_answer_sync(in);
	daemon_await_ready(&in->daemon, deadline_usual());
}

/* What is read of a log, line by line. */
struct log_reader {
	int fd;
	size_t used; /* read, with the line that was returned last */
	size_t line;
	char text[DAEMON_OUTPUT_MAX];
};

/* The next line, which must be a whole one, without its end. */
static const char *next_line(struct log_reader *reader)
{
	char *end;

	reader->used -= reader->line;
	memmove(reader->text, reader->text + reader->line, reader->used + 1);
	while (!(end = strchr(reader->text, '\n'))) {
		ssize_t n;

		if (!wait_for(reader->fd, POLLIN, deadline_usual()))
			fail_msg("no line comes after: %s", reader->text);
		n = read(reader->fd, reader->text + reader->used,
			 sizeof(reader->text) - 1 - reader->used);
		assert_return_code(n, errno);
		reader->used += (size_t)n;
		reader->text[reader->used] = '\0';
	}
	*end = '\0';
	reader->line = (size_t)(end - reader->text) + 1;
	if (strncmp(reader->text, NAME, strlen(NAME)) != 0 || strstr(reader->text + 1, NAME))
		fail_msg("not a line: %s", reader->text);
	return reader->text;
}

/* Expects so many lines about fences, of which some, but not the first, were dropped. */
static void expect_fences(struct log_reader *reader, unsigned int lines)
{
	unsigned int told = 0;
	unsigned int dropped = 0;

	while (told + dropped < lines) {
		const char *line = next_line(reader);
		unsigned int count;

		if (sscanf(line, NAME "warning: %u lines were dropped", &count) == 1)
			dropped += count;
		told += strstr(line, " CTL Get Version Info ") != NULL;
	}
	assert_int_equal(told + dropped, lines);
	assert_true(told > 0 && dropped > 0);
}

static void make_fences(struct bench *b, int fd)
{
	for (unsigned int i = 0; i < FENCES; i++)
		fence(b, fd);
}

/*
 * While nobody reads, the daemon serves as before, and the end of stderr that others
 * share stays blocking. Then the log says how many lines were lost, and goes on. Leaves
 * stderr full again, for the end of the daemon.
 */
static void serve_unread(struct bench *b, int end, int from)
{
	static struct log_reader reader;
	int fd;

	start_with_stderr(b, end, "-vv");
	fd = session_open(b, 0);
	make_fences(b, fd);
	assert_int_equal(fcntl(end, F_GETFL) & O_NONBLOCK, 0);
	reader = (struct log_reader){.fd = from};
	expect_fences(&reader, FENCES * FENCE_LINES);
	fence(b, fd);
	for (int i = 0; i < FENCE_LINES; i++)
		assert_non_null(strstr(next_line(&reader), " CTL Get Version Info "));
	make_fences(b, fd);
	bench_stop(b);
	close(end);
	close(from);
}

static void test_log_pipe_nobody_reads(struct bench *b)
{
	int ends[2];

	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	assert_return_code(fcntl(ends[1], F_SETPIPE_SZ, 4096), errno);
	serve_unread(b, ends[1], ends[0]);
}

/* Such as the journal's. */
static void test_log_socket_nobody_reads(struct bench *b)
{
	static const int few = 4096;
	int ends[2];

	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), errno);
	assert_return_code(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &few, sizeof(few)), errno);
	serve_unread(b, ends[1], ends[0]);
}

static void test_log_terminal_nobody_reads(struct bench *b)
{
	struct modem terminal;
	int end;

	modem_open(&terminal);
	end = open(terminal.port, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_return_code(end, errno);
	serve_unread(b, end, terminal.fd);
}

/* The reader ends before the daemon does. */
static void test_log_reader_has_gone(struct bench *b)
{
	int ends[2];
	int fd;

	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	start_with_stderr(b, ends[1], "-vv");
	close(ends[0]);
	fd = session_open(b, 0);
	fence(b, fd);
	fence(b, fd);
	bench_stop(b);
	close(ends[1]);
}

/* Sends them all before the daemon can have time for more than a few lines. */
static void flood(struct bench *b)
{
	unsigned int lines;
	int64_t deadline;
	int64_t began;

	bench_start_without_sync(b);
	began = now_ms();
	for (unsigned int i = 0; i < FLOOD; i++)
		modem_indicate_restart(b->modem);
	deadline = deadline_usual();
	while (daemon_counter(b->daemon, " restarts of the modem") < FLOOD)
		assert_true(now_ms() < deadline);
	daemon_told(b->daemon, RESTART, &lines);
	assert_in_range(lines, 5, 5 + (now_ms() - began) / 2000);
}

/* Of a flood there are 5 lines at first, and the number of the others within seconds. */
static void test_log_flood(struct bench *b)
{
	int64_t deadline;
	unsigned int lines;

	flood(b);
	deadline = deadline_usual();
	while (daemon_told(b->daemon, RESTART, &lines) < FLOOD) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	assert_int_equal(daemon_told(b->daemon, RESTART, &lines), FLOOD);
	assert_true(lines < 20);
}

/* The number is logged at the end too. */
static void test_log_flood_before_the_end(struct bench *b)
{
	unsigned int lines;

	flood(b);
	bench_stop(b);
	assert_int_equal(daemon_told(b->daemon, RESTART, &lines), FLOOD);
	assert_true(lines < 20);
}

/* A flood leaves other kinds of message alone, and what was asked for. */
static void test_log_flood_beside_others(struct bench *b)
{
	int64_t began;

	flood(b);
	modem_send_bytes(b->modem, "noise", 5);
	fence(b, session_open(b, 0));
	assert_true(daemon_said(b->daemon, "\ncuse-qmux: warning: skipped 5 "));
	began = now_ms();
	for (unsigned long i = 0; i < 15; i++)
		assert_int_equal(daemon_counter(b->daemon, " restarts of the modem"), FLOOD);
	/* With the limit, 20 s. */
	assert_true(now_ms() - began < 10000);
}

static void hold_port(int fd, const void *arg, struct outcome *outcome)
{
	(void)fd;
	prctl(PR_SET_NAME, "\x1b[2J\n\x7f\xff\xc2\x9b\xc3\xa9\xed\xa0\x80");
	outcome->ret = open(arg, O_RDWR | O_NOCTTY);
	if (outcome->ret >= 0)
		pause();
}

/* A program's name cannot control a terminal, or imitate another line. */
static void test_log_names_are_escaped(struct bench *b)
{
	struct instance *in = &b->instances[0];
	struct child *holder;

	modem_open(&in->modem);
	holder = bench_child(b, hold_port, -1, in->modem.port);
	child_await_blocked(holder);
	daemon_spawn(&in->daemon, (const char *[]){"-n1", in->modem.port, NULL});
	instance_answer_sync(in);
	daemon_await_ready(&in->daemon, deadline_usual());
	assert_true(daemon_said(
		&in->daemon, " by \\x1b[2J\\x0a\\x7f\\xff\\xc2\\x9b\xc3\xa9\\xed\\xa0\\x80 (pid "));
	child_destroy(holder);
}

static const struct test_case cases[] = {
	TEST_CASE(test_log_pipe_nobody_reads),
	TEST_CASE(test_log_socket_nobody_reads),
	TEST_CASE(test_log_terminal_nobody_reads),
	TEST_CASE(test_log_reader_has_gone),
	TEST_CASE(test_log_flood),
	TEST_CASE(test_log_flood_before_the_end),
	TEST_CASE(test_log_flood_beside_others),
	TEST_CASE(test_log_names_are_escaped),
};

const struct test_group log_limit_tests = TEST_GROUP("the log under attack", cases);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals: V23. */
#include "app_session.h"
#include "flood.h"
#include "rule_groups.h"

#include <signal.h>
#include <sys/mman.h>

static void expect_eintr(struct child *child)
{
	struct outcome outcome;

	child_signal(child, SIGUSR1);
	child_finish(child, &outcome);
	assert_int_equal(outcome.ret, -1);
	assert_int_equal(outcome.err, EINTR);
}

/* V23: an interrupted blocked read returns EINTR and loses no data. */
static void test_V23_read_is_interrupted(struct bench *b)
{
	struct child *reader;
	struct client c;
	int fd;

	bench_start(b, NULL);
	fd = session_open_flags(b, 0, O_RDWR);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	for (uint32_t i = 0; i < 3; i++) {
		reader = bench_blocked_child(b, child_read_eintr, fd, NULL);
		expect_eintr(reader);
		modem_indicate(b->modem, c.service, c.device, i);
		session_expect_indication(fd, c.service, c.cid, i);
	}
}

/* V23: interrupting one of two blocked reads does not affect the other. */
static void test_V23_only_the_signalled_read_ends(struct bench *b)
{
	struct child *readers[2];
	struct outcome outcome;
	struct client c;
	int fd;

	bench_start(b, NULL);
	fd = session_open_flags(b, 0, O_RDWR);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	for (size_t i = 0; i < 2; i++) {
		readers[i] = bench_blocked_child(b, child_read_eintr, fd, NULL);
	}
	expect_eintr(readers[0]);
	assert_false(child_has_reported(readers[1]));
	modem_indicate(b->modem, c.service, c.device, 8);
	child_finish(readers[1], &outcome);
	assert_int_equal(message_get_number(&outcome.got), 8);
}

/* V23, V21: an interrupted blocked write returns EINTR, and its frame is never sent. */
static void test_V23_write_is_interrupted(struct bench *b)
{
	struct child *writer;
	struct message m;
	struct flood f;

	bench_start(b, NULL);
	flood_init_full(b, &f, 0);
	client_request(&m, &f.client, 0xEEEE, MESSAGE_OTHER);
	writer = bench_blocked_child(b, child_write_eintr, f.fd, &m);
	expect_eintr(writer);
	flood_expect(b, &f, f.sent);
	assert_return_code(fcntl(f.fd, F_SETFL, O_NONBLOCK), errno);
	fence(b, f.fd);
}

/* Reads with SA_RESTART, again after each EINTR. Counts those at arg, in shared memory. */
static void read_restarting(int fd, const void *arg, struct outcome *outcome)
{
	_Atomic unsigned int *const *interrupted = arg;

	child_handle_usr1(SA_RESTART);
	do {
		child_read(fd, NULL, outcome);
		**interrupted += outcome->err == EINTR;
	} while (outcome->err == EINTR);
}

static void await_interrupted(const _Atomic unsigned int *interrupted)
{
	int64_t deadline = deadline_usual();

	while (*interrupted == 0) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
}

/* V23: FUSE returns EINTR despite SA_RESTART; nothing is lost. */
static void test_V23_read_with_sa_restart(struct bench *b)
{
	_Atomic unsigned int *interrupted = mmap(NULL, sizeof(*interrupted), PROT_READ | PROT_WRITE,
						 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct child *reader;
	struct outcome outcome;
	struct client c;
	int fd;

	assert_ptr_not_equal(interrupted, MAP_FAILED);
	bench_start(b, NULL);
	fd = session_open_flags(b, 0, O_RDWR);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	reader = bench_blocked_child(b, read_restarting, fd, &interrupted);
	child_signal(reader, SIGUSR1);
	await_interrupted(interrupted);
	child_await_blocked(reader);
	modem_indicate(b->modem, c.service, c.device, 3);
	child_finish(reader, &outcome);
	assert_int_equal(message_get_number(&outcome.got), 3);
	assert_int_equal(*interrupted, 1);
	munmap(interrupted, sizeof(*interrupted));
}

#define STORM 200

/* Reads while signals arrive; count: the frames that came in order. */
static void read_in_the_rain(int fd, const void *arg, struct outcome *outcome)
{
	child_interrupt_itself(true);
	while (outcome->count < STORM) {
		child_read(fd, arg, outcome);
		if (outcome->err == EINTR)
			continue;
		if (outcome->ret < 0 || !message_has_number(&outcome->got, outcome->count))
			break;
		outcome->count++;
	}
	child_interrupt_itself(false);
}

/* V23, V20: no frame is lost or read twice, whenever the signal comes. */
static void test_V23_signals_lose_no_frame(struct bench *b)
{
	struct child *reader;
	struct outcome outcome;
	struct client c;
	int fd;

	bench_start(b, NULL);
	fd = session_open_flags(b, 0, O_RDWR);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	reader = bench_child(b, read_in_the_rain, fd, NULL);
	for (uint32_t i = 0; i < STORM; i++) {
		modem_indicate(b->modem, c.service, c.device, i);
		if (i % 3 == 0)
			pause_briefly();
	}
	child_finish(reader, &outcome);
	assert_int_equal(outcome.count, STORM);
}

/* Writes STORM requests of 4,096 bytes; count: those accepted. */
static void write_in_the_rain(int fd, const void *arg, struct outcome *outcome)
{
	struct message m;

	child_interrupt_itself(true);
	while (outcome->count < STORM) {
		flood_request(&m, arg, (uint16_t)(outcome->count + 1));
		child_write(fd, &m, outcome);
		if (outcome->err == EINTR)
			continue;
		if (outcome->ret != FLOOD_SIZE)
			break;
		outcome->count++;
	}
	child_interrupt_itself(false);
}

/* V23, V21: a frame is sent once if write() accepted it, never if write() gave EINTR. */
static void test_V23_signals_double_no_frame(struct bench *b)
{
	struct child *writer;
	struct outcome outcome;
	struct flood f;

	bench_start(b, NULL);
	flood_init(b, &f, 0);
	assert_return_code(fcntl(f.fd, F_SETFL, 0), errno);
	writer = bench_child(b, write_in_the_rain, f.fd, &f);
	while (f.seen < STORM) {
		flood_expect_and_answer(b, &f, (uint16_t)(f.seen + 20));
		/* First let the queue fill again. */
		if (f.seen <= STORM / 2)
			child_await_blocked(writer);
	}
	child_finish(writer, &outcome);
	assert_int_equal(outcome.count, STORM);
}

static void kill_blocked(struct child *child)
{
	child_await_blocked(child);
	child_signal(child, SIGKILL);
	child_await_killed(child);
}

/* V23: SIGKILL ends a process blocked in read, write or poll; a shared session survives. */
static void test_V23_sigkill_ends_blocked_calls(struct bench *b)
{
	struct message m;
	struct flood f;

	bench_start(b, NULL);
	flood_init(b, &f, 0);
	assert_return_code(fcntl(f.fd, F_SETFL, 0), errno);
	kill_blocked(bench_child(b, child_read, f.fd, NULL));
	kill_blocked(bench_child(b, child_poll_in, f.fd, NULL));
	client_round_trip(b, f.fd, &f.client);

	assert_return_code(fcntl(f.fd, F_SETFL, O_NONBLOCK), errno);
	flood_fill(&f);
	assert_return_code(fcntl(f.fd, F_SETFL, 0), errno);
	client_request(&m, &f.client, 0xEEEE, MESSAGE_OTHER);
	kill_blocked(bench_child(b, child_write, f.fd, &m));
	kill_blocked(bench_child(b, child_poll_out, f.fd, NULL));
	flood_expect(b, &f, f.sent);
	client_round_trip(b, f.fd, &f.client);
}

/* Opens its own session and blocks in it. */
static void open_and_read(int fd, const void *arg, struct outcome *outcome)
{
	(void)fd;
	child_read(open(NODE_PREFIX "0", O_RDWR), arg, outcome);
}

/* V23, V7: a session ends with its only process, in whatever call it was blocked. */
static void test_V23_sigkill_ends_the_session(struct bench *b)
{
	struct child *child;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	child = bench_child(b, open_and_read, -1, NULL);
	kill_blocked(child);
	fence(b, fd);
	session_close(b, fd);
	/* If a session were left, the instance would wait 2 s for it (V17). */
	modem_close(b->modem);
	assert_int_equal(daemon_wait(b->daemon, deadline_in(1000)), 0);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V23_read_is_interrupted),
	TEST_CASE(test_V23_only_the_signalled_read_ends),
	TEST_CASE(test_V23_write_is_interrupted),
	TEST_CASE(test_V23_read_with_sa_restart),
	TEST_CASE(test_V23_signals_lose_no_frame),
	TEST_CASE(test_V23_signals_double_no_frame),
	TEST_CASE(test_V23_sigkill_ends_blocked_calls),
	TEST_CASE(test_V23_sigkill_ends_the_session),
};

const struct test_group signal_tests = TEST_GROUP("signals (V23)", cases);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the log says of a modem that sends noise, or falls silent. */
#include "app_session.h"
#include "rule_groups.h"

#define SKIPPED    "that are not a QMI frame"
#define NOISE      "the modem or another program sends what is not QMI: "
#define NOISE_OVER "the noise is over: "

#define SILENT "the modem has fallen silent: "
#define BACK   "the modem answers again, after "

static void await_told(const struct daemon *d, const char *words, unsigned int times,
		       int64_t deadline)
{
	while (daemon_told(d, words, NULL) < times) {
		if (now_ms() > deadline)
			fail_msg("the daemon did not log '%s' %u times", words, times);
		pause_briefly();
	}
	assert_int_equal(daemon_told(d, words, NULL), times);
}

static void make_noise(struct bench *b, int fd, unsigned int times)
{
	for (unsigned int i = 0; i < times; i++) {
		modem_send_bytes(b->modem, "noise", 5);
		fence(b, fd);
	}
}

/* The meaning of lasting noise is logged once, and its end; and again for the next one. */
static void test_traffic_noise(struct bench *b)
{
	int64_t ended;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	make_noise(b, fd, 4);
	assert_int_equal(daemon_told(b->daemon, NOISE, NULL), 0);
	make_noise(b, fd, 1);
	await_told(b->daemon, NOISE, 1, deadline_usual());
	make_noise(b, fd, 15);
	assert_int_equal(daemon_told(b->daemon, SKIPPED, NULL), 5);
	ended = now_ms();
	await_told(b->daemon, NOISE_OVER "skipped 100 bytes in ", 1, deadline_in(14000));
	assert_in_range(now_ms() - ended, 9500, 14000 * slow_factor());
	assert_int_equal(daemon_told(b->daemon, SKIPPED, NULL), 5);
	make_noise(b, fd, 5);
	await_told(b->daemon, NOISE, 2, deadline_usual());
	await_told(b->daemon, SKIPPED, 10, deadline_usual());
}

/* Noise now and then is not worth that. */
static void test_traffic_rare_noise(struct bench *b)
{
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	make_noise(b, fd, 4);
	/* No event shows that it has been quiet for long enough. */
	for (int64_t end = now_ms() + 10500; now_ms() < end;)
		pause_briefly();
	make_noise(b, fd, 4);
	assert_int_equal(daemon_told(b->daemon, NOISE, NULL), 0);
	assert_int_equal(daemon_told(b->daemon, NOISE_OVER, NULL), 0);
}

/* Waits without an answer to any request, until this time. */
static void stay_silent(int64_t until)
{
	while (now_ms() < until)
		pause_briefly();
}

/*
 * After 30 s in which requests have waited, of which the second at least 5 s, but not
 * sooner, the log says once that the modem is silent; and later, that it answers again.
 */
static void test_traffic_silence(struct bench *b)
{
	struct client c;
	int64_t asked;
	int fd;

	bench_skip_if_wrapped();
	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	asked = now_ms();
	client_ask(b, fd, &c, 1, MESSAGE_ASK);
	stay_silent(asked + 27000);
	client_ask(b, fd, &c, 2, MESSAGE_ASK);
	/* It is not an answer. */
	modem_indicate(b->modem, c.service, c.device, 1);
	session_expect_indication(fd, c.service, c.cid, 1);
	stay_silent(asked + 31000);
	assert_int_equal(daemon_told(b->daemon, SILENT, NULL), 0);
	await_told(b->daemon, SILENT, 1, asked + 35000);
	client_ask(b, fd, &c, 3, MESSAGE_ASK);
	assert_int_equal(daemon_told(b->daemon, BACK, NULL), 0);
	client_answer(b, fd, &c, 2, MESSAGE_ASK, 2);
	await_told(b->daemon, BACK "3", 1, deadline_usual());
	client_answer(b, fd, &c, 1, MESSAGE_ASK, 1);
	client_answer(b, fd, &c, 3, MESSAGE_ASK, 3);
	fence(b, fd);
	assert_int_equal(daemon_told(b->daemon, BACK, NULL), 1);
	assert_int_equal(daemon_told(b->daemon, SILENT, NULL), 1);
}

/* A single request may take long, if the modem answers another one meanwhile. */
static void test_traffic_long_request(struct bench *b)
{
	struct client c;
	int64_t asked;
	int fd;

	bench_skip_if_wrapped();
	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	asked = now_ms();
	client_ask(b, fd, &c, 1, MESSAGE_ASK);
	stay_silent(asked + 31000);
	client_ask(b, fd, &c, 2, MESSAGE_OTHER);
	stay_silent(asked + 34000);
	client_answer(b, fd, &c, 2, MESSAGE_OTHER, 2);
	stay_silent(asked + 37000);
	assert_int_equal(daemon_told(b->daemon, SILENT, NULL), 0);
}

/* Sends one that expires after 9 s, and waits this long. */
static void ask_in_vain(struct bench *b, int fd, const struct client *c, uint16_t tid, int ms)
{
	int64_t until = now_ms() + ms;

	client_ask(b, fd, c, tid, MESSAGE_ASK);
	stay_silent(until);
}

/* Requests that expire count, and short pauses between them, but no long ones. */
static void test_traffic_silence_with_pauses(struct bench *b)
{
	struct client c;
	int64_t asked;
	int fd;

	bench_skip_if_wrapped();
	bench_start(b, "--transaction-timeout=9", NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	ask_in_vain(b, fd, &c, 1, 9000 + 4000);
	ask_in_vain(b, fd, &c, 2, 9000 + 1000);
	ask_in_vain(b, fd, &c, 3, 9000 + 1000);
	assert_int_equal(daemon_told(b->daemon, SILENT, NULL), 0);
	asked = now_ms();
	client_ask(b, fd, &c, 4, MESSAGE_ASK);
	/* It lacks 1 s, and without the short pauses 3 s. */
	await_told(b->daemon, SILENT, 1, deadline_in(2500));
	assert_true(now_ms() - asked > 500);
	fence(b, fd);
	await_told(b->daemon, BACK "3", 1, deadline_usual());
}

static const struct test_case cases[] = {
	TEST_CASE(test_traffic_noise),
	TEST_CASE(test_traffic_rare_noise),
	TEST_CASE(test_traffic_silence),
	TEST_CASE(test_traffic_long_request),
	TEST_CASE(test_traffic_silence_with_pauses),
};

const struct test_group traffic_tests = TEST_GROUP("noise and silence", cases);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the log says of a modem that sends noise, or falls silent. */
#include "app_session.h"
#include "rule_groups.h"

#define NOISE      "the modem or another program sends what is not QMI: "
#define NOISE_OVER "the noise is over: "

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
	ended = now_ms();
	await_told(b->daemon, NOISE_OVER "skipped 100 bytes in ", 1, deadline_in(14000));
	assert_in_range(now_ms() - ended, 9500, 14000 * slow_factor());
	make_noise(b, fd, 5);
	await_told(b->daemon, NOISE, 2, deadline_usual());
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

static const struct test_case cases[] = {
	TEST_CASE(test_traffic_noise),
	TEST_CASE(test_traffic_rare_noise),
};

const struct test_group traffic_tests = TEST_GROUP("noise and silence", cases);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests expire: V15. These tests use timeouts of 1 s, or 5 s if many requests must be
 * in flight at once. A request has expired when another one that it held up is sent: see
 * struct expiry_clock.
 */
#include "app_session.h"
#include "rule_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLOCK_TID 0xC10C

/*
 * Two sessions and a client, separate from the test's: one request is left unanswered,
 * and another with the same tid waits for it (V5). When that one reaches the modem,
 * everything sent before the clock was started has expired.
 */
struct expiry_clock {
	int first;
	int second;
	struct client client;
};

static void expiry_clock_init(struct bench *b, struct expiry_clock *clock)
{
	clock->first = session_open(b, 0);
	clock->second = session_open(b, 0);
	clock->client = client_allocate(b, clock->first, QMI_SERVICE_UIM);
}

static void expiry_clock_start(struct bench *b, struct expiry_clock *clock)
{
	struct message waiting;

	client_ask(b, clock->first, &clock->client, CLOCK_TID, MESSAGE_ASK);
	client_request(&waiting, &clock->client, CLOCK_TID, MESSAGE_OTHER);
	session_write(clock->second, &waiting);
}

/* Until then, only the clock's request may reach the modem. */
static void expiry_clock_await(struct bench *b, struct expiry_clock *clock)
{
	struct message want;

	client_request_at_modem(&want, &clock->client, CLOCK_TID, MESSAGE_OTHER);
	modem_expect(b->modem, &want);
	client_answer(b, clock->second, &clock->client, CLOCK_TID, MESSAGE_OTHER, 1);
}

/* V15: a late answer is dropped if no newer request uses the tid. */
static void test_V15_late_answer_is_dropped(struct bench *b)
{
	struct expiry_clock clock;
	struct client c;
	int fd;

	bench_start(b, "--transaction-timeout=1", NULL);
	expiry_clock_init(b, &clock);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	client_ask(b, fd, &c, 7, MESSAGE_ASK);
	expiry_clock_start(b, &clock);
	expiry_clock_await(b, &clock);
	modem_answer_client(b->modem, &c, 7, MESSAGE_ASK, 1);
	fence(b, fd);
	client_round_trip(b, fd, &c);
}

/* V15: before the timeout an answer is not late. */
static void test_V15_answer_in_time_is_delivered(struct bench *b)
{
	struct client c;
	int fd;

	bench_start(b, "--transaction-timeout=1", NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	client_ask(b, fd, &c, 7, MESSAGE_ASK);
	assert_false(wait_for(fd, POLLIN, now_ms() + 500));
	client_answer(b, fd, &c, 7, MESSAGE_ASK, 1);
}

/*
 * Sends a newer request from this session with the client and tid of an expired one
 * (MESSAGE_ASK, tid 7). The late answer comes after the daemon has had a chance to send
 * the newer request, whether or not it did.
 */
static void late_answer_meets_newer_request(struct bench *b, int newer_fd, const struct client *c,
					    uint16_t newer_id, int fence_fd,
					    const struct client *fence_client)
{
	struct message request;
	struct message at_modem;
	struct message got;
	bool arrived = false;

	client_request(&request, c, 7, newer_id);
	client_request_at_modem(&at_modem, c, 7, newer_id);
	session_write(newer_fd, &request);
	client_request(&request, fence_client, 1, MESSAGE_ASK);
	session_write(fence_fd, &request);
	for (modem_read(b->modem, &got); frame_service(got.data) != fence_client->service;
	     modem_read(b->modem, &got)) {
		assert_message(&got, &at_modem);
		arrived = true;
	}
	client_answer(b, fence_fd, fence_client, 1, MESSAGE_ASK, 0);

	modem_answer_client(b->modem, c, 7, MESSAGE_ASK, 0x01D);
	if (!arrived)
		modem_expect(b->modem, &at_modem);
	modem_answer_client(b->modem, c, 7, newer_id, 0x4E3);
	session_expect_answer(newer_fd, c, 7, newer_id, 0x4E3);
}

static void late_answer_and_newer_request(struct bench *b, uint16_t newer_id)
{
	struct expiry_clock clock;
	struct client c;
	int fd;
	int other;

	bench_start(b, "--transaction-timeout=1", NULL);
	expiry_clock_init(b, &clock);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	client_ask(b, fd, &c, 7, MESSAGE_ASK);
	expiry_clock_start(b, &clock);
	expiry_clock_await(b, &clock);
	late_answer_meets_newer_request(b, fd, &c, newer_id, clock.second, &clock.client);
	fence(b, fd);
	/* Again from another session: the first pair has left nothing behind. */
	client_ask(b, other, &c, 7, newer_id);
	client_answer(b, other, &c, 7, newer_id, 5);
	fence(b, fd);
	fence(b, other);
}

/* V15: a late answer is never given to a newer request that reuses the tid. */
static void test_V15_late_answer_and_newer_request_of_another_id(struct bench *b)
{
	late_answer_and_newer_request(b, MESSAGE_OTHER);
}

static void test_V15_late_answer_and_newer_request_of_equal_id(struct bench *b)
{
	late_answer_and_newer_request(b, MESSAGE_ASK);
}

static void old_answer_never_comes(struct bench *b, uint16_t newer_id)
{
	struct expiry_clock clock;
	struct message request;
	struct client c;
	int fd;

	bench_start(b, "--transaction-timeout=1", NULL);
	expiry_clock_init(b, &clock);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	client_ask(b, fd, &c, 7, MESSAGE_ASK);
	expiry_clock_start(b, &clock);
	expiry_clock_await(b, &clock);
	client_request(&request, &c, 7, newer_id);
	session_write(fd, &request);
	client_request_at_modem(&request, &c, 7, newer_id);
	modem_expect(b->modem, &request);
	client_answer(b, fd, &c, 7, newer_id, 0x4E3);
	fence(b, fd);
}

/* V15: the newer request gets its answer even if the old answer never comes. */
static void test_V15_no_late_answer_and_newer_request_of_another_id(struct bench *b)
{
	old_answer_never_comes(b, MESSAGE_OTHER);
}

static void test_V15_no_late_answer_and_newer_request_of_equal_id(struct bench *b)
{
	old_answer_never_comes(b, MESSAGE_ASK);
}

/* Uses timeouts in which all that a user may have reach the modem, even with a slow daemon. */
static void start_for_many(struct bench *b, int fds[CTL_USER_SESSIONS])
{
	char ctl[64];
	char others[64];

	snprintf(ctl, sizeof(ctl), "--ctl-timeout=%d", 5 * slow_factor());
	snprintf(others, sizeof(others), "--transaction-timeout=%d", 5 * slow_factor());
	bench_start(b, ctl, others, NULL);
	for (size_t i = 0; i < CTL_USER_SESSIONS; i++)
		fds[i] = session_open_as(b, 0, USER_A);
}

static void write_ctl(const int fds[CTL_USER_SESSIONS], uint16_t id)
{
	struct message request;

	for (size_t i = 0; i < CTL_PER_USER; i++) {
		message_ctl(&request, (uint8_t)i, id);
		message_number(&request, (uint32_t)i);
		session_write(fds[i / CTL_PER_SESSION], &request);
	}
}

/* Stores one of the requests that write_ctl() wrote. */
static void store_ctl(const struct message *got, uint16_t id,
		      struct message in_flight[CTL_PER_USER])
{
	uint32_t number = message_get_number(got);

	assert_int_equal(frame_message(got->data), id);
	assert_in_range(number, 0, CTL_PER_USER - 1);
	assert_int_equal(in_flight[number].len, 0);
	in_flight[number] = *got;
}

/* Puts requests with this id in flight, as many as the user may have. */
static void fill_ctl(struct bench *b, const int fds[CTL_USER_SESSIONS], uint16_t id,
		     struct message in_flight[CTL_PER_USER])
{
	struct message got;

	memset(in_flight, 0, CTL_PER_USER * sizeof(*in_flight));
	write_ctl(fds, id);
	for (size_t i = 0; i < CTL_PER_USER; i++) {
		modem_read(b->modem, &got);
		store_ctl(&got, id, in_flight);
	}
}

/* Answers them in order. The sessions must get the answers to the newer ones. */
static void answer_ctl(struct bench *b, const int fds[CTL_USER_SESSIONS],
		       const struct message in_flight[CTL_PER_USER])
{
	struct message answer;

	for (size_t i = 0; i < CTL_PER_USER; i++) {
		modem_answer(b->modem, &in_flight[i], QMI_ERROR_NONE);
		message_outcome_of(&answer, &in_flight[i], QMI_ERROR_NONE);
		frame_set_tid(answer.data, (uint16_t)i);
		session_expect(fds[i / CTL_PER_SESSION], &answer);
	}
}

/* V15, V28: expired CTL requests free their sessions' and their user's places. */
static void test_V15_expired_ctl_requests_free_their_places(struct bench *b)
{
	struct message *in_flight = calloc(CTL_PER_USER, sizeof(*in_flight));
	int fds[CTL_USER_SESSIONS];
	int64_t began;

	start_for_many(b, fds);
	began = now_ms();
	fill_ctl(b, fds, QMI_CTL_GET_VERSION_INFO, in_flight);
	fill_ctl(b, fds, QMI_CTL_GET_VERSION_INFO, in_flight);
	assert_true(now_ms() - began >= 4900 * slow_factor());
	answer_ctl(b, fds, in_flight);
	fence(b, fds[0]);
	free(in_flight);
}

/* V15: late answers to CTL requests are dropped while newer ones are in flight. */
static void test_V15_late_ctl_answers_and_newer_requests(struct bench *b)
{
	struct message *old = calloc(CTL_PER_USER, sizeof(*old));
	struct message *newer = calloc(CTL_PER_USER, sizeof(*newer));
	int fds[CTL_USER_SESSIONS];

	start_for_many(b, fds);
	fill_ctl(b, fds, QMI_CTL_GET_VERSION_INFO, old);
	fill_ctl(b, fds, QMI_CTL_SET_INSTANCE_ID, newer);
	for (size_t i = 0; i < CTL_PER_USER; i++)
		modem_answer(b->modem, &old[i], QMI_ERROR_INTERNAL);
	answer_ctl(b, fds, newer);
	fence(b, fds[0]);
	free(old);
	free(newer);
}

/* Reads requests as long as the daemon sends any, without answering. */
static size_t refill_ctl(struct bench *b, const int fds[CTL_USER_SESSIONS],
			 struct message newer[CTL_PER_USER])
{
	struct message got;
	size_t arrived = 0;

	write_ctl(fds, QMI_CTL_GET_VERSION_INFO);
	/* No event shows that it has stopped sending. */
	while (arrived < CTL_PER_USER && modem_try_read(b->modem, &got, deadline_in(100))) {
		store_ctl(&got, QMI_CTL_GET_VERSION_INFO, newer);
		arrived++;
	}
	return arrived;
}

/* V15: the same with equal ids, and each late answer at the worst moment. */
static void test_V15_late_ctl_answers_and_newer_requests_of_equal_id(struct bench *b)
{
	struct message *old;
	struct message *newer;
	struct message got;
	struct expiry_clock clock;
	int fds[CTL_USER_SESSIONS];
	size_t arrived;

	/* The newer ones wait 1 s, too short for a slow daemon to handle that many frames. */
	bench_skip_if_wrapped();
	old = calloc(CTL_PER_USER, sizeof(*old));
	newer = calloc(CTL_PER_USER, sizeof(*newer));
	start_for_many(b, fds);
	expiry_clock_init(b, &clock);
	fill_ctl(b, fds, QMI_CTL_GET_VERSION_INFO, old);
	expiry_clock_start(b, &clock);
	expiry_clock_await(b, &clock);
	arrived = refill_ctl(b, fds, newer);
	for (size_t i = 0; i < CTL_PER_USER; i++)
		modem_answer(b->modem, &old[i], QMI_ERROR_INTERNAL);
	for (; arrived < CTL_PER_USER; arrived++) {
		modem_read(b->modem, &got);
		store_ctl(&got, QMI_CTL_GET_VERSION_INFO, newer);
	}
	answer_ctl(b, fds, newer);
	fence(b, fds[0]);
	free(old);
	free(newer);
}

/* V15, V6: a client granted too late belongs to nobody, and is released at once. */
static void test_V15_client_granted_too_late_is_released(struct bench *b)
{
	struct expiry_clock clock;
	struct client c = {.service = QMI_SERVICE_DMS};
	struct message request;
	uint8_t tid;
	int fd;

	bench_start(b, "--transaction-timeout=1", "--ctl-timeout=1", NULL);
	expiry_clock_init(b, &clock);
	fd = session_open(b, 0);
	message_allocate(&request, 1, c.service);
	session_write(fd, &request);
	tid = modem_expect_allocate(b->modem, c.service);
	expiry_clock_start(b, &clock);
	expiry_clock_await(b, &clock);
	c.device = modem_grant(b->modem, tid, c.service);
	modem_take_release(b->modem, &c);
	fence(b, fd);
	assert_int_equal(client_allocate(b, fd, c.service).cid, 1);
}

static void expect_default(const char *help, const char *name, const char *words)
{
	const char *option = strstr(help, name);
	const char *found;

	assert_non_null(option);
	found = strstr(option, words);
	assert_non_null(found);
	option = strstr(option + 2, "--");
	assert_true(!option || found < option);
}

/* V15: the defaults are too long to test, so check --help. */
static void test_V15_default_timeouts_are_in_the_help(struct bench *b)
{
	char help[DAEMON_OUTPUT_MAX];

	daemon_spawn(b->daemon, (const char *[]){"--help", NULL});
	assert_int_equal(daemon_wait(b->daemon, deadline_usual()), 0);
	daemon_stdout(b->daemon, help);
	expect_default(help, "--transaction-timeout", "(default 300)");
	expect_default(help, "--ctl-timeout", "(default 10)");
}

static const struct test_case cases[] = {
	TEST_CASE(test_V15_late_answer_is_dropped),
	TEST_CASE(test_V15_answer_in_time_is_delivered),
	TEST_CASE(test_V15_late_answer_and_newer_request_of_another_id),
	TEST_CASE(test_V15_late_answer_and_newer_request_of_equal_id),
	TEST_CASE(test_V15_no_late_answer_and_newer_request_of_another_id),
	TEST_CASE(test_V15_no_late_answer_and_newer_request_of_equal_id),
	TEST_CASE(test_V15_expired_ctl_requests_free_their_places),
	TEST_CASE(test_V15_late_ctl_answers_and_newer_requests),
	TEST_CASE(test_V15_late_ctl_answers_and_newer_requests_of_equal_id),
	TEST_CASE(test_V15_client_granted_too_late_is_released),
	TEST_CASE(test_V15_default_timeouts_are_in_the_help),
};

const struct test_group timeout_tests = TEST_GROUP("timeouts (V15)", cases);

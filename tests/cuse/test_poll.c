/* SPDX-License-Identifier: GPL-2.0-or-later */
/* poll, select and epoll: V22. */
#include "app_session.h"
#include "flood.h"
#include "rule_groups.h"

#include <sys/epoll.h>
#include <sys/select.h>

/* V22: POLLIN exactly when a read would return data, including the rest of a frame. */
static void test_V22_pollin_is_exact(struct bench *b)
{
	struct client c;
	uint8_t data[5];
	int fd;
	int other;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	assert_int_equal(session_events(fd), POLLOUT);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	assert_int_equal(session_events(fd), POLLOUT);
	modem_indicate(b->modem, c.service, c.device, 1);
	modem_indicate(b->modem, c.service, c.device, 2);
	fence(b, other);
	assert_int_equal(session_events(fd), POLLIN | POLLOUT);
	session_expect_indication(fd, c.service, c.cid, 1);
	assert_int_equal(session_events(fd), POLLIN | POLLOUT);
	assert_int_equal(read(fd, data, sizeof(data)), sizeof(data));
	assert_int_equal(session_events(fd), POLLIN | POLLOUT);
	while (read(fd, data, sizeof(data)) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(session_events(fd), POLLOUT);
	assert_int_equal(session_events(other), POLLOUT);
}

/* Checks that POLLOUT predicts the result of the next write(). */
static void expect_writable(struct flood *f, bool writable)
{
	assert_int_equal(session_events(f->fd) & POLLOUT, writable ? POLLOUT : 0);
	assert_int_equal(flood_write(f), writable);
}

/* V22: POLLOUT exactly when a write of this session would be accepted. */
static void test_V22_pollout_is_exact(struct bench *b)
{
	struct flood f;
	int other;

	bench_start(b, NULL);
	other = session_open(b, 0);
	flood_init(b, &f, 0);
	for (size_t i = 0; i < OUTBOUND_LIMIT / FLOOD_SIZE; i++)
		expect_writable(&f, true);
	for (int i = 0; i < 3; i++) {
		flood_fill(&f);
		expect_writable(&f, false);
		assert_int_equal(session_events(other), POLLOUT);
		while (!(session_events(f.fd) & POLLOUT))
			flood_expect(b, &f, (uint16_t)(f.seen + 1));
		expect_writable(&f, true);
	}
	/* A session with a full queue can still read. */
	flood_fill(&f);
	modem_indicate(b->modem, f.client.service, f.client.device, 1);
	assert_true(wait_for(f.fd, POLLIN, deadline_usual()));
	assert_int_equal(session_events(f.fd), POLLIN);
}

/* V22: free space wakes a poll that waits for it. */
static void test_V22_pollout_wakes(struct bench *b)
{
	struct child *poller;
	struct outcome outcome;
	struct flood f;

	bench_start(b, NULL);
	flood_init(b, &f, 0);
	flood_fill(&f);
	poller = bench_blocked_child(b, child_poll_out, f.fd, NULL);
	assert_false(child_has_reported(poller));
	flood_expect(b, &f, f.sent);
	child_finish(poller, &outcome);
	assert_int_equal(outcome.ret, 1);
	assert_int_equal(outcome.count, POLLOUT);
}

/* V22: every waiting process is woken, not only the first. */
static void test_V22_all_pollers_are_woken(struct bench *b)
{
	struct child *pollers[3];
	struct outcome outcome;
	struct client c;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	for (size_t i = 0; i < 3; i++) {
		pollers[i] = bench_blocked_child(b, child_poll_in, fd, NULL);
	}
	modem_indicate(b->modem, c.service, c.device, 1);
	for (size_t i = 0; i < 3; i++) {
		child_finish(pollers[i], &outcome);
		assert_int_equal(outcome.ret, 1);
		assert_int_equal(outcome.count, POLLIN);
	}
}

static int select_now(int fd, bool *readable, bool *writable, bool *except)
{
	struct timeval none = {0};
	fd_set sets[3];
	int n;

	for (size_t i = 0; i < 3; i++) {
		FD_ZERO(&sets[i]);
		FD_SET(fd, &sets[i]);
	}
	n = select(fd + 1, &sets[0], &sets[1], &sets[2], &none);
	*readable = FD_ISSET(fd, &sets[0]);
	*writable = FD_ISSET(fd, &sets[1]);
	*except = FD_ISSET(fd, &sets[2]);
	return n;
}

/* V22: select() reports the same. */
static void test_V22_select(struct bench *b)
{
	struct flood f;
	bool readable;
	bool writable;
	bool except;

	bench_start(b, NULL);
	flood_init(b, &f, 0);
	assert_int_equal(select_now(f.fd, &readable, &writable, &except), 1);
	assert_true(!readable && writable && !except);
	modem_indicate(b->modem, f.client.service, f.client.device, 1);
	assert_true(wait_for(f.fd, POLLIN, deadline_usual()));
	assert_int_equal(select_now(f.fd, &readable, &writable, &except), 2);
	assert_true(readable && writable && !except);
	session_expect_indication(f.fd, f.client.service, f.client.cid, 1);
	flood_fill(&f);
	assert_int_equal(select_now(f.fd, &readable, &writable, &except), 0);
	assert_true(!readable && !writable && !except);
}

/* Returns an epoll descriptor that watches one session. */
static int watch(int fd, uint32_t events)
{
	struct epoll_event event = {.events = events};
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	assert_return_code(epoll, errno);
	assert_return_code(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), errno);
	return epoll;
}

/* Returns the events that epoll reports within the time, or 0. */
static uint32_t watched(int epoll, int ms)
{
	struct epoll_event event = {0};

	assert_return_code(epoll_wait(epoll, &event, 1, ms), errno);
	return event.events;
}

/* V22: level-triggered: reports as long as there is something to read. */
static void test_V22_epoll_level_triggered(struct bench *b)
{
	struct client c;
	int epoll;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	epoll = watch(fd, EPOLLIN);
	assert_int_equal(watched(epoll, 0), 0);
	modem_indicate(b->modem, c.service, c.device, 1);
	assert_int_equal(watched(epoll, usual_ms()), EPOLLIN);
	assert_int_equal(watched(epoll, 0), EPOLLIN);
	session_expect_indication(fd, c.service, c.cid, 1);
	assert_int_equal(watched(epoll, 0), 0);
	modem_indicate(b->modem, c.service, c.device, 2);
	assert_int_equal(watched(epoll, usual_ms()), EPOLLIN);
	close(epoll);
}

/* V22: edge-triggered: reports once per arrival, whether or not the last was read. */
static void test_V22_epoll_edge_triggered(struct bench *b)
{
	struct client c;
	int epoll;
	int fd;
	int other;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	epoll = watch(fd, EPOLLIN | EPOLLET);
	assert_int_equal(watched(epoll, 0), 0);
	modem_indicate(b->modem, c.service, c.device, 1);
	assert_int_equal(watched(epoll, usual_ms()), EPOLLIN);
	fence(b, other);
	assert_int_equal(watched(epoll, 0), 0);
	modem_indicate(b->modem, c.service, c.device, 2);
	assert_int_equal(watched(epoll, usual_ms()), EPOLLIN);
	session_expect_indication(fd, c.service, c.cid, 1);
	session_expect_indication(fd, c.service, c.cid, 2);
	session_read_fails(fd, EAGAIN);
	modem_indicate(b->modem, c.service, c.device, 3);
	assert_int_equal(watched(epoll, usual_ms()), EPOLLIN);
	close(epoll);
}

/* V22: edge-triggered: reports room once a write has been refused. */
static void test_V22_epoll_edge_triggered_out(struct bench *b)
{
	struct flood f;
	int epoll;

	bench_start(b, NULL);
	flood_init(b, &f, 0);
	epoll = watch(f.fd, EPOLLOUT | EPOLLET);
	assert_int_equal(watched(epoll, 0), EPOLLOUT);
	for (int i = 0; i < 4; i++) {
		flood_fill(&f);
		while (watched(epoll, 0))
			; /* from before it was full */
		flood_expect(b, &f, f.sent);
		assert_int_equal(watched(epoll, usual_ms()), EPOLLOUT);
	}
	close(epoll);
}

/* V22: two ways of waiting on one session do not take each other's wakeups. */
static void test_V22_epoll_and_poll_together(struct bench *b)
{
	struct child *poller;
	struct outcome outcome;
	struct client c;
	int epoll[2];
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	epoll[0] = watch(fd, EPOLLIN);
	epoll[1] = watch(fd, EPOLLIN | EPOLLET);
	poller = bench_blocked_child(b, child_poll_in, fd, NULL);
	modem_indicate(b->modem, c.service, c.device, 1);
	assert_int_equal(watched(epoll[0], usual_ms()), EPOLLIN);
	assert_int_equal(watched(epoll[1], usual_ms()), EPOLLIN);
	child_finish(poller, &outcome);
	assert_int_equal(outcome.count, POLLIN);
	close(epoll[0]);
	close(epoll[1]);
}

#define STORM 300

typedef bool await_fn(int fd, int epoll);

static bool await_poll(int fd, int epoll)
{
	(void)epoll;
	return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1) == 1;
}

static bool await_select(int fd, int epoll)
{
	fd_set readable;

	(void)epoll;
	FD_ZERO(&readable);
	FD_SET(fd, &readable);
	return select(fd + 1, &readable, NULL, NULL, NULL) == 1;
}

static bool await_epoll(int fd, int epoll)
{
	struct epoll_event event;

	(void)fd;
	return epoll_wait(epoll, &event, 1, -1) == 1;
}

/* Repeatedly waits and reads until EAGAIN; count: the frames that came in order. */
static void weather_storm(int fd, await_fn *await, uint32_t flags, struct outcome *outcome)
{
	struct epoll_event event = {.events = EPOLLIN | flags};
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	while (outcome->count < STORM && await(fd, epoll)) {
		for (;;) {
			child_read(fd, NULL, outcome);
			if (outcome->ret < 0)
				break;
			if (!message_has_number(&outcome->got, outcome->count))
				return;
			outcome->count++;
		}
		if (outcome->err != EAGAIN)
			return;
	}
}

static void storm_poll(int fd, const void *arg, struct outcome *outcome)
{
	(void)arg;
	weather_storm(fd, await_poll, 0, outcome);
}

static void storm_select(int fd, const void *arg, struct outcome *outcome)
{
	(void)arg;
	weather_storm(fd, await_select, 0, outcome);
}

static void storm_epoll_level(int fd, const void *arg, struct outcome *outcome)
{
	(void)arg;
	weather_storm(fd, await_epoll, 0, outcome);
}

static void storm_epoll_edge(int fd, const void *arg, struct outcome *outcome)
{
	(void)arg;
	weather_storm(fd, await_epoll, EPOLLET, outcome);
}

/* V22: four processes wait in four ways for single indications and bursts; no wakeup is lost. */
static void test_V22_no_wakeup_is_lost(struct bench *b)
{
	static child_fn *const fns[] = {storm_poll, storm_select, storm_epoll_level,
					storm_epoll_edge};
	struct child *children[4];
	struct outcome outcome;

	bench_start(b, "-n4", NULL);
	for (unsigned int i = 0; i < 4; i++) {
		int fd = session_open(b, i);

		client_allocate(b, fd, QMI_SERVICE_NAS);
		children[i] = bench_child(b, fns[i], fd, NULL);
	}
	for (uint32_t i = 0; i < STORM; i++) {
		modem_indicate(b->modem, QMI_SERVICE_NAS, QMI_CID_BROADCAST, i);
		/* From time to time, let all of them go back to waiting. */
		for (unsigned int j = 0; j < 4 && i % 7 == 0; j++)
			child_await_blocked(children[j]);
	}
	for (unsigned int i = 0; i < 4; i++) {
		child_finish(children[i], &outcome);
		assert_int_equal(outcome.count, STORM);
	}
}

static const struct test_case cases[] = {
	TEST_CASE(test_V22_pollin_is_exact),
	TEST_CASE(test_V22_pollout_is_exact),
	TEST_CASE(test_V22_pollout_wakes),
	TEST_CASE(test_V22_all_pollers_are_woken),
	TEST_CASE(test_V22_select),
	TEST_CASE(test_V22_epoll_level_triggered),
	TEST_CASE(test_V22_epoll_edge_triggered),
	TEST_CASE(test_V22_epoll_edge_triggered_out),
	TEST_CASE(test_V22_epoll_and_poll_together),
	TEST_CASE(test_V22_no_wakeup_is_lost),
};

const struct test_group poll_tests = TEST_GROUP("poll, select, epoll (V22)", cases);

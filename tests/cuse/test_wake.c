/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting on a node: many waiters, their order, different events. V15, V18, V20 to V22. */
#include "app_session.h"
#include "flood.h"
#include "proc.h"
#include "rule_groups.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define READERS   12
#define BROADCAST 4000 /* bytes; times the readers, more than the loop sends in a turn */

/* V20, V12: each of many blocked readers gets a large frame whole. */
static void test_V20_many_blocked_reads(struct bench *b)
{
	struct child *readers[READERS];
	struct message event;
	struct outcome outcome;

	bench_start(b, NULL);
	for (size_t i = 0; i < READERS; i++) {
		int fd = session_open_flags(b, 0, O_RDWR);

		client_allocate(b, fd, QMI_SERVICE_NAS);
		readers[i] = bench_blocked_child(b, child_read, fd, NULL);
	}
	message_indication(&event, QMI_SERVICE_NAS, QMI_CID_BROADCAST, MESSAGE_EVENT);
	message_pad(&event, BROADCAST);
	modem_send(b->modem, &event);
	for (size_t i = 0; i < READERS; i++) {
		child_finish(readers[i], &outcome);
		assert_message(&outcome.got, &event);
	}
}

/* V20: blocked reads of a session are served in order. */
static void test_V20_blocked_reads_keep_their_order(struct bench *b)
{
	struct child *readers[4];
	struct outcome outcome;
	struct client c;
	int fd;

	bench_start(b, NULL);
	fd = session_open_flags(b, 0, O_RDWR);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	for (size_t i = 0; i < 4; i++) {
		readers[i] = bench_blocked_child(b, child_read, fd, NULL);
	}
	for (uint32_t i = 0; i < 4; i++)
		modem_indicate(b->modem, c.service, c.device, i);
	for (uint32_t i = 0; i < 4; i++) {
		child_finish(readers[i], &outcome);
		assert_true(message_has_number(&outcome.got, i));
	}
}

#define WRITERS 64 /* the limit of writers blocked on a session */
#define CROWD   16 /* of them in one process */

/* Small writes with a flood's client, each in its own thread. */
struct writer {
	const struct client *client;
	int fd;
	uint16_t tid;
	atomic_int thread;
	bool whole;
};

static void *write_one(void *arg)
{
	struct writer *w = arg;
	struct message m;

	client_request(&m, w->client, w->tid, MESSAGE_OTHER);
	w->thread = gettid();
	w->whole = write(w->fd, m.data, m.len) == (ssize_t)m.len;
	return NULL;
}

struct crowd {
	const struct client *client;
	uint16_t first; /* first tid */
};

/* Makes CROWD writes block one after another; count: those finally accepted. */
static void write_as_a_crowd(int fd, const void *arg, struct outcome *outcome)
{
	static struct writer writers[CROWD];
	const struct crowd *crowd = arg;
	pthread_t threads[CROWD];

	for (size_t i = 0; i < CROWD; i++) {
		struct writer *w = &writers[i];

		*w = (struct writer){
			.client = crowd->client, .fd = fd, .tid = (uint16_t)(crowd->first + i)};
		if (pthread_create(&threads[i], NULL, write_one, w) != 0)
			return;
		/* This one must not block before the previous one does. */
		while (w->thread == 0 || proc_state(w->thread) != 'S')
			sched_yield();
	}
	for (size_t i = 0; i < CROWD; i++) {
		pthread_join(threads[i], NULL);
		outcome->count += writers[i].whole;
	}
}

static void expect_written(struct bench *b, const struct client *c, uint16_t first, uint16_t count)
{
	struct message m;

	for (uint16_t i = 0; i < count; i++) {
		client_request_at_modem(&m, c, (uint16_t)(first + i), MESSAGE_OTHER);
		modem_expect(b->modem, &m);
	}
}

/* V21: at most 64 writes may block on a session, and they go out in order. */
static void test_V21_blocked_writes_are_bounded(struct bench *b)
{
	struct child *children[WRITERS / CROWD];
	struct outcome outcome;
	struct message m;
	struct flood f;

	bench_start(b, NULL);
	flood_init_full(b, &f, 0);
	for (size_t i = 0; i < WRITERS / CROWD; i++) {
		struct crowd crowd = {&f.client, (uint16_t)(0x1000 + i * CROWD)};

		children[i] = bench_blocked_child(b, write_as_a_crowd, f.fd, &crowd);
	}
	client_request(&m, &f.client, 0xEEEE, MESSAGE_OTHER);
	child_finish(bench_child(b, child_write, f.fd, &m), &outcome);
	assert_int_equal(outcome.ret, -1);
	assert_int_equal(outcome.err, ENOMEM);
	flood_expect(b, &f, f.sent);
	expect_written(b, &f.client, 0x1000, WRITERS);
	for (size_t i = 0; i < WRITERS / CROWD; i++) {
		child_finish(children[i], &outcome);
		assert_int_equal(outcome.count, CROWD);
	}
	assert_return_code(fcntl(f.fd, F_SETFL, O_NONBLOCK), errno);
	fence(b, f.fd);
}

#define POLLERS 80 /* more than the loop has entries in a turn */

/* Waits until each has been reported; the event's data says which one it is. */
static void expect_all_woken(int epoll)
{
	bool woken[POLLERS] = {false};
	struct epoll_event events[POLLERS];
	int64_t deadline = deadline_usual();

	for (size_t left = POLLERS; left > 0;) {
		int n;

		assert_true(wait_for(epoll, POLLIN, deadline));
		n = epoll_wait(epoll, events, POLLERS, 0);
		assert_return_code(n, errno);
		for (int i = 0; i < n; i++) {
			left -= !woken[events[i].data.u32];
			woken[events[i].data.u32] = true;
		}
	}
}

/* V22, V12: a broadcast wakes every session waiting in epoll, however many there are. */
static void test_V22_many_epolls_are_woken(struct bench *b)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	assert_return_code(epoll, errno);
	bench_start(b, NULL);
	for (uint32_t i = 0; i < POLLERS; i++) {
		struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = i};
		int fd = session_open(b, 0);

		client_allocate(b, fd, QMI_SERVICE_NAS);
		assert_return_code(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), errno);
	}
	for (uint32_t i = 0; i < 3; i++) {
		modem_indicate(b->modem, QMI_SERVICE_NAS, QMI_CID_BROADCAST, i);
		expect_all_woken(epoll);
	}
	close(epoll);
}

static void expect_polled(struct child *child, short events)
{
	struct outcome outcome;

	child_finish(child, &outcome);
	assert_int_equal(outcome.ret, 1);
	assert_int_equal(outcome.count, events);
}

/* The second waiter still waits when the first one's event comes. */
static void wait_for_different_events(struct bench *b, bool room_first)
{
	struct child *first;
	struct child *second;
	struct flood f;

	flood_init(b, &f, 0);
	flood_fill(&f);
	first = bench_blocked_child(b, room_first ? child_poll_out : child_poll_in, f.fd, NULL);
	second = bench_blocked_child(b, room_first ? child_poll_in : child_poll_out, f.fd, NULL);
	if (room_first)
		flood_expect(b, &f, f.sent);
	else
		modem_indicate(b->modem, f.client.service, f.client.device, 1);
	expect_polled(first, room_first ? POLLOUT : POLLIN);
	assert_false(child_has_reported(second));
	if (room_first)
		modem_indicate(b->modem, f.client.service, f.client.device, 1);
	else
		flood_expect(b, &f, f.sent);
	expect_polled(second, room_first ? POLLIN : POLLOUT);
}

/* V22: waiters for different events on the same file do not displace each other. */
static void test_V22_pollers_of_different_events(struct bench *b)
{
	bench_start(b, NULL);
	wait_for_different_events(b, true);
	wait_for_different_events(b, false);
}

/* Polls for the events at arg; count: the revents. */
static void poll_for(int fd, const void *arg, struct outcome *outcome)
{
	struct pollfd wait = {.fd = fd, .events = *(const short *)arg};

	outcome->ret = poll(&wait, 1, -1);
	outcome->count = (uint32_t)(unsigned short)wait.revents;
}

/* V22: the same with the event names that select() uses. */
static void test_V22_normal_data(struct bench *b)
{
	const short in = POLLRDNORM;
	const short out = POLLWRNORM;
	struct child *poller;
	struct flood f;

	bench_start(b, NULL);
	flood_init(b, &f, 0);
	flood_fill(&f);
	poller = bench_blocked_child(b, poll_for, f.fd, &in);
	modem_indicate(b->modem, f.client.service, f.client.device, 1);
	expect_polled(poller, in);
	poller = bench_blocked_child(b, poll_for, f.fd, &out);
	flood_expect(b, &f, f.sent);
	expect_polled(poller, out);
}

/* V15: a request expires in time even while another session keeps the daemon busy. */
static void test_V15_expires_under_traffic(struct bench *b)
{
	struct client c;
	int64_t until;
	int fd;
	int busy;

	bench_start(b, "--transaction-timeout=1", NULL);
	fd = session_open(b, 0);
	busy = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	client_ask(b, fd, &c, 1, MESSAGE_ASK);
	until = now_ms() + 1200;
	while (now_ms() < until)
		fence(b, busy);
	/* The first event after the timeout may have been sent before it. */
	fence(b, busy);
	modem_answer_client(b->modem, &c, 1, MESSAGE_ASK, 1);
	fence(b, fd);
}

static void expect_gone(struct child *child)
{
	struct outcome outcome;

	child_finish(child, &outcome);
	assert_int_equal(outcome.ret, -1);
	assert_int_equal(outcome.err, ENODEV);
}

/* Waits until the daemon has taken the first signal, because pending ones would merge. */
static void await_stopping(struct daemon *d)
{
	char state[512] = "";

	while (!strstr(state, "STOPPING=1")) {
		ssize_t n;

		assert_true(wait_for(d->notify, POLLIN, deadline_usual()));
		n = recv(d->notify, state, sizeof(state) - 1, 0);
		assert_return_code(n, errno);
		state[n] = '\0';
	}
}

/* V18: a second signal ends the daemon at once, and blocked calls with ENODEV. */
static void test_V18_second_signal_ends_blocked_calls(struct bench *b)
{
	struct child *reader;
	struct child *writer;
	struct message m;
	struct flood f;

	bench_start(b, NULL);
	flood_init_full(b, &f, 0);
	client_request(&m, &f.client, 0xEEEE, MESSAGE_OTHER);
	reader = bench_child(b, child_read, f.fd, NULL);
	writer = bench_child(b, child_write, f.fd, &m);
	child_await_blocked(reader);
	child_await_blocked(writer);
	daemon_signal(b->daemon, SIGTERM);
	await_stopping(b->daemon);
	assert_false(child_has_reported(reader));
	daemon_signal(b->daemon, SIGTERM);
	expect_gone(reader);
	expect_gone(writer);
	assert_int_equal(daemon_wait(b->daemon, deadline_in(1000)), 0);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V20_many_blocked_reads),
	TEST_CASE(test_V20_blocked_reads_keep_their_order),
	TEST_CASE(test_V21_blocked_writes_are_bounded),
	TEST_CASE(test_V22_many_epolls_are_woken),
	TEST_CASE(test_V22_pollers_of_different_events),
	TEST_CASE(test_V22_normal_data),
	TEST_CASE(test_V15_expires_under_traffic),
	TEST_CASE(test_V18_second_signal_ends_blocked_calls),
};

const struct test_group wake_tests = TEST_GROUP("waiting (V15, V18, V20-V22)", cases);

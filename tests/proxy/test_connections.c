/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections to libqmi's proxy socket as sessions: V26. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "proxy_groups.h"

#define EVENT_SIZE 1000

static void test_V26_a_connection_is_a_session(struct bench *b)
{
	struct client c;
	int fd;

	proxy_start(b, NULL);
	fd = proxy_open(b);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	client_round_trip(b, fd, &c);
	modem_indicate(b->modem, c.service, c.device, 7);
	session_expect_indication(fd, c.service, c.cid, 7);
	client_release(b, fd, &c);
	fence(b, fd);
}

static void test_V26_connections_share_cids(struct bench *b)
{
	struct client c;
	int one;
	int other;

	proxy_start(b, NULL);
	one = proxy_open(b);
	other = proxy_open(b);
	c = client_allocate(b, one, QMI_SERVICE_DMS);
	client_round_trip(b, other, &c);
	session_close(b, one);
	/* It outlives all connections, for --client-cid later. */
	session_close(b, other);
	other = proxy_open(b);
	client_round_trip(b, other, &c);
}

static void test_V26_a_client_belongs_to_its_user(struct bench *b)
{
	struct client c;
	int one;
	int other;

	proxy_start(b, NULL);
	one = proxy_open_as(b, USER_A);
	other = proxy_open_as(b, USER_B);
	c = client_allocate(b, one, QMI_SERVICE_DMS);
	session_expect_foreign(b, other, &c);
	client_round_trip(b, one, &c);
}

/* libqmi waits 5 s for the open, and much longer for what follows. */
static void test_V26_open_does_not_wait_for_the_modem(struct bench *b)
{
	struct message request;
	struct message answer;
	uint8_t tid;
	int fd;

	broker_start();
	instance_spawn(&b->instances[0], (const char *const[]){"--nodes=0", NULL}, NULL);
	/* A pty has no instance to be expected: wait until this one is there. */
	message_ctl(&request, 0, QMI_CTL_SYNC);
	tid = modem_expect(b->modem, &request);
	fd = proxy_open(b);
	message_ctl(&answer, 5, QMI_CTL_GET_VERSION_INFO);
	session_write(fd, &answer);
	/* On a slow machine, Sync is repeated meanwhile; nothing else may come. */
	while (wait_for(b->modem->fd, POLLIN, deadline_in(200)))
		tid = modem_expect(b->modem, &request);
	frame_set_tid(request.data, tid);
	modem_answer(b->modem, &request, QMI_ERROR_NONE);
	daemon_await_ready(b->daemon, deadline_usual());
	message_ctl(&request, 0, QMI_CTL_GET_VERSION_INFO);
	frame_set_tid(request.data, modem_expect(b->modem, &request));
	modem_answer(b->modem, &request, QMI_ERROR_NONE);
	session_expect_outcome(fd, &answer, QMI_ERROR_NONE);
}

static void test_V26_internal_messages_never_reach_the_modem(struct bench *b)
{
	struct message m;
	int fd;

	proxy_start(b, NULL);
	fd = proxy_open(b);
	message_open(&m, 9, "/somewhere/else");
	session_write(fd, &m);
	session_expect_outcome(fd, &m, QMI_ERROR_NONE);
	message_ctl(&m, 10, 0xFF22);
	session_write(fd, &m);
	session_expect_outcome(fd, &m, QMI_ERROR_NOT_SUPPORTED);
	message_ctl(&m, 11, 0xFF23);
	session_write(fd, &m);
	session_expect_outcome(fd, &m, QMI_ERROR_NOT_SUPPORTED);
	fence(b, fd);
}

static void test_V26_frames_come_in_any_pieces(struct bench *b)
{
	struct message m;
	struct client c;
	int fd;

	proxy_start(b, NULL);
	fd = proxy_open(b);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	client_request(&m, &c, 1, MESSAGE_ASK);
	for (size_t i = 0; i < m.len; i++)
		session_write_bytes(fd, m.data + i, 1);
	client_request_at_modem(&m, &c, 1, MESSAGE_ASK);
	modem_expect(b->modem, &m);
	client_answer(b, fd, &c, 1, MESSAGE_ASK, 1);
	for (uint16_t tid = 2; tid <= 3; tid++) {
		struct message part;

		client_request(&part, &c, tid, MESSAGE_ASK);
		if (tid == 2)
			m = part;
		else
			message_append(&m, part.data, part.len);
	}
	session_write(fd, &m);
	for (uint16_t tid = 2; tid <= 3; tid++) {
		client_request_at_modem(&m, &c, tid, MESSAGE_ASK);
		modem_expect(b->modem, &m);
	}
}

static void check_closes(struct bench *b, int other, const void *data, size_t len)
{
	int fd = proxy_open(b);

	session_write_bytes(fd, data, len);
	proxy_expect_end(fd);
	fence(b, other);
	session_close(b, fd);
}

static void test_V26_what_is_no_request_closes(struct bench *b)
{
	struct message m;
	int other;

	proxy_start(b, NULL);
	other = proxy_open(b);
	check_closes(b, other, "AT\r\n", 4);
	message_indication(&m, QMI_SERVICE_DMS, 1, MESSAGE_EVENT);
	check_closes(b, other, m.data, m.len);
	message_response(&m, QMI_SERVICE_DMS, 1, 1, MESSAGE_ASK, QMI_ERROR_NONE);
	check_closes(b, other, m.data, m.len);
	/* Longer than the port takes. */
	check_closes(b, other, "\x01\xFF\xFF\x00\x02\x01", 6);
	assert_true(daemon_said(b->daemon, "it sent what is not a QMI request"));
}

static void test_V26_half_a_frame_is_forgotten(struct bench *b)
{
	struct message m;
	int other;
	int fd;

	proxy_start(b, NULL);
	other = proxy_open(b);
	fd = proxy_open(b);
	message_ctl(&m, 1, QMI_CTL_GET_VERSION_INFO);
	session_write_bytes(fd, m.data, m.len - 1);
	session_close(b, fd);
	await_sessions(b->daemon, 1);
	fence(b, other);
}

/* The broker may still have its descriptor when the client has gone already. */
static void test_V26_a_slow_broker_harms_nobody(struct bench *b)
{
	int passed;
	int other;
	int fd;

	proxy_start(b, NULL);
	fd = proxy_pass(b, &passed);
	session_close(b, fd);
	await_sessions(b->daemon, 0);
	/* It may get the memory of the one before. */
	other = proxy_open(b);
	fence(b, other);
	session_close(b, passed);
	fence(b, other);
}

/* ModemManager writes all its releases, and closes at once. */
static void test_V26_what_was_written_is_sent(struct bench *b)
{
	struct client clients[20];
	struct message all;
	int fd;

	proxy_start(b, NULL);
	fd = proxy_open(b);
	all.len = 0;
	for (uint8_t i = 0; i < 12; i++)
		clients[i] = client_allocate(b, fd, QMI_SERVICE_DMS);
	for (uint8_t i = 0; i < 12; i++) {
		struct message m;

		message_release(&m, (uint8_t)(i + 1), QMI_SERVICE_DMS, clients[i].cid);
		message_append(&all, m.data, m.len);
	}
	session_write(fd, &all);
	session_close(b, fd);
	for (uint8_t i = 0; i < 12; i++)
		modem_take_release(b->modem, &clients[i]);
}

/* More than the session takes at once: the rest waits in the socket. */
static void test_V26_much_that_was_written_is_sent(struct bench *b)
{
	struct message m;
	struct client c;
	uint16_t sent = 0;
	int fd;

	proxy_start(b, NULL);
	fd = proxy_open(b);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	client_request(&m, &c, 0, MESSAGE_ASK);
	message_pad(&m, 1000);
	while (wait_for(fd, POLLOUT, deadline_in(300))) {
		frame_set_tid(m.data, (uint16_t)(sent + 1));
		if (write(fd, m.data, m.len) == (ssize_t)m.len)
			sent++;
	}
	session_close(b, fd);
	assert_true(sent > 100);
	for (uint16_t tid = 1; tid <= sent; tid++) {
		modem_read(b->modem, &m);
		assert_int_equal(frame_tid(m.data), tid);
		message_response(&m, c.service, c.device, tid, MESSAGE_ASK, QMI_ERROR_NONE);
		modem_send(b->modem, &m);
	}
	await_sessions(b->daemon, 0);
}

static void send_event(struct bench *b, const struct client *c, uint32_t number)
{
	struct message event;

	message_indication(&event, c->service, c->device, MESSAGE_EVENT);
	message_number(&event, number);
	message_pad(&event, EVENT_SIZE);
	modem_send(b->modem, &event);
}

/* A client that stops reading gets the newest events later, and nobody else notices. */
static void test_V26_overflow_drops_the_oldest(struct bench *b)
{
	const uint32_t count = 100;
	struct message got;
	struct client c;
	uint32_t number = 0;
	uint32_t lost = 0;
	int other;
	int fd;

	proxy_start(b, "--queue=16384", NULL);
	fd = proxy_open(b);
	other = proxy_open(b);
	c = client_allocate(b, fd, QMI_SERVICE_NAS);
	for (uint32_t i = 1; i <= count; i++) {
		send_event(b, &c, i);
		fence(b, other);
	}
	while (number < count) {
		uint32_t before = number;

		proxy_read(fd, &got);
		number = message_get_number(&got);
		assert_true(number > before);
		lost += number - before - 1;
	}
	assert_int_equal(daemon_counter(b->daemon, " lost to full queues"), lost);
	assert_true(lost > count / 2);
	client_round_trip(b, fd, &c);
}

static void test_V26_closed_when_the_modem_restarts(struct bench *b)
{
	struct client c;
	int fd;

	proxy_start(b, NULL);
	fd = proxy_open(b);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	client_ask(b, fd, &c, 1, MESSAGE_ASK);
	modem_restart(b->modem);
	proxy_expect_end(fd);
	fd = proxy_open(b);
	fence(b, fd);
}

static void test_V26_closed_when_the_modem_is_unplugged(struct bench *b)
{
	int fd;

	proxy_start(b, NULL);
	fd = proxy_open(b);
	modem_close(b->modem);
	proxy_expect_end(fd);
	assert_int_equal(daemon_wait(b->daemon, deadline_usual()), 0);
	assert_int_equal(access("/run/cuse-qmux/proxy-136-0", F_OK), -1);
}

static void test_V26_closed_when_the_instance_stops(struct bench *b)
{
	char port[64];
	int fd;

	proxy_start(b, NULL);
	fd = proxy_open(b);
	client_allocate(b, fd, QMI_SERVICE_DMS);
	snprintf(port, sizeof(port), "%s", b->modem->port);
	instance_stop(&b->instances[0]);
	proxy_expect_end(fd);
	proxy_ask(proxy_connect(b), port, QMI_ERROR_NOT_SUPPORTED);
}

/* Starts another daemon on the instance's modem. */
static void instance_respawn(struct instance *in, const char *const options[])
{
	const char *args[] = {options[0], in->modem.port, NULL};
	struct pollfd hung_up = {.fd = in->modem.fd};
	int64_t deadline = deadline_usual();

	daemon_spawn(&in->daemon, args);
	while (poll(&hung_up, 1, 0) > 0) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	modem_forget_all(&in->modem);
}

static void test_V26_closed_when_the_instance_is_killed(struct bench *b)
{
	int fd;

	proxy_start(b, NULL);
	fd = proxy_open(b);
	daemon_destroy(b->daemon);
	proxy_expect_end(fd);
	proxy_ask(proxy_connect(b), b->modem->port, QMI_ERROR_NOT_SUPPORTED);
	/* What it left does not stop the next one. */
	instance_respawn(&b->instances[0], (const char *const[]){"--nodes=0", NULL});
	instance_answer_sync(&b->instances[0]);
	daemon_await_ready(b->daemon, deadline_usual());
	proxy_open(b);
}

/* A thousand of them, from several users, cost no more than V28 allows. */
static void test_V26_many_idle_connections(struct bench *b)
{
	const int count = 1000;
	int fd = -1;

	proxy_start(b, NULL);
	for (int i = 0; i < count; i++)
		fd = proxy_open_as(b, USER_A);
	assert_int_equal(daemon_counter(b->daemon, " files open"), count);
	fence(b, fd);
	fence(b, proxy_open(b));
	while (b->session_count > 0)
		session_close(b, b->sessions[b->session_count - 1]);
	await_sessions(b->daemon, 0);
}

static void test_V26_idle_exit(struct bench *b)
{
	struct client c;
	int fd;

	proxy_start(b, "--idle-exit=1", NULL);
	fd = proxy_open(b);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	/* Neither while a connection is open, nor while a client may be used again. */
	assert_false(wait_for(b->daemon->pidfd, POLLIN, deadline_in(1500)));
	session_close(b, fd);
	assert_false(wait_for(b->daemon->pidfd, POLLIN, deadline_in(1500)));
	fd = proxy_open(b);
	client_release(b, fd, &c);
	session_close(b, fd);
	assert_int_equal(daemon_wait(b->daemon, deadline_usual()), 0);
	modem_close(b->modem);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V26_a_connection_is_a_session),
	TEST_CASE(test_V26_connections_share_cids),
	TEST_CASE(test_V26_a_client_belongs_to_its_user),
	TEST_CASE(test_V26_open_does_not_wait_for_the_modem),
	TEST_CASE(test_V26_internal_messages_never_reach_the_modem),
	TEST_CASE(test_V26_frames_come_in_any_pieces),
	TEST_CASE(test_V26_what_is_no_request_closes),
	TEST_CASE(test_V26_half_a_frame_is_forgotten),
	TEST_CASE(test_V26_a_slow_broker_harms_nobody),
	TEST_CASE(test_V26_what_was_written_is_sent),
	TEST_CASE(test_V26_much_that_was_written_is_sent),
	TEST_CASE(test_V26_overflow_drops_the_oldest),
	TEST_CASE(test_V26_closed_when_the_modem_restarts),
	TEST_CASE(test_V26_closed_when_the_modem_is_unplugged),
	TEST_CASE(test_V26_closed_when_the_instance_stops),
	TEST_CASE(test_V26_closed_when_the_instance_is_killed),
	TEST_CASE(test_V26_many_idle_connections),
	TEST_CASE(test_V26_idle_exit),
};

const struct test_group connection_tests = TEST_GROUP("connections", cases);

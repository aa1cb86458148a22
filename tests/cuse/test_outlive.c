/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A planned restart closes nothing: V29. */
#include "app_session.h"
#include "flood.h"
#include "proc.h"
#include "rule_groups.h"
#include "storage.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAUSE_MAX 300 /* ms */

/* The process becomes the program anew, and goes on. */
static void restart(struct bench *b)
{
	daemon_signal(b->daemon, SIGHUP);
	daemon_await_ready(b->daemon, deadline_usual());
}

/* V29: files, clients, requests in flight and queued frames persist, also several times. */
static void test_V29_nothing_is_closed(struct bench *b)
{
	struct client c;
	struct client other;
	int fd[2];

	bench_start(b, "--nodes=2", NULL);
	fd[0] = session_open(b, 0);
	fd[1] = session_open(b, 1);
	c = client_allocate(b, fd[0], QMI_SERVICE_DMS);
	other = client_allocate(b, fd[1], QMI_SERVICE_NAS);
	for (uint32_t round = 0; round < 3; round++) {
		client_ask(b, fd[0], &c, 7, MESSAGE_ASK);
		modem_indicate(b->modem, other.service, other.device, round);
		assert_true(wait_for(fd[1], POLLIN, deadline_usual()));
		restart(b);
		session_expect_indication(fd[1], other.service, other.cid, round);
		client_answer(b, fd[0], &c, 7, MESSAGE_ASK, round);
		client_round_trip(b, fd[0], &c);
		client_round_trip(b, fd[1], &other);
		session_expect_foreign(b, fd[0], &other);
		fence(b, session_open(b, 0));
	}
}

/* V29: blocked reads stay blocked, in their order, and can still be interrupted. */
static void test_V29_reads_stay_blocked(struct bench *b)
{
	struct child *readers[2];
	struct child *interrupted;
	struct outcome outcome;
	struct client c;
	int other;
	int fd;

	bench_start(b, NULL);
	fd = session_open_flags(b, 0, O_RDWR);
	other = session_open_flags(b, 0, O_RDWR);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	interrupted = bench_blocked_child(b, child_read_eintr, other, NULL);
	for (size_t i = 0; i < 2; i++)
		readers[i] = bench_blocked_child(b, child_read, fd, NULL);
	restart(b);
	restart(b);
	for (uint32_t i = 0; i < 2; i++) {
		assert_false(child_has_reported(readers[i]));
		modem_indicate(b->modem, c.service, c.device, i);
		child_finish(readers[i], &outcome);
		assert_int_equal(outcome.err, 0);
		assert_true(message_has_number(&outcome.got, i));
	}
	child_signal(interrupted, SIGUSR1);
	child_finish(interrupted, &outcome);
	assert_int_equal(outcome.err, EINTR);
}

/* V29: so do blocked writes, and not a byte of them is lost or sent twice. */
static void test_V29_writes_stay_blocked(struct bench *b)
{
	struct outcome outcome;
	struct child *writer;
	struct message m;
	struct flood f;

	bench_start(b, NULL);
	flood_init(b, &f, 0);
	flood_fill(&f);
	assert_return_code(fcntl(f.fd, F_SETFL, 0), errno);
	flood_request(&m, &f, ++f.sent);
	writer = bench_blocked_child(b, child_write, f.fd, &m);
	restart(b);
	assert_false(child_has_reported(writer));
	flood_expect_and_answer(b, &f, f.sent);
	child_finish(writer, &outcome);
	assert_int_equal(outcome.ret, m.len);
}

/* V29: a poll stays asleep, and is woken by what it waits for. */
static void test_V29_pollers_sleep_on(struct bench *b)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	struct outcome outcome;
	struct child *poller;
	struct client c;
	int epoll;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	assert_return_code(epoll, errno);
	assert_return_code(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), errno);
	assert_int_equal(epoll_wait(epoll, &event, 1, 0), 0);
	poller = bench_blocked_child(b, child_poll_in, fd, NULL);
	restart(b);
	assert_false(child_has_reported(poller));
	assert_int_equal(epoll_wait(epoll, &event, 1, 0), 0);
	modem_indicate(b->modem, c.service, c.device, 1);
	child_finish(poller, &outcome);
	assert_int_equal(outcome.count, POLLIN);
	assert_int_equal(epoll_wait(epoll, &event, 1, usual_ms()), 1);
	assert_int_equal(epoll_wait(epoll, &event, 1, 0), 0);
	close(epoll);
	session_expect_indication(fd, c.service, c.cid, 1);
}

/* V29, V19: the halves of a frame that a program, or the modem, writes around a restart fit. */
static void test_V29_halves_are_joined(struct bench *b)
{
	struct message request;
	struct message answer;
	struct client c;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	client_request(&request, &c, 3, MESSAGE_ASK);
	session_write_bytes(fd, request.data, 9);
	restart(b);
	session_write_bytes(fd, request.data + 9, request.len - 9);
	client_request_at_modem(&request, &c, 3, MESSAGE_ASK);
	modem_expect(b->modem, &request);
	message_response(&answer, c.service, c.device, 3, MESSAGE_ASK, QMI_ERROR_NONE);
	modem_send_bytes(b->modem, answer.data, 9);
	restart(b);
	modem_send_bytes(b->modem, answer.data + 9, answer.len - 9);
	message_response(&answer, c.service, c.cid, 3, MESSAGE_ASK, QMI_ERROR_NONE);
	session_expect(fd, &answer);
}

/* V29: requests that wait for a modem that reads nothing are sent, each once. */
static void test_V29_requests_wait_for_the_port(struct bench *b)
{
	struct flood f;

	bench_start(b, NULL);
	flood_init(b, &f, 0);
	flood_fill(&f);
	restart(b);
	flood_expect_and_answer(b, &f, f.sent);
	fence(b, session_open(b, 0));
}

/* V29: a program measures a pause of at most 300 ms. */
static void test_V29_the_pause_is_short(struct bench *b)
{
	int64_t shortest = INT64_MAX;
	struct client c;
	int fd;

	bench_skip_if_wrapped();
	bench_start(b, "--nodes=4", NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	for (int round = 0; round < 5; round++) {
		int64_t began = now_ms();

		daemon_signal(b->daemon, SIGHUP);
		client_round_trip(b, fd, &c);
		if (now_ms() - began < shortest)
			shortest = now_ms() - began;
		daemon_await_ready(b->daemon, deadline_usual());
	}
	/* Other tests may run beside this one, so one pause may be longer. */
	print_message("the shortest pause: %d ms\n", (int)shortest);
	assert_true(shortest <= PAUSE_MAX * slow_factor());
}

/* V29: a restart that is asked for again and again ends some time. */
static void test_V29_restarts_in_a_row(struct bench *b)
{
	struct client c;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	for (int i = 0; i < 10; i++) {
		daemon_signal(b->daemon, SIGHUP);
		client_round_trip(b, fd, &c);
	}
}

/* V29: a restart that is asked for before there are nodes comes when they are there. */
static void test_V29_restart_while_starting(struct bench *b)
{
	struct instance *in = &b->instances[0];

	instance_spawn(in, (const char *[]){"--nodes=1", NULL}, NULL);
	assert_true(wait_for(in->modem.fd, POLLIN, deadline_usual()));
	daemon_signal(&in->daemon, SIGHUP);
	instance_answer_sync(in);
	daemon_await_ready(&in->daemon, deadline_usual());
	daemon_await_ready(&in->daemon, deadline_usual());
	fence(b, session_open(b, 0));
}

/* V29, V18: what follows a restart is a stop like any other: clients are released, nodes go. */
static void test_V29_a_stop_is_a_stop(struct bench *b)
{
	struct instance *in = &b->instances[0];

	bench_start(b, NULL);
	client_allocate(b, session_open(b, 0), QMI_SERVICE_DMS);
	restart(b);
	instance_stop(in);
	assert_int_equal(access(NODE_PREFIX "0", F_OK), -1);
	assert_int_equal(access("/sys/class/cuse/qmi-virt0", F_OK), -1);
}

/* V29, V17: a modem that is unplugged while nobody looks is found to be gone. */
static void test_V29_unplugged_meanwhile(struct bench *b)
{
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	daemon_signal(b->daemon, SIGHUP);
	modem_close(b->modem);
	assert_true(wait_for(fd, POLLERR, deadline_usual()));
	session_read_fails(fd, ENODEV);
}

/* V29: a supervisor keeps the descriptors while there is no process; options can change. */
static void test_V29_through_the_supervisor(struct bench *b)
{
	struct storage storage;
	struct outcome outcome;
	struct child *reader;
	struct client c;
	int late;
	int fd;

	bench_start(b, "--nodes=2", NULL);
	fd = session_open_flags(b, 0, O_RDWR);
	late = session_open(b, 1);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	reader = bench_blocked_child(b, child_read, fd, NULL);
	storage_take(&storage, b->daemon);
	storage_pass(&storage, b->daemon, (const char *[]){"--nodes=4", b->modem->port, NULL});
	daemon_await_ready(b->daemon, deadline_usual());
	modem_indicate(b->modem, c.service, c.device, 1);
	child_finish(reader, &outcome);
	assert_true(message_has_number(&outcome.got, 1));
	fence(b, late);
	fence(b, session_open(b, 3));
	/* Nodes that are not wanted any more stay until they are closed. */
	storage_take(&storage, b->daemon);
	storage_pass(&storage, b->daemon, (const char *[]){"--nodes=1", b->modem->port, NULL});
	daemon_await_ready(b->daemon, deadline_usual());
	fence(b, late);
	session_close(b, late);
	while (access(NODE_PREFIX "1", F_OK) == 0)
		pause_briefly();
	client_round_trip(b, fd, &c);
}

/* Starts anew with what is stored, and says why. */
static void expect_clean_start(struct bench *b, struct storage *storage, const char *why)
{
	struct instance *in = &b->instances[0];
	/* So that the modem is not unplugged when the daemon closes the port. */
	int port = open(in->modem.port, O_RDWR | O_NOCTTY | O_CLOEXEC);

	storage_pass(storage, &in->daemon, (const char *[]){"--nodes=1", in->modem.port, NULL});
	modem_forget_all(&in->modem);
	instance_answer_sync(in);
	daemon_await_ready(&in->daemon, deadline_usual());
	assert_true(daemon_said(&in->daemon, why));
	fence(b, session_open(b, 0));
	close(port);
}

/* V29: state that is damaged, or of another version, is not used. */
static void test_V29_state_that_does_not_fit(struct bench *b)
{
	static const struct {
		off_t at; /* from the end if negative */
		const char *why;
	} changes[] = {
		{0, "it is none"},
		{16, "it is of another version"},
		{200, "it is damaged"},
		{-1, "it is damaged"},
	};
	struct storage storage;

	bench_start(b, NULL);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		client_allocate(b, session_open(b, 0), QMI_SERVICE_DMS);
		storage_take(&storage, b->daemon);
		storage_damage(&storage, "saved", changes[i].at);
		expect_clean_start(b, &storage, changes[i].why);
	}
}

/* V29: nor is that of another port. */
static void test_V29_state_of_another_port(struct bench *b)
{
	struct storage storage;

	bench_start(b, NULL);
	storage_take(&storage, b->daemon);
	modem_open(&b->instances[1].modem);
	modem_close(b->modem);
	*b->modem = b->instances[1].modem;
	b->instances[1].modem.fd = -1;
	expect_clean_start(b, &storage, "it is of another port");
}

/* V29: nor is that of which something is missing. */
static void test_V29_state_with_a_gap(struct bench *b)
{
	struct storage storage;

	bench_start(b, NULL);
	storage_take(&storage, b->daemon);
	storage_drop(&storage, "node-0");
	expect_clean_start(b, &storage, "a node is missing");
}

static void await_node(void)
{
	int64_t deadline = deadline_usual();

	while (access(NODE_PREFIX "0", R_OK) < 0 || access("/run/cuse-qmux/qmi-virt0", F_OK) < 0) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
}

/* The process that the keeper has started after this one. */
static pid_t next_process(const struct bench *b, pid_t before)
{
	int64_t deadline = deadline_usual();
	pid_t pid;

	while ((pid = proc_child(b->daemon->pid)) == 0 || pid == before) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	return pid;
}

/* V29: a keeper keeps what is open at a restart, and starts the daemon again if it is killed. */
static void test_V29_keeper(struct bench *b)
{
	struct instance *in = &b->instances[0];
	struct client c;
	pid_t pid;
	int port;
	int fd;

	instance_spawn(in, (const char *[]){"--keep", "--nodes=1", NULL}, NULL);
	instance_answer_sync(in);
	await_node();
	pid = next_process(b, 0);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	for (int i = 0; i < 3; i++) {
		daemon_signal(b->daemon, SIGHUP);
		pid = next_process(b, pid);
		client_round_trip(b, fd, &c);
	}
	port = open(in->modem.port, O_RDWR | O_NOCTTY | O_CLOEXEC);
	session_close(b, fd);
	modem_forget_all(&in->modem);
	assert_return_code(kill(pid, SIGKILL), errno);
	instance_answer_sync(in);
	await_node();
	fence(b, session_open(b, 0));
	close(port);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V29_nothing_is_closed),       TEST_CASE(test_V29_reads_stay_blocked),
	TEST_CASE(test_V29_writes_stay_blocked),     TEST_CASE(test_V29_pollers_sleep_on),
	TEST_CASE(test_V29_halves_are_joined),       TEST_CASE(test_V29_requests_wait_for_the_port),
	TEST_CASE(test_V29_the_pause_is_short),      TEST_CASE(test_V29_restarts_in_a_row),
	TEST_CASE(test_V29_restart_while_starting),  TEST_CASE(test_V29_a_stop_is_a_stop),
	TEST_CASE(test_V29_unplugged_meanwhile),     TEST_CASE(test_V29_through_the_supervisor),
	TEST_CASE(test_V29_state_that_does_not_fit), TEST_CASE(test_V29_state_of_another_port),
	TEST_CASE(test_V29_state_with_a_gap),        TEST_CASE(test_V29_keeper),
};

const struct test_group outlive_tests = TEST_GROUP("restarts of the daemon (V29)", cases);

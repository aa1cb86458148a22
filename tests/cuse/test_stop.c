/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The states of an instance: how and when each ends, and the report to the supervisor. */
#include "app_session.h"
#include "notified.h"
#include "rule_groups.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

/* Less than the 2 s that the modem or the sessions get. */
#define AT_ONCE 1700

/* Stops the instance, which then waits for the modem to release a client. */
static void begin_stop(struct bench *b, struct instance *in, int signo)
{
	struct client c = client_allocate_from(in, session_open(b, 0), QMI_SERVICE_DMS);

	daemon_signal(&in->daemon, signo);
	modem_expect_release(&in->modem, c.service, c.device);
}

static void expect_end(struct instance *in, int status, int64_t deadline)
{
	assert_int_equal(daemon_wait(&in->daemon, deadline), status);
	assert_false(wait_for(in->daemon.notify, POLLIN, now_ms()));
}

static void expect_no_node(void)
{
	assert_int_equal(access(NODE_PREFIX "0", F_OK), -1);
}

/* A second signal ends it at once despite a client and a session: status 0, no node left. */
static void test_stop_second_signal(struct bench *b)
{
	static const int signals[][2] = {{SIGTERM, SIGTERM}, {SIGTERM, SIGINT}, {SIGINT, SIGTERM}};

	for (size_t i = 0; i < 3; i++) {
		struct instance *in = &b->instances[i];

		instance_start(in, (const char *[]){"-n1", NULL});
		begin_stop(b, in, signals[i][0]);
		/* Other signals do not count. */
		daemon_signal(&in->daemon, SIGUSR1);
		notified_expect(&in->daemon, "STOPPING=1", "");
		assert_false(wait_for(in->daemon.pidfd, POLLIN, now_ms()));
		daemon_signal(&in->daemon, signals[i][1]);
		expect_end(in, 0, deadline_in(AT_ONCE));
		expect_no_node();
	}
}

/* The instance, which is stopping, does not end before the modem has released its client. */
static void expect_patience(struct instance *in)
{
	/* No event shows that it waits. */
	assert_false(wait_for(in->daemon.pidfd, POLLIN, deadline_in(300)));
}

/* SIGHUP as a second signal does not count. */
static void test_stop_hangup(struct bench *b)
{
	static const int signals[][2] = {{SIGTERM, SIGHUP}, {SIGINT, SIGHUP}};

	for (size_t i = 0; i < 2; i++) {
		struct instance *in = &b->instances[i];

		instance_start(in, (const char *[]){"-n1", NULL});
		begin_stop(b, in, signals[i][0]);
		daemon_signal(&in->daemon, signals[i][1]);
		notified_expect(&in->daemon, "STOPPING=1", "");
		expect_patience(in);
		daemon_signal(&in->daemon, SIGTERM);
		expect_end(in, 0, deadline_in(AT_ONCE));
		expect_no_node();
	}
}

static void ignore_hangup(void)
{
	signal(SIGHUP, SIG_IGN);
}

/* As nohup(1) starts it. */
static void test_stop_hangup_ignored(struct bench *b)
{
	struct instance *in = &b->instances[0];

	modem_open(&in->modem);
	daemon_spawn_prepared(&in->daemon, (const char *[]){"-n1", in->modem.port, NULL},
			      ignore_hangup);
	instance_answer_sync(in);
	daemon_await_ready(&in->daemon, deadline_usual());
	daemon_signal(&in->daemon, SIGHUP);
	fence(b, session_open(b, 0));
}

static const char *terminal;

/* The only process of a session on that terminal. */
static void live_on_terminal(void)
{
	int fd;

	/* The leader of a group cannot begin a session. */
	while (setsid() < 0)
		setpgid(0, getpgid(getppid()));
	fd = open(terminal, O_RDWR);
	ioctl(fd, TIOCSCTTY, 0);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

/* The terminal closes, which is the log as well: the clients are released. */
static void test_stop_terminal_closes(struct bench *b)
{
	struct instance *in = &b->instances[0];
	struct modem screen;
	struct client c;

	modem_open(&screen);
	modem_open(&in->modem);
	terminal = screen.port;
	daemon_spawn_prepared(&in->daemon, (const char *[]){"-n1", in->modem.port, NULL},
			      live_on_terminal);
	instance_answer_sync(in);
	daemon_await_ready(&in->daemon, deadline_usual());
	c = client_allocate(b, session_open(b, 0), QMI_SERVICE_DMS);
	modem_close(&screen);
	modem_expect_release(b->modem, c.service, c.device);
	notified_expect(b->daemon, "STOPPING=1", "");
	expect_patience(in);
	daemon_signal(b->daemon, SIGTERM);
	daemon_signal(b->daemon, SIGINT);
	expect_end(in, 0, deadline_in(AT_ONCE));
	expect_no_node();
}

/* The same with nothing left to release, while sessions still have their 2 s. */
static void test_stop_second_signal_while_closing(struct bench *b)
{
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	daemon_signal(b->daemon, SIGTERM);
	assert_true(wait_for(fd, 0, deadline_usual()));
	session_read_fails(fd, ENODEV);
	daemon_signal(b->daemon, SIGTERM);
	notified_expect(b->daemon, "STOPPING=1", "");
	expect_end(&b->instances[0], 0, deadline_in(AT_ONCE));
}

/* Once the modem has released everything, sessions have 2 s to close. */
static void test_stop_sessions_have_two_seconds(struct bench *b)
{
	struct instance *in = &b->instances[0];
	int64_t began;

	bench_start(b, NULL);
	session_open(b, 0);
	began = now_ms();
	daemon_signal(b->daemon, SIGTERM);
	assert_int_equal(instance_settle(in, deadline_usual()), 0);
	assert_in_range(now_ms() - began, 1900, 4000 * slow_factor());
}

/* Stopped before the modem has answered Sync: it ends without having been ready. */
static void test_stop_while_starting(struct bench *b)
{
	struct instance *in = &b->instances[0];
	struct message sync;

	instance_spawn(in, (const char *[]){NULL}, NULL);
	message_ctl(&sync, 0, QMI_CTL_SYNC);
	modem_expect(&in->modem, &sync);
	daemon_signal(&in->daemon, SIGTERM);
	notified_expect(&in->daemon, "STOPPING=1", "");
	expect_end(in, 0, deadline_in(AT_ONCE));
	expect_no_node();
}

/* Unplugged before the modem has answered Sync: the same. */
static void test_stop_unplugged_while_starting(struct bench *b)
{
	struct instance *in = &b->instances[0];
	struct message sync;

	instance_spawn(in, (const char *[]){NULL}, NULL);
	message_ctl(&sync, 0, QMI_CTL_SYNC);
	modem_expect(&in->modem, &sync);
	modem_close(&in->modem);
	notified_expect(&in->daemon, "STOPPING=1", "unplugged");
	expect_end(in, 0, deadline_in(AT_ONCE));
	expect_no_node();
}

/* Unplugged while releasing clients: it stops waiting for the modem. */
static void test_stop_unplugged_while_stopping(struct bench *b)
{
	struct client orphan;

	bench_start(b, NULL);
	orphan = orphan_create(b, 0, QMI_SERVICE_DMS);
	daemon_signal(b->daemon, SIGTERM);
	modem_expect_release(b->modem, orphan.service, orphan.device);
	modem_close(b->modem);
	notified_expect(b->daemon, "STOPPING=1", "");
	notified_expect(b->daemon, "STOPPING=1", "unplugged");
	expect_end(&b->instances[0], 0, deadline_in(AT_ONCE));
}

/* The states reported to the supervisor, from start to end. */
static void test_stop_supervisor_is_told(struct bench *b)
{
	struct instance *in = &b->instances[0];
	char state[NOTIFIED_MAX];
	char ready[NOTIFIED_MAX];

	instance_spawn(in, (const char *[]){"-n3", NULL}, NULL);
	instance_answer_sync(in);
	notified_next(&in->daemon, state);
	snprintf(ready, sizeof(ready),
		 "READY=1\nSTATUS=%s is shared by 3 nodes, qmi-virt0 to qmi-virt2", in->modem.port);
	assert_string_equal(state, ready);
	daemon_signal(&in->daemon, SIGTERM);
	notified_expect(&in->daemon, "STOPPING=1", "client");
	expect_end(in, 0, deadline_in(AT_ONCE));
}

static void test_stop_supervisor_is_told_of_an_unplug(struct bench *b)
{
	bench_start(b, NULL);
	modem_close(b->modem);
	notified_expect(b->daemon, "STOPPING=1", "unplugged");
	expect_end(&b->instances[0], 0, deadline_in(AT_ONCE));
}

/* If a node cannot be made, the instance exits with 1 and leaves no node. */
static void test_stop_node_cannot_be_made(struct bench *b)
{
	static const char in_the_way[] = "/dev/in-the-way";
	struct instance *in = &b->instances[0];
	int fd = open(in_the_way, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int status;

	assert_return_code(fd, errno);
	close(fd);
	instance_spawn(in, (const char *[]){"--name=in-the-way", NULL}, NULL);
	instance_answer_sync(in);
	wait_for(in->daemon.pidfd, POLLIN, deadline_usual());
	unlink(in_the_way);
	notified_expect(&in->daemon, "STOPPING=1", "");
	status = daemon_wait(&in->daemon, now_ms());
	assert_int_equal(status, 1);
	assert_true(daemon_said(&in->daemon, "in-the-way0"));
	assert_int_equal(access("/dev/in-the-way0", F_OK), -1);
}

/* No longer than the tests' patience, and not so short that a slow machine counts. */
#define WATCHDOG 2 /* s */

static void ask_for_life(void)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("WATCHDOG_PID", pid, 1);
	setenv("WATCHDOG_USEC", "2000000", 1);
}

static void ask_another_for_life(void)
{
	setenv("WATCHDOG_PID", "1", 1);
	setenv("WATCHDOG_USEC", "2000000", 1);
}

static void start_watched(struct instance *in, void (*ask)(void))
{
	modem_open(&in->modem);
	daemon_spawn_prepared(&in->daemon, (const char *[]){"-n1", in->modem.port, NULL}, ask);
	instance_answer_sync(in);
	daemon_await_ready(&in->daemon, deadline_usual());
}

/* While nothing else happens, the supervisor gets a sign of life in half its time. */
static void test_stop_supervisor_watches(struct bench *b)
{
	struct instance *in = &b->instances[0];
	char state[NOTIFIED_MAX];
	int64_t began;

	bench_skip_if_wrapped();
	start_watched(in, ask_for_life);
	began = now_ms();
	for (int i = 1; i <= 3; i++) {
		notified_next(&in->daemon, state);
		assert_string_equal(state, "WATCHDOG=1");
		assert_true(now_ms() - began < i * WATCHDOG * 1000);
	}
	assert_true(now_ms() - began > WATCHDOG * 1000);
}

/* It gets none if it wants them of another process. */
static void test_stop_supervisor_watches_another(struct bench *b)
{
	struct instance *in = &b->instances[0];

	bench_skip_if_wrapped();
	start_watched(in, ask_another_for_life);
	/* No event shows that nothing comes. */
	assert_false(wait_for(in->daemon.notify, POLLIN, deadline_in(WATCHDOG * 1000)));
}

static void ask_for_life_often(void)
{
	setenv("WATCHDOG_USEC", "20000", 1);
}

/* A supervisor that reads nothing delays neither the sessions nor the end. */
static void test_stop_supervisor_does_not_read(struct bench *b)
{
	struct instance *in = &b->instances[0];
	int64_t deadline = deadline_usual();
	int fd;

	start_watched(in, ask_for_life_often);
	fd = session_open(b, 0);
	client_allocate(b, fd, QMI_SERVICE_DMS);
	while (!daemon_said(&in->daemon, "cannot notify the supervisor")) {
		assert_true(now_ms() < deadline);
		fence(b, fd);
	}
	for (int i = 0; i < 10; i++)
		fence(b, fd);
	instance_stop(in);
}

static const struct test_case cases[] = {
	TEST_CASE(test_stop_second_signal),
	TEST_CASE(test_stop_hangup),
	TEST_CASE(test_stop_hangup_ignored),
	TEST_CASE(test_stop_terminal_closes),
	TEST_CASE(test_stop_second_signal_while_closing),
	TEST_CASE(test_stop_sessions_have_two_seconds),
	TEST_CASE(test_stop_while_starting),
	TEST_CASE(test_stop_unplugged_while_starting),
	TEST_CASE(test_stop_unplugged_while_stopping),
	TEST_CASE(test_stop_supervisor_is_told),
	TEST_CASE(test_stop_supervisor_is_told_of_an_unplug),
	TEST_CASE(test_stop_node_cannot_be_made),
	TEST_CASE(test_stop_supervisor_watches),
	TEST_CASE(test_stop_supervisor_watches_another),
	TEST_CASE(test_stop_supervisor_does_not_read),
};

const struct test_group stop_tests = TEST_GROUP("the states of an instance", cases);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modem restarts or is unplugged, or the daemon is stopped: V16 to V18. */
#include "app_session.h"
#include "flood.h"
#include "rule_groups.h"

#include <linux/usb/cdc-wdm.h>
#include <signal.h>
#include <sys/ioctl.h>

#define GONE (POLLHUP | POLLERR)

static void restart_and_expect_sync(struct bench *b, const int fd[], size_t count)
{
	struct message sync;

	modem_restart(b->modem);
	message_indication(&sync, QMI_SERVICE_CTL, 0, QMI_CTL_SYNC);
	for (size_t i = 0; i < count; i++)
		session_expect(fd[i], &sync);
}

/* V16: all clients, including orphans, are forgotten; sessions stay and can allocate again. */
static void test_V16_clients_are_forgotten(struct bench *b)
{
	struct client c[2];
	struct client orphan;
	int fd[3];

	bench_start(b, "-n2", NULL);
	orphan = orphan_create(b, 0, QMI_SERVICE_NAS);
	for (unsigned int i = 0; i < 3; i++)
		fd[i] = session_open(b, i % 2);
	for (unsigned int i = 0; i < 2; i++)
		c[i] = client_allocate(b, fd[i], QMI_SERVICE_DMS);
	restart_and_expect_sync(b, fd, 3);
	for (unsigned int i = 0; i < 2; i++)
		session_expect_foreign(b, fd[i], &c[i]);
	session_expect_foreign(b, fd[0], &orphan);
	assert_int_equal(client_allocate(b, fd[2], QMI_SERVICE_NAS).cid, 1);
	for (unsigned int i = 0; i < 2; i++) {
		c[i] = client_allocate(b, fd[i], QMI_SERVICE_DMS);
		assert_int_equal(c[i].cid, 1);
		client_round_trip(b, fd[i], &c[i]);
	}
}

/* V10: a modem that is just waking up does not hear the first Sync of the instance. */
static void test_V10_the_first_sync_is_lost(struct bench *b)
{
	struct message sync;

	instance_spawn(&b->instances[0], (const char *[]){"--nodes=1", NULL}, NULL);
	message_ctl(&sync, 0, QMI_CTL_SYNC);
	modem_expect(b->modem, &sync);
	instance_answer_sync(&b->instances[0]);
	daemon_await_ready(b->daemon, deadline_usual());
	fence(b, session_open(b, 0));
}

/* V16: the modem says so with its answer to the Sync that it gets after it. */
static void test_V16_said_twice(struct bench *b)
{
	struct message sync;
	struct client c;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	restart_and_expect_sync(b, &fd, 1);
	message_indication(&sync, QMI_SERVICE_CTL, 0, QMI_CTL_SYNC);
	modem_send(b->modem, &sync);
	fence(b, fd);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	client_round_trip(b, fd, &c);
	assert_int_equal(daemon_counter(b->daemon, " restarts of the modem"), 1);
}

/* V16: the restarted modem may grant the same CIDs to different sessions. */
static void test_V16_device_cids_start_anew(struct bench *b)
{
	struct message request;
	struct client c;
	int fd[2];

	bench_start(b, NULL);
	fd[0] = session_open(b, 0);
	fd[1] = session_open(b, 0);
	c = client_allocate(b, fd[0], QMI_SERVICE_DMS);
	restart_and_expect_sync(b, fd, 2);
	message_allocate(&request, 3, c.service);
	session_write(fd[1], &request);
	modem_grant_cid(b->modem, modem_expect_allocate(b->modem, c.service), c.service, c.device);
	c.cid = session_expect_allocated(fd[1], 3, c.service);
	client_round_trip(b, fd[1], &c);
	modem_indicate(b->modem, c.service, c.device, 1);
	session_expect_indication(fd[1], c.service, c.cid, 1);
	fence(b, fd[0]);
}

/* Expects Sync and this request's Aborted, in either order. */
static void expect_aborted(int fd, const struct message *request)
{
	struct message sync;
	struct message aborted;

	message_indication(&sync, QMI_SERVICE_CTL, 0, QMI_CTL_SYNC);
	message_outcome_of(&aborted, request, QMI_ERROR_ABORTED);
	session_expect_both(fd, &aborted, &sync);
}

/* V16: requests in flight are Aborted: to a service, to CTL, an Allocate CID. */
static void test_V16_requests_in_flight_are_aborted(struct bench *b)
{
	struct message requests[3];
	struct client c;
	uint8_t tid;
	int fd[3];

	bench_start(b, "-n2", NULL);
	for (unsigned int i = 0; i < 3; i++)
		fd[i] = session_open(b, i % 2);
	c = client_allocate(b, fd[0], QMI_SERVICE_DMS);
	client_ask(b, fd[0], &c, 0x7001, MESSAGE_ASK);
	client_request(&requests[0], &c, 0x7001, MESSAGE_ASK);
	message_ctl(&requests[1], 200, QMI_CTL_GET_VERSION_INFO);
	session_write(fd[1], &requests[1]);
	tid = modem_expect(b->modem, &requests[1]);
	message_allocate(&requests[2], 201, QMI_SERVICE_WDS);
	session_write(fd[2], &requests[2]);
	modem_expect_allocate(b->modem, QMI_SERVICE_WDS);

	modem_restart(b->modem);
	for (unsigned int i = 0; i < 3; i++)
		expect_aborted(fd[i], &requests[i]);
	/* Answers from before the restart reach nobody. */
	modem_answer_client(b->modem, &c, 0x7001, MESSAGE_ASK, 1);
	frame_set_tid(requests[1].data, tid);
	modem_answer(b->modem, &requests[1], QMI_ERROR_NONE);
	for (unsigned int i = 0; i < 3; i++)
		fence(b, fd[i]);
}

/* V16, V3: a request waiting for the one in flight is answered too, without being sent. */
static void test_V16_waiting_requests_are_answered(struct bench *b)
{
	struct message request;
	struct message sync;
	struct message got[2];
	struct client c;
	size_t answer;
	int first;
	int second;

	bench_start(b, NULL);
	first = session_open(b, 0);
	second = session_open(b, 0);
	c = client_allocate(b, first, QMI_SERVICE_DMS);
	client_ask(b, first, &c, 7, MESSAGE_ASK);
	client_request(&request, &c, 7, MESSAGE_OTHER);
	session_write(second, &request);
	modem_restart(b->modem);
	session_read(second, &got[0]);
	session_read(second, &got[1]);
	message_indication(&sync, QMI_SERVICE_CTL, 0, QMI_CTL_SYNC);
	answer = frame_service(got[0].data) == QMI_SERVICE_CTL;
	assert_message(&got[!answer], &sync);
	assert_int_equal(frame_tid(got[answer].data), 7);
	assert_int_equal(frame_message(got[answer].data), MESSAGE_OTHER);
	/* It was not in flight, so InvalidClientId is allowed too. */
	if (frame_error(got[answer].data) != QMI_ERROR_INVALID_CLIENT_ID)
		assert_int_equal(frame_error(got[answer].data), QMI_ERROR_ABORTED);
	fence(b, second);
}

/* V16, V9: an Allocate CID being retried counts as in flight, and is not retried again. */
static void test_V16_restart_while_reclaiming(struct bench *b)
{
	struct client orphan;
	struct message request;
	int fd;

	bench_start(b, NULL);
	orphan = orphan_create(b, 0, QMI_SERVICE_DMS);
	fd = session_open(b, 0);
	message_allocate(&request, 8, QMI_SERVICE_DMS);
	session_write(fd, &request);
	modem_refuse(b->modem, modem_expect_allocate(b->modem, QMI_SERVICE_DMS),
		     QMI_ERROR_CLIENT_IDS_EXHAUSTED);
	modem_take_release(b->modem, &orphan);
	modem_expect_allocate(b->modem, QMI_SERVICE_DMS);
	modem_restart(b->modem);
	expect_aborted(fd, &request);
	fence(b, fd);
	assert_int_equal(client_allocate(b, fd, QMI_SERVICE_DMS).cid, 1);
}

static void expect_outcome(struct child *child, ssize_t ret, int err)
{
	struct outcome outcome;

	child_finish(child, &outcome);
	assert_int_equal(outcome.ret, ret);
	assert_int_equal(outcome.err, err);
}

static void expect_polled(struct child *child, unsigned int revents)
{
	struct outcome outcome;

	child_finish(child, &outcome);
	assert_int_equal(outcome.ret, 1);
	assert_int_equal(outcome.count, revents);
}

/* V17: blocked calls return: read and write with ENODEV, poll with POLLHUP|POLLERR. */
static void test_V17_unplugged_ends_blocked_calls(struct bench *b)
{
	struct child *reader;
	struct child *writer;
	struct child *poller;
	struct message m;
	struct flood full;
	int fd;

	bench_start(b, NULL);
	flood_init_full(b, &full, 0);
	fd = session_open_flags(b, 0, O_RDWR);
	message_ctl(&m, 1, QMI_CTL_GET_VERSION_INFO);
	reader = bench_child(b, child_read, fd, NULL);
	writer = bench_child(b, child_write, full.fd, &m);
	poller = bench_child(b, child_poll_in, fd, NULL);
	child_await_blocked(reader);
	child_await_blocked(writer);
	child_await_blocked(poller);
	modem_close(b->modem);
	expect_outcome(reader, -1, ENODEV);
	expect_outcome(writer, -1, ENODEV);
	expect_polled(poller, GONE);
}

static void expect_gone(int fd)
{
	struct message request;
	uint16_t limit;

	assert_true(wait_for(fd, 0, deadline_usual()));
	assert_int_equal(session_events(fd), GONE);
	session_read_fails(fd, ENODEV);
	message_ctl(&request, 1, QMI_CTL_GET_VERSION_INFO);
	session_write_fails(fd, request.data, request.len, ENODEV);
	errno = 0;
	assert_int_equal(ioctl(fd, IOCTL_WDM_MAX_COMMAND, &limit), -1);
	assert_int_equal(errno, ENODEV);
}

/* V17: later calls fail with ENODEV, even if frames are queued. */
static void test_V17_unplugged_fails_later_calls(struct bench *b)
{
	struct client c;
	int fd;
	int other;

	bench_start(b, "-n2", NULL);
	fd = session_open(b, 0);
	other = session_open(b, 1);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	modem_indicate(b->modem, c.service, c.device, 1);
	fence(b, other);
	assert_true(session_events(fd) & POLLIN);
	modem_close(b->modem);
	expect_gone(fd);
	expect_gone(other);
	assert_int_equal(open(NODE_PREFIX "0", O_RDWR | O_NONBLOCK | O_CLOEXEC), -1);
	if (errno != ENOENT)
		assert_int_equal(errno, ENODEV);
	/* Again: this is a state, not an event. */
	expect_gone(fd);
	expect_gone(other);
}

/* V17: the instance ends with status 0 once its sessions have closed. */
static void test_V17_ends_with_its_sessions(struct bench *b)
{
	int64_t closed;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	modem_close(b->modem);
	expect_gone(fd);
	closed = now_ms();
	session_close(b, fd);
	assert_int_equal(daemon_wait(b->daemon, deadline_usual()), 0);
	assert_true(now_ms() - closed < 1000 * slow_factor());
	assert_int_equal(access(NODE_PREFIX "0", F_OK), -1);
}

/* V17: or after 2 s. */
static void test_V17_ends_after_two_seconds(struct bench *b)
{
	int64_t unplugged;

	bench_start(b, NULL);
	session_open(b, 0);
	unplugged = now_ms();
	modem_close(b->modem);
	assert_int_equal(daemon_wait(b->daemon, deadline_usual()), 0);
	assert_in_range(now_ms() - unplugged, 1500, 3000 * slow_factor());
}

/* V17: when the device disappears, systemd's SIGTERM does not shorten the sessions' time. */
static void test_V17_told_to_stop_as_well(struct bench *b)
{
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	modem_close(b->modem);
	expect_gone(fd);
	daemon_signal(b->daemon, SIGTERM);
	/* The signal reaches the daemon before these calls. */
	expect_gone(fd);
	expect_gone(fd);
	session_close(b, fd);
	assert_int_equal(daemon_wait(b->daemon, deadline_usual()), 0);
}

/* V17: without sessions it ends at once. */
static void test_V17_ends_at_once_without_sessions(struct bench *b)
{
	int64_t unplugged;

	bench_start(b, NULL);
	unplugged = now_ms();
	modem_close(b->modem);
	assert_int_equal(daemon_wait(b->daemon, deadline_usual()), 0);
	assert_true(now_ms() - unplugged < 1000 * slow_factor());
}

/* V18: all clients on all nodes, orphans too, are released; then come V17's errors. */
static void stop_by_signal(struct bench *b, int signo)
{
	struct message got;
	struct child *reader;
	int fd[2];

	bench_start(b, "-n2", NULL);
	for (unsigned int i = 0; i < 2; i++) {
		orphan_create(b, i, QMI_SERVICE_DMS);
		fd[i] = session_open_flags(b, i, O_RDWR);
		client_allocate(b, fd[i], QMI_SERVICE_NAS);
	}
	reader = bench_blocked_child(b, child_read, fd[0], NULL);
	daemon_signal(b->daemon, signo);
	for (unsigned int i = 0; i < 4; i++) {
		modem_read(b->modem, &got);
		assert_int_equal(frame_message(got.data), QMI_CTL_RELEASE_CID);
		assert_false(child_has_reported(reader));
		modem_settle(b->modem, &got);
	}
	assert_int_equal(modem_count_held(b->modem), 0);
	expect_outcome(reader, -1, ENODEV);
	expect_gone(fd[0]);
	expect_gone(fd[1]);
	session_close(b, fd[0]);
	session_close(b, fd[1]);
	assert_int_equal(instance_settle(&b->instances[0], deadline_in(1000)), 0);
}

static void test_V18_sigterm_releases_every_client(struct bench *b)
{
	stop_by_signal(b, SIGTERM);
}

static void test_V18_sigint_releases_every_client(struct bench *b)
{
	stop_by_signal(b, SIGINT);
}

/* V18, V6: a client granted while the instance stops is released too. */
static void test_V18_client_granted_while_stopping(struct bench *b)
{
	struct client held;
	struct client late = {.service = QMI_SERVICE_NAS};
	struct message request;
	uint8_t tid;
	uint8_t release_tid;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	held = client_allocate(b, fd, QMI_SERVICE_DMS);
	message_allocate(&request, 1, late.service);
	session_write(fd, &request);
	tid = modem_expect_allocate(b->modem, late.service);
	daemon_signal(b->daemon, SIGTERM);
	release_tid = modem_expect_release(b->modem, held.service, held.device);
	late.device = modem_grant(b->modem, tid, late.service);
	modem_confirm_release(b->modem, release_tid, held.service, held.device);
	modem_take_release(b->modem, &late);
	session_close(b, fd);
	assert_int_equal(instance_settle(&b->instances[0], deadline_usual()), 0);
}

/* V18: a modem that answers nothing delays the end by 2 s. */
static void test_V18_silent_modem(struct bench *b)
{
	struct message got;
	int64_t began;
	struct client orphan;

	bench_start(b, NULL);
	orphan = orphan_create(b, 0, QMI_SERVICE_DMS);
	began = now_ms();
	daemon_signal(b->daemon, SIGTERM);
	modem_expect_release(b->modem, orphan.service, orphan.device);
	while (modem_try_read(b->modem, &got, deadline_usual()))
		fail_msg("the daemon sent more than one release");
	assert_int_equal(daemon_wait(b->daemon, deadline_usual()), 0);
	assert_in_range(now_ms() - began, 1500, 3000 * slow_factor());
}

/* V18: so does a modem that does not read. */
static void test_V18_stuck_modem(struct bench *b)
{
	struct flood f;
	int64_t began;

	bench_start(b, NULL);
	flood_init(b, &f, 0);
	flood_fill(&f);
	session_close(b, f.fd);
	began = now_ms();
	daemon_signal(b->daemon, SIGTERM);
	assert_int_equal(daemon_wait(b->daemon, deadline_usual()), 0);
	assert_true(now_ms() - began < 3000 * slow_factor());
}

static const struct test_case cases[] = {
	TEST_CASE(test_V10_the_first_sync_is_lost),
	TEST_CASE(test_V16_clients_are_forgotten),
	TEST_CASE(test_V16_said_twice),
	TEST_CASE(test_V16_device_cids_start_anew),
	TEST_CASE(test_V16_requests_in_flight_are_aborted),
	TEST_CASE(test_V16_waiting_requests_are_answered),
	TEST_CASE(test_V16_restart_while_reclaiming),
	TEST_CASE(test_V17_unplugged_ends_blocked_calls),
	TEST_CASE(test_V17_unplugged_fails_later_calls),
	TEST_CASE(test_V17_ends_with_its_sessions),
	TEST_CASE(test_V17_ends_after_two_seconds),
	TEST_CASE(test_V17_told_to_stop_as_well),
	TEST_CASE(test_V17_ends_at_once_without_sessions),
	TEST_CASE(test_V18_sigterm_releases_every_client),
	TEST_CASE(test_V18_sigint_releases_every_client),
	TEST_CASE(test_V18_client_granted_while_stopping),
	TEST_CASE(test_V18_silent_modem),
	TEST_CASE(test_V18_stuck_modem),
};

const struct test_group restart_tests = TEST_GROUP("restart, unplug, stop (V16-V18)", cases);

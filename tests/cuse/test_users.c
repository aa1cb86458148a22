/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users: what belongs to each, and what none can take from the others: V28. */
#include "app_session.h"
#include "proc.h"
#include "rule_groups.h"
#include "timing.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define CLIENTS_MAX   16 /* of a service, for a user */
#define SESSIONS_MAX  1024
#define FLOOD         1000
#define FLOOD_LINES   100 /* at most, in 10 s */
#define MEMORY        8388608
#define MIB           1024 /* in KiB, as /proc counts */
#define REFUSED_COUNT 200  /* frames in one write */

/* A session of USER_A with as many clients of the service as it may have. */
static int hoard(struct bench *b, uint8_t service)
{
	int fd = session_open_as(b, 0, USER_A);

	for (int i = 0; i < CLIENTS_MAX; i++)
		client_allocate(b, fd, service);
	return fd;
}

static void ask_for_one_more(int fd, uint8_t service)
{
	struct message request;

	message_allocate(&request, 1, service);
	session_write(fd, &request);
	session_expect_outcome(fd, &request, QMI_ERROR_CLIENT_IDS_EXHAUSTED);
}

/* The log says who hoards clients. Other services, users and root have what they need. */
static void test_V28_hoarder_is_named(struct bench *b)
{
	char who[128];
	int hoarder;
	int other;
	int root;

	bench_start(b, NULL);
	hoarder = hoard(b, QMI_SERVICE_DMS);
	ask_for_one_more(hoarder, QMI_SERVICE_DMS);
	fence(b, hoarder);
	snprintf(who, sizeof(who),
		 "warning: cuse-tests (pid %d, uid %d) gets no DMS client: user %d has %d,",
		 getpid(), USER_A, USER_A, CLIENTS_MAX);
	assert_true(daemon_said(b->daemon, who));
	client_allocate(b, hoarder, QMI_SERVICE_NAS);
	other = session_open_as(b, 0, USER_B);
	client_allocate(b, other, QMI_SERVICE_DMS);
	root = session_open(b, 0);
	client_allocate(b, root, QMI_SERVICE_DMS);
}

/* The user's own orphan makes room, and nobody else's. */
static void test_V28_hoarder_gets_its_own_orphan(struct bench *b)
{
	struct client orphan;
	struct client others;
	struct message request;
	int hoarder;
	int other;
	int first;

	bench_start(b, NULL);
	other = session_open_as(b, 0, USER_B);
	others = client_allocate(b, other, QMI_SERVICE_DMS);
	session_close(b, other);
	first = session_open_as(b, 0, USER_A);
	orphan = client_allocate(b, first, QMI_SERVICE_DMS);
	hoarder = session_open_as(b, 0, USER_A);
	for (int i = 1; i < CLIENTS_MAX; i++)
		client_allocate(b, hoarder, QMI_SERVICE_DMS);
	ask_for_one_more(hoarder, QMI_SERVICE_DMS);
	session_close(b, first);
	message_allocate(&request, 1, QMI_SERVICE_DMS);
	session_write(hoarder, &request);
	modem_take_release(b->modem, &orphan);
	modem_grant(b->modem, modem_expect_allocate(b->modem, QMI_SERVICE_DMS), QMI_SERVICE_DMS);
	session_expect_allocated(hoarder, 1, QMI_SERVICE_DMS);
	ask_for_one_more(hoarder, QMI_SERVICE_DMS);
	other = session_open_as(b, 0, USER_B);
	client_round_trip(b, other, &others);
}

static size_t count_lines(const struct daemon *d)
{
	char output[DAEMON_OUTPUT_MAX];
	size_t lines = 0;

	daemon_stderr(d, output);
	for (const char *at = output; (at = strchr(at, '\n')); at++)
		lines++;
	return lines;
}

/* What a user can have logged is limited, and disturbs nobody. */
static void test_V28_user_cannot_flood_the_log(struct bench *b)
{
	struct message one;
	struct message flood = {0};
	int64_t deadline = deadline_usual();
	int64_t began;
	int hoarder;
	int other;

	bench_start(b, NULL);
	other = session_open_as(b, 0, USER_B);
	hoarder = hoard(b, QMI_SERVICE_DMS);
	message_allocate(&one, 1, QMI_SERVICE_DMS);
	for (int i = 0; i < FLOOD; i++)
		message_append(&flood, one.data, one.len);
	began = now_ms();
	for (int i = 0; i < 3; i++) {
		session_write(hoarder, &flood);
		fence(b, other);
	}
	while (!daemon_said(b->daemon, " more like it: cuse-tests (pid ")) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	assert_in_range(count_lines(b->daemon), 5,
			FLOOD_LINES + FLOOD_LINES * (now_ms() - began) / 10000);
}

/* V28, V3: a client belongs to the user who allocated it, and root. */
static void test_V28_clients_belong_to_a_user(struct bench *b)
{
	struct message release;
	struct client c;
	int owner;
	int other;
	int root;

	bench_start(b, NULL);
	owner = session_open_as(b, 0, USER_A);
	other = session_open_as(b, 0, USER_B);
	root = session_open(b, 0);
	c = client_allocate(b, owner, QMI_SERVICE_NAS);
	session_expect_foreign(b, other, &c);
	message_release(&release, 1, c.service, c.cid);
	session_write(other, &release);
	session_expect_outcome(other, &release, QMI_ERROR_INVALID_CLIENT_ID);
	modem_indicate(b->modem, c.service, c.device, 1);
	session_expect_indication(owner, c.service, c.cid, 1);
	fence(b, other);
	client_round_trip(b, root, &c);
	session_close(b, root);
	client_round_trip(b, owner, &c);
	/* Neither is it anybody's as an orphan. */
	session_close(b, owner);
	session_expect_foreign(b, other, &c);
	owner = session_open_as(b, 0, USER_A);
	client_round_trip(b, owner, &c);
}

/* V28, V10: another user's Sync releases nothing of it. */
static void test_V28_sync_spares_others_orphans(struct bench *b)
{
	struct message sync;
	struct client c;
	int owner;
	int other;

	bench_start(b, NULL);
	owner = session_open_as(b, 0, USER_A);
	other = session_open_as(b, 0, USER_B);
	c = client_allocate(b, owner, QMI_SERVICE_WDS);
	session_close(b, owner);
	message_ctl(&sync, 1, QMI_CTL_SYNC);
	session_write(other, &sync);
	session_expect_outcome(other, &sync, QMI_ERROR_NONE);
	fence(b, other);
	owner = session_open_as(b, 0, USER_A);
	client_round_trip(b, owner, &c);
}

static void test_V28_nodes_users_can_share_clients(struct bench *b)
{
	struct client c;
	int owner;
	int other;

	bench_start(b, "--share=node", NULL);
	owner = session_open_as(b, 0, USER_A);
	other = session_open_as(b, 0, USER_B);
	c = client_allocate(b, owner, QMI_SERVICE_NAS);
	client_round_trip(b, other, &c);
	client_release(b, other, &c);
}

static void test_V28_users_can_be_kept_apart(struct bench *b)
{
	struct client c;
	int owner;
	int other;

	bench_start(b, "--share=node", "--share=user", NULL);
	owner = session_open_as(b, 0, USER_A);
	other = session_open_as(b, 0, USER_B);
	c = client_allocate(b, owner, QMI_SERVICE_NAS);
	session_expect_foreign(b, other, &c);
	client_release(b, owner, &c);
}

/* Opens node 0 as this user; returns 0 or the error. The session is closed with the test's. */
static int try_open_as(struct bench *b, uid_t uid)
{
	int fd;
	int err;

	assert_return_code(seteuid(uid), errno);
	fd = open(NODE_PREFIX "0", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	err = errno;
	assert_return_code(seteuid(0), errno);
	if (fd < 0)
		return err;
	assert_true(b->session_count < BENCH_SESSIONS);
	b->sessions[b->session_count++] = fd;
	return 0;
}

static void allow_many_files(void)
{
	struct rlimit limit = {2048, 2048};

	assert_return_code(setrlimit(RLIMIT_NOFILE, &limit), errno);
}

static void test_V28_sessions_of_a_user(struct bench *b)
{
	int first;

	bench_skip_if_wrapped();
	allow_many_files();
	bench_start(b, NULL);
	first = session_open_as(b, 0, USER_A);
	for (int i = 1; i < SESSIONS_MAX; i++)
		assert_int_equal(try_open_as(b, USER_A), 0);
	assert_int_equal(try_open_as(b, USER_A), EMFILE);
	fence(b, session_open_as(b, 0, USER_B));
	fence(b, session_open(b, 0));
	session_close(b, first);
	fence(b, b->sessions[0]);
	assert_int_equal(try_open_as(b, USER_A), 0);
	assert_int_equal(try_open_as(b, USER_A), EMFILE);
}

/* Frames that the daemon answers itself: it has no such client. */
static void make_refused(struct message *m)
{
	struct message one;

	message_request(&one, QMI_SERVICE_DMS, 1, 1, MESSAGE_ASK);
	m->len = 0;
	for (int i = 0; i < REFUSED_COUNT; i++)
		message_append(m, one.data, one.len);
}

/* Opens sessions that do not read their answers, until none can be opened. Returns how many. */
static size_t take_all_memory(struct bench *b, uid_t uid)
{
	struct message refused;
	size_t before = b->session_count;
	int err;

	make_refused(&refused);
	session_open_as(b, 0, uid);
	while (!(err = try_open_as(b, uid))) {
		ssize_t n = write(b->sessions[b->session_count - 1], refused.data, refused.len);

		assert_true(n == (ssize_t)refused.len || errno == ENOMEM || errno == EAGAIN);
	}
	assert_int_equal(err, ENOMEM);
	return b->session_count - before;
}

/* One user's half of the memory is what it gets, and it is given back. */
static void test_V28_memory_of_a_user(struct bench *b)
{
	char option[64];
	long at_start;
	long grown;
	int64_t deadline;
	int other;
	int root;

	bench_skip_if_wrapped();
	allow_many_files();
	snprintf(option, sizeof(option), "--memory=%d", MEMORY);
	bench_start(b, option, NULL);
	root = session_open(b, 0);
	fence(b, root);
	at_start = proc_rss_kib(b->daemon->pid);
	assert_in_range(take_all_memory(b, USER_A), 10, SESSIONS_MAX - 1);
	grown = proc_rss_kib(b->daemon->pid) - at_start;
	print_message("[   info   ] a user that takes all memory: %ld KiB\n", grown);
	assert_in_range(grown, MIB, MEMORY / 1024 / 2 + MIB / 2);

	other = session_open_as(b, 0, USER_B);
	client_allocate(b, other, QMI_SERVICE_DMS);
	client_allocate(b, session_open(b, 0), QMI_SERVICE_DMS);
	fence(b, root);
	while (b->session_count > 1)
		session_close(b, b->sessions[b->session_count - 1]);
	deadline = deadline_usual();
	while (proc_rss_kib(b->daemon->pid) > at_start + MIB) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	fence(b, root);
}

/* Sessions that do nothing take their user's memory too, with what the daemon needs for each. */
static void test_V28_memory_of_idle_sessions(struct bench *b)
{
	long at_start;
	long grown;
	int root;
	int err;

	bench_skip_if_wrapped();
	allow_many_files();
	bench_start(b, "--memory=1048576", NULL);
	root = session_open(b, 0);
	fence(b, root);
	session_open_as(b, 0, USER_A);
	at_start = proc_rss_kib(b->daemon->pid);
	do {
		err = try_open_as(b, USER_A);
	} while (!err);
	assert_int_equal(err, ENOMEM);
	grown = proc_rss_kib(b->daemon->pid) - at_start;
	print_message("[   info   ] a user that takes 512 KiB with sessions: %ld KiB\n", grown);
	assert_in_range(grown, MIB / 4, MIB * 7 / 12);
	fence(b, root);
}

/* Two users that take all they can leave something to a third, and to root. */
static void test_V28_memory_of_all(struct bench *b)
{
	bench_skip_if_wrapped();
	allow_many_files();
	bench_start(b, "--memory=2097152", NULL);
	take_all_memory(b, USER_A);
	take_all_memory(b, USER_B);
	client_allocate(b, session_open_as(b, 0, USER_C), QMI_SERVICE_DMS);
	client_allocate(b, session_open(b, 0), QMI_SERVICE_DMS);
}

/* Fills the window with requests of USER_A that the modem ignores; further ones wait. */
static void fill_window(struct bench *b)
{
	struct message request;
	int fds[CTL_USER_SESSIONS];

	for (size_t i = 0; i < CTL_USER_SESSIONS; i++)
		fds[i] = session_open_as(b, 0, USER_A);
	for (size_t i = 0; i < CTL_PER_USER; i++) {
		message_ctl(&request, (uint8_t)i, QMI_CTL_GET_VERSION_INFO);
		session_write(fds[i / CTL_PER_SESSION], &request);
	}
	for (size_t i = 0; i < WINDOW_FIRST; i++)
		modem_expect(b->modem, &request);
}

/* Another user's Allocate CID is the next that the window lets pass, within a second. */
static void test_V28_ignored_ctl_requests_delay_nobody(struct bench *b)
{
	struct message request;
	struct message got;
	int64_t began;
	int other;

	bench_start(b, "--ctl-timeout=600", NULL);
	other = session_open_as(b, 0, USER_B);
	fill_window(b);
	message_allocate(&request, 1, QMI_SERVICE_DMS);
	began = now_ms();
	session_write(other, &request);
	do {
		modem_read(b->modem, &got);
	} while (frame_message(got.data) != QMI_CTL_ALLOCATE_CID);
	print_message("[   info   ] an Allocate CID beside a full window: %lld ms\n",
		      (long long)(now_ms() - began));
	assert_true(now_ms() - began < 1000 + 500 * slow_factor());
	modem_grant(b->modem, (uint8_t)frame_tid(got.data), QMI_SERVICE_DMS);
	session_expect_allocated(other, 1, QMI_SERVICE_DMS);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V28_hoarder_is_named),
	TEST_CASE(test_V28_hoarder_gets_its_own_orphan),
	TEST_CASE(test_V28_user_cannot_flood_the_log),
	TEST_CASE(test_V28_clients_belong_to_a_user),
	TEST_CASE(test_V28_sync_spares_others_orphans),
	TEST_CASE(test_V28_nodes_users_can_share_clients),
	TEST_CASE(test_V28_users_can_be_kept_apart),
	TEST_CASE(test_V28_sessions_of_a_user),
	TEST_CASE(test_V28_memory_of_a_user),
	TEST_CASE(test_V28_memory_of_idle_sessions),
	TEST_CASE(test_V28_memory_of_all),
	TEST_CASE(test_V28_ignored_ctl_requests_delay_nobody),
};

const struct test_group user_tests = TEST_GROUP("users (V28)", cases);

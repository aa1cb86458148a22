/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The broker: V26. */
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "proxy_groups.h"

#define OTHER_GROUP 65534
#define WAVE        32 /* connections at once */

static void test_V26_refusals_are_answered(struct bench *b)
{
	struct message m;
	int fd;

	broker_start();
	proxy_ask(proxy_connect(b), NULL, QMI_ERROR_MISSING_ARGUMENT);
	proxy_ask(proxy_connect(b), "", QMI_ERROR_MISSING_ARGUMENT);
	proxy_ask(proxy_connect(b), "/dev/null", QMI_ERROR_NOT_SUPPORTED);
	proxy_ask(proxy_connect(b), "/etc/passwd", QMI_ERROR_NOT_SUPPORTED);
	proxy_ask(proxy_connect(b), "/dev/nothing-here", QMI_ERROR_NOT_SUPPORTED);
	proxy_ask(proxy_connect(b), "qrtr://0", QMI_ERROR_NOT_SUPPORTED);
	assert_true(daemon_said(broker_daemon(), "qrtr://0: QRTR is not supported"));
	fd = proxy_connect(b);
	message_ctl(&m, 3, QMI_CTL_SYNC);
	session_write(fd, &m);
	session_expect_outcome(fd, &m, QMI_ERROR_NOT_SUPPORTED);
	proxy_expect_end(fd);
}

static void test_V26_root_and_a_group_may_connect(struct bench *b)
{
	gid_t dialout;
	int fd;

	proxy_start(b, NULL);
	dialout = getgrnam("dialout")->gr_gid;
	fd = proxy_connect_as(b, USER_A, dialout, OTHER_GROUP);
	proxy_ask(fd, b->modem->port, QMI_ERROR_NONE);
	fd = proxy_connect_as(b, USER_A, OTHER_GROUP, dialout);
	proxy_ask(fd, b->modem->port, QMI_ERROR_NONE);
	fd = proxy_connect_as(b, 0, OTHER_GROUP, OTHER_GROUP);
	proxy_ask(fd, b->modem->port, QMI_ERROR_NONE);
	fd = proxy_connect_as(b, USER_A, OTHER_GROUP, OTHER_GROUP);
	proxy_ask(fd, b->modem->port, QMI_ERROR_ACCESS_DENIED);
	assert_true(daemon_said(broker_daemon(), "uid 1001) is denied access"));
}

static void test_V26_a_path_is_a_device(struct bench *b)
{
	char link[64];
	char path[96];

	proxy_start(b, NULL);
	snprintf(link, sizeof(link), "/run/modem");
	assert_return_code(symlink(b->modem->port, link), errno);
	proxy_ask(proxy_connect(b), link, QMI_ERROR_NONE);
	snprintf(path, sizeof(path), "/dev/../%s", b->modem->port);
	proxy_ask(proxy_connect(b), path, QMI_ERROR_NONE);
	unlink(link);
}

static void test_V26_an_open_comes_in_any_pieces(struct bench *b)
{
	struct message m;
	struct message more;
	int fd;

	proxy_start(b, NULL);
	fd = proxy_connect(b);
	message_open(&m, 0, b->modem->port);
	for (size_t i = 0; i < m.len; i++)
		session_write_bytes(fd, m.data + i, 1);
	session_expect_outcome(fd, &m, QMI_ERROR_NONE);
	fence(b, fd);
	/* What follows at once is not lost. */
	fd = proxy_connect(b);
	message_ctl(&more, 9, QMI_CTL_GET_VERSION_INFO);
	message_append(&m, more.data, more.len);
	session_write(fd, &m);
	frame_set_tid(more.data, modem_expect(b->modem, &more));
	modem_answer(b->modem, &more, QMI_ERROR_NONE);
}

static void test_V26_garbage_is_closed(struct bench *b)
{
	struct message m;
	int fd;

	proxy_start(b, NULL);
	fd = proxy_connect(b);
	session_write_bytes(fd, "GET / HTTP/1.0\r\n\r\n", 18);
	proxy_expect_end(fd);
	fd = proxy_connect(b);
	message_open(&m, 1, b->modem->port);
	session_write_bytes(fd, m.data, m.len / 2);
	session_close(b, fd);
	/* Longer than any path. */
	fd = proxy_connect(b);
	session_write_bytes(fd, "\x01\xFF\x7F\x00\x00\x00\x00\x01\x00\xFF", 10);
	proxy_expect_end(fd);
	proxy_open(b);
}

static void test_V26_silent_connections_keep_nobody_out(struct bench *b)
{
	int slow;

	proxy_start(b, NULL);
	slow = proxy_connect_as(b, USER_B, getgrnam("dialout")->gr_gid, OTHER_GROUP);
	for (int i = 0; i < 1000; i++) {
		int fd = proxy_connect_as(b, USER_A, OTHER_GROUP, OTHER_GROUP);

		session_write_bytes(fd, "\x01", 1);
	}
	proxy_open_as(b, USER_B);
	proxy_open_as(b, USER_A);
	proxy_open(b);
	/* Nobody else's connection was closed for them. */
	proxy_ask(slow, b->modem->port, QMI_ERROR_NONE);
	assert_true(daemon_said(broker_daemon(), "too many of them do not say what they want"));
}

/*
 * A user who opens and closes without end: V28. What is refused costs the least, so that
 * the limit is what holds this one up, even in a slow guest.
 */
static void test_V26_a_user_gets_so_many_connections(struct bench *b)
{
	const int64_t time = 2000;
	struct message m;
	gid_t dialout;
	int64_t end;
	int count = 0;

	proxy_start(b, NULL);
	dialout = getgrnam("dialout")->gr_gid;
	end = now_ms() + time;
	message_open(&m, 1, "qrtr://0");
	while (now_ms() < end) {
		int fds[WAVE];

		for (int i = 0; i < WAVE; i++) {
			fds[i] = proxy_connect_as(b, USER_A, dialout, OTHER_GROUP);
			session_write(fds[i], &m);
		}
		for (int i = 0; i < WAVE; i++) {
			proxy_expect_end(fds[i]);
			session_close(b, fds[i]);
		}
		count += WAVE;
	}
	print_message("[   info   ] %d connections\n", count);
	/* 64 at once, and one each 4 ms. */
	assert_true(count <= 64 + (int)time / 4 + WAVE + 10);
	fence(b, proxy_open(b));
}

static void test_V26_silence_ends(struct bench *b)
{
	int fd;

	broker_start();
	fd = proxy_connect(b);
	proxy_expect_end(fd);
	assert_true(daemon_said(broker_daemon(), "has not sent anything"));
}

static void test_V26_the_broker_can_restart(struct bench *b)
{
	struct client c;
	int fd;

	proxy_start(b, NULL);
	fd = proxy_open(b);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	broker_kill();
	client_round_trip(b, fd, &c);
	broker_start();
	client_round_trip(b, proxy_open(b), &c);
	daemon_signal(broker_daemon(), SIGTERM);
	assert_int_equal(daemon_wait(broker_daemon(), deadline_usual()), 0);
	client_round_trip(b, fd, &c);
}

static void test_V26_another_owner_is_named(struct bench *b)
{
	static const char *const none[] = {NULL};
	static const char *const check[] = {"--check", NULL};
	struct daemon second;
	char owner[64];

	(void)b;
	broker_start();
	snprintf(owner, sizeof(owner), "(pid %d): stop ModemManager", (int)broker_daemon()->pid);
	for (int i = 0; i < 2; i++) {
		daemon_spawn_program(&second, "CUSE_QMUX_PROXY", "build/cuse-qmux-proxy",
				     i ? check : none);
		assert_int_equal(daemon_wait(&second, deadline_usual()), 1);
		if (!daemon_is_wrapped())
			assert_true(daemon_said(&second, owner));
		daemon_destroy(&second);
	}
	broker_kill();
	daemon_spawn_program(&second, "CUSE_QMUX_PROXY", "build/cuse-qmux-proxy", check);
	assert_int_equal(daemon_wait(&second, deadline_usual()), 0);
	daemon_destroy(&second);
}

/* A path in a file system whose server does not answer: each look at it blocks. */
static void test_V26_a_path_that_blocks_keeps_nobody_out(struct bench *b)
{
	char options[96];
	struct message m;
	int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	int fd;

	if (fuse < 0) {
		count_skipped();
		skip();
	}
	proxy_start(b, NULL);
	mkdir("/run/stuck", 0755);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	if (mount("stuck", "/run/stuck", "fuse", 0, options) < 0) {
		close(fuse);
		count_skipped();
		skip();
	}
	fd = proxy_connect(b);
	message_open(&m, 1, "/run/stuck/modem");
	session_write(fd, &m);
	fence(b, proxy_open(b));
	/* Within the 5 s that libqmi waits. */
	session_expect_outcome(fd, &m, QMI_ERROR_NOT_SUPPORTED);
	close(fuse);
	umount2("/run/stuck", MNT_DETACH);
}

/* The instance is stopped: connections pile up at it, and the broker goes on. */
static void test_V26_an_instance_that_hangs_stops_nobody(struct bench *b)
{
	struct message m;
	int waiting = 0;
	int last = -1;

	proxy_start(b, NULL);
	daemon_signal(b->daemon, SIGSTOP);
	message_open(&m, 1, b->modem->port);
	for (int i = 0; i < 300; i++) {
		last = proxy_connect(b);
		session_write(last, &m);
	}
	/* Answered by the broker, at last, if the instance has taken no more. */
	proxy_ask(proxy_connect(b), "/dev/null", QMI_ERROR_NOT_SUPPORTED);
	daemon_signal(b->daemon, SIGCONT);
	for (size_t i = 0; i < b->session_count; i++)
		waiting += wait_for(b->sessions[i], POLLIN, deadline_usual());
	assert_int_equal(waiting, b->session_count);
	fence(b, proxy_open(b));
}

static const struct test_case cases[] = {
	TEST_CASE(test_V26_refusals_are_answered),
	TEST_CASE(test_V26_root_and_a_group_may_connect),
	TEST_CASE(test_V26_a_path_is_a_device),
	TEST_CASE(test_V26_an_open_comes_in_any_pieces),
	TEST_CASE(test_V26_garbage_is_closed),
	TEST_CASE(test_V26_silent_connections_keep_nobody_out),
	TEST_CASE(test_V26_a_user_gets_so_many_connections),
	TEST_CASE(test_V26_silence_ends),
	TEST_CASE(test_V26_the_broker_can_restart),
	TEST_CASE(test_V26_another_owner_is_named),
	TEST_CASE(test_V26_a_path_that_blocks_keeps_nobody_out),
	TEST_CASE(test_V26_an_instance_that_hangs_stops_nobody),
};

const struct test_group broker_tests = TEST_GROUP("broker", cases);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proxy_bench.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "proxy_socket.h"

#define TID_OPEN 1

static struct daemon broker;

struct daemon *broker_daemon(void)
{
	return &broker;
}

void broker_kill(void)
{
	daemon_destroy(&broker);
}

void broker_start(void)
{
	broker_kill();
	proxy_socket_serve(&broker);
}

void proxy_start(struct bench *b, ...)
{
	va_list options;

	broker_start();
	va_start(options, b);
	instance_start_with(&b->instances[0], "--nodes=0", options);
	va_end(options);
}

static int keep(struct bench *b, int fd)
{
	assert_return_code(fd, errno);
	assert_true(b->session_count < BENCH_SESSIONS);
	b->sessions[b->session_count++] = fd;
	return fd;
}

int proxy_connect(struct bench *b)
{
	return keep(b, proxy_socket_connect(SOCK_NONBLOCK));
}

int proxy_connect_as(struct bench *b, uid_t uid, gid_t gid, gid_t further)
{
	int fd;

	assert_return_code(setgroups(1, &further), errno);
	assert_return_code(setegid(gid), errno);
	assert_return_code(seteuid(uid), errno);
	fd = proxy_socket_connect(SOCK_NONBLOCK);
	assert_return_code(seteuid(0), errno);
	assert_return_code(setegid(0), errno);
	assert_return_code(setgroups(0, NULL), errno);
	return keep(b, fd);
}

static void send_descriptor(int to, const struct sockaddr_un *address, const struct message *m,
			    int fd)
{
	uint8_t answered = 0;
	struct iovec parts[] = {{&answered, 1}, {(void *)(uintptr_t)m->data, m->len}};
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct msghdr message = {.msg_name = (void *)(uintptr_t)address,
				 .msg_namelen = sizeof(*address),
				 .msg_iov = parts,
				 .msg_iovlen = 2,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	assert_return_code(sendmsg(to, &message, 0), errno);
}

int proxy_pass(struct bench *b, int *passed)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int to = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct message open;
	struct stat st;
	int ends[2];

	assert_return_code(stat(b->modem->port, &st), errno);
	snprintf(address.sun_path, sizeof(address.sun_path), "/run/cuse-qmux/proxy-%u-%u",
		 major(st.st_rdev), minor(st.st_rdev));
	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends),
			   errno);
	message_open(&open, TID_OPEN, b->modem->port);
	send_descriptor(to, &address, &open, ends[0]);
	close(to);
	*passed = keep(b, ends[0]);
	session_expect_outcome(keep(b, ends[1]), &open, QMI_ERROR_NONE);
	return ends[1];
}

void message_open(struct message *m, uint8_t tid, const char *path)
{
	message_ctl(m, tid, QMI_CTL_PROXY_OPEN);
	if (path)
		message_add(m, QMI_TLV_FIRST, path, (uint16_t)strlen(path));
}

void proxy_ask(int fd, const char *path, uint16_t error)
{
	struct message open;
	struct message answer;

	message_open(&open, TID_OPEN, path);
	session_write(fd, &open);
	message_outcome_of(&answer, &open, error);
	proxy_expect(fd, &answer);
	if (error != QMI_ERROR_NONE)
		proxy_expect_end(fd);
}

int proxy_open(struct bench *b)
{
	int fd = proxy_connect(b);

	proxy_ask(fd, b->modem->port, QMI_ERROR_NONE);
	return fd;
}

static gid_t dialout(void)
{
	const struct group *group = getgrnam("dialout");

	assert_non_null(group);
	return group->gr_gid;
}

int proxy_open_as(struct bench *b, uid_t uid)
{
	int fd = proxy_connect_as(b, uid, dialout(), 65534);

	proxy_ask(fd, b->modem->port, QMI_ERROR_NONE);
	return fd;
}

static void read_bytes(int fd, struct message *got, size_t len)
{
	while (got->len < len) {
		ssize_t n = recv(fd, got->data + got->len, len - got->len, 0);

		if (n < 0 && errno == EAGAIN && wait_for(fd, POLLIN, deadline_usual()))
			continue;
		if (n <= 0)
			fail_msg("no frame: %s", n < 0 ? strerror(errno) : "the connection ended");
		got->len += (size_t)n;
	}
}

void proxy_read(int fd, struct message *got)
{
	got->len = 0;
	read_bytes(fd, got, 3);
	read_bytes(fd, got, 1 + (size_t)le16_get(got->data + 1));
}

void proxy_expect(int fd, const struct message *want)
{
	struct message got;

	proxy_read(fd, &got);
	assert_message(&got, want);
}

void proxy_expect_end(int fd)
{
	int64_t deadline = deadline_usual();
	char data[4096];
	ssize_t n;

	do {
		if (!wait_for(fd, POLLIN, deadline))
			fail_msg("the connection did not end");
		n = recv(fd, data, sizeof(data), 0);
	} while (n > 0);
	if (n < 0)
		assert_int_equal(errno, ECONNRESET);
}

void await_said(struct daemon *d, const char *text)
{
	int64_t deadline = deadline_usual();

	while (!daemon_said(d, text)) {
		if (now_ms() > deadline) {
			daemon_show_stderr(d);
			fail_msg("not in the log: %s", text);
		}
		pause_briefly();
	}
}

void await_sessions(struct daemon *d, unsigned long count)
{
	int64_t deadline = deadline_usual();

	while (daemon_counter(d, " files open") != count) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
}

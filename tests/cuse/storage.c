/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "storage.h"

#include "cmocka-all.h"
#include "timing.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_FD 3

void storage_drop(struct storage *storage, const char *name)
{
	for (size_t i = 0; i < storage->count;) {
		if (strcmp(storage->stored[i].name, name) != 0) {
			i++;
			continue;
		}
		close(storage->stored[i].fd);
		storage->stored[i] = storage->stored[--storage->count];
	}
}

static void keep(struct storage *storage, const char *name, int fd)
{
	assert_true(fd >= 0 && storage->count < STORAGE_MAX);
	storage->stored[storage->count].fd = fd;
	snprintf(storage->stored[storage->count++].name, STORAGE_NAME_MAX, "%s", name);
}

/* Handles the next notification; false if there is none. */
static bool handle(struct storage *storage, const struct daemon *d)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char state[512];
	struct iovec part = {.iov_base = state, .iov_len = sizeof(state) - 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.space,
				 .msg_controllen = sizeof(control.space)};
	ssize_t n = recvmsg(d->notify, &message, MSG_CMSG_CLOEXEC);
	char *name;
	int fd = -1;

	if (n < 0)
		return false;
	state[n] = '\0';
	if (CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	name = strstr(state, "FDNAME=");
	if (name)
		name += strlen("FDNAME=");
	if (strncmp(state, "FDSTORE=1\n", 10) == 0 && name)
		keep(storage, name, fd);
	else if (strncmp(state, "FDSTOREREMOVE=1\n", 16) == 0 && name)
		storage_drop(storage, name);
	storage->is_settled = strcmp(state, "BARRIER=1") == 0;
	if (storage->is_settled)
		close(fd);
	return true;
}

void storage_take(struct storage *storage, struct daemon *d)
{
	struct pollfd wait[2] = {{.fd = d->notify, .events = POLLIN},
				 {.fd = d->pidfd, .events = POLLIN}};
	int status;

	storage->count = 0;
	daemon_signal(d, SIGUSR2);
	do {
		assert_true(poll(wait, 2, usual_ms()) > 0);
		while (handle(storage, d))
			;
	} while (!wait[1].revents);
	assert_int_equal(waitpid(d->pid, &status, 0), d->pid);
	d->pid = 0;
	assert_int_equal(status, 0);
}

static const struct storage *passed;

/* In the new process. The descriptors move up first, so that none is in the way. */
static void pass(void)
{
	char names[STORAGE_MAX * STORAGE_NAME_MAX] = "";
	char number[16];
	int fds[STORAGE_MAX];

	for (size_t i = 0; i < passed->count; i++) {
		fds[i] = fcntl(passed->stored[i].fd, F_DUPFD_CLOEXEC, 2 * STORAGE_MAX);
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 i > 0 ? ":" : "", passed->stored[i].name);
	}
	for (size_t i = 0; i < passed->count; i++)
		dup2(fds[i], FIRST_FD + (int)i);
	snprintf(number, sizeof(number), "%d", getpid());
	setenv("LISTEN_PID", number, 1);
	snprintf(number, sizeof(number), "%zu", passed->count);
	setenv("LISTEN_FDS", number, 1);
	setenv("LISTEN_FDNAMES", names, 1);
}

/* The daemon has the supervisor remove what it has taken, and what it has not. */
static void expect_empty(struct storage *storage, const struct daemon *d)
{
	int64_t deadline = deadline_usual();

	storage->is_settled = false;
	while (!storage->is_settled) {
		if (!wait_for(d->notify, POLLIN, deadline))
			fail_msg("the daemon does not wait for the supervisor");
		handle(storage, d);
	}
	if (storage->count > 0)
		fail_msg("'%s' stays in the store", storage->stored[0].name);
}

void storage_pass(struct storage *storage, struct daemon *d, const char *const args[])
{
	daemon_destroy(d);
	passed = storage;
	daemon_spawn_prepared(d, args, pass);
	expect_empty(storage, d);
}

void storage_damage(const struct storage *storage, const char *name, long at)
{
	for (size_t i = 0; i < storage->count; i++) {
		int fd = storage->stored[i].fd;
		struct stat st;
		uint8_t byte;

		if (strcmp(storage->stored[i].name, name) != 0)
			continue;
		assert_return_code(fstat(fd, &st), errno);
		if (at < 0)
			at += st.st_size;
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		return;
	}
	fail_msg("there is no '%s' in the store", name);
}

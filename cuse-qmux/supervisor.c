/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

#define BARRIER_TIMEOUT 1000 /* ms */

#define SEND_TIMEOUT 1 /* s for a change of state; a sign of life does not wait */

static struct {
	const char *path; /* of NOTIFY_SOCKET */
	uint64_t pause;   /* ms between two signs of life, or 0 */
	uint64_t next;    /* ms, when the next is due */
} supervisor_watchdog;

/* What a supervisor that does not read may cost the sessions and the end. */
static void supervisor_limit_wait(int fd)
{
	static const struct timeval limit = {.tv_sec = SEND_TIMEOUT};

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

/* The control message with a descriptor. */
union supervisor_control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

/* passed: a descriptor, or -1. Returns 0 or -errno. */
static int supervisor_send_by(int socket, struct sockaddr_un *address, socklen_t size,
			      const char *state, int passed, int flags)
{
	struct iovec part = {.iov_len = strlen(state)};
	union supervisor_control control = {0};
	struct msghdr message = {
		.msg_name = address, .msg_namelen = size, .msg_iov = &part, .msg_iovlen = 1};

	/* It is not const, but sendmsg() only reads it. */
	memcpy(&part.iov_base, &state, sizeof(state));
	if (passed >= 0) {
		message.msg_control = control.space;
		message.msg_controllen = sizeof(control.space);
		control.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
						  .cmsg_type = SCM_RIGHTS,
						  .cmsg_len = CMSG_LEN(sizeof(int))};
		memcpy(CMSG_DATA(&control.header), &passed, sizeof(int));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL | flags) < 0 ? -errno : 0;
}

/* passed: a descriptor, or -1. False if the supervisor does not get it, which has been logged. */
static bool supervisor_send_state(const char *path, const char *state, int passed, int flags)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	int err;
	int fd;

	if (length == 0 || length >= sizeof(address.sun_path)) {
		log_warning("NOTIFY_SOCKET is not a valid socket path: '%s'", path);
		return false;
	}
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		supervisor_limit_wait(fd);
	err = fd < 0 ? -errno : supervisor_send_by(fd, &address, size, state, passed, flags);
	if (err < 0)
		log_warning("cannot notify the supervisor at '%s': %s", path, strerror(-err));
	if (fd >= 0)
		close(fd);
	return err == 0;
}

void supervisor_notify(const char *format, ...)
{
	const char *path = getenv("NOTIFY_SOCKET");
	char state[256];
	va_list args;

	if (!path)
		return;
	va_start(args, format);
	vsnprintf(state, sizeof(state), format, args);
	va_end(args);
	supervisor_send_state(path, state, -1, 0);
}

bool supervisor_store(const char *name, int fd)
{
	const char *path = getenv("NOTIFY_SOCKET");
	char state[SUPERVISOR_NAME_MAX + 64];

	if (!path)
		return false;
	/* Without FDPOLL=0 it would let go of a port with an error, and of half a connection. */
	snprintf(state, sizeof(state), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
	return supervisor_send_state(path, state, fd, 0);
}

void supervisor_unstore(const char *name)
{
	supervisor_notify("FDSTOREREMOVE=1\nFDNAME=%s", name);
}

void supervisor_await(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct pollfd closed;
	int ends[2];

	if (!path || pipe2(ends, O_CLOEXEC) < 0)
		return;
	closed.fd = ends[0];
	closed.events = 0;
	/* It closes the descriptor then: see sd_notify_barrier(3). */
	if (supervisor_send_state(path, "BARRIER=1", ends[1], 0)) {
		close(ends[1]);
		poll(&closed, 1, BARRIER_TIMEOUT);
	} else {
		close(ends[1]);
	}
	close(ends[0]);
}

static uint64_t supervisor_number(const char *name)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 10) : 0;
}

void supervisor_watch(uint64_t now)
{
	uint64_t pid = supervisor_number("WATCHDOG_PID");

	supervisor_watchdog.path = getenv("NOTIFY_SOCKET");
	if (!supervisor_watchdog.path || (pid != 0 && pid != (uint64_t)getpid()))
		return;
	/* Half the time allowed, as sd_watchdog_enabled(3) recommends. */
	supervisor_watchdog.pause = supervisor_number("WATCHDOG_USEC") / 2000;
	supervisor_watchdog.next = now + supervisor_watchdog.pause;
}

uint64_t supervisor_deadline(void)
{
	return supervisor_watchdog.pause ? supervisor_watchdog.next : UINT64_MAX;
}

void supervisor_tick(uint64_t now)
{
	if (!supervisor_watchdog.path || now < supervisor_deadline())
		return;
	supervisor_watchdog.next = now + supervisor_watchdog.pause;
	supervisor_send_state(supervisor_watchdog.path, "WATCHDOG=1", -1, MSG_DONTWAIT);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "supervisor.h"

#include <errno.h>
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

static void supervisor_send_state(const char *path, const char *state, int flags)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	int fd;

	if (length == 0 || length >= sizeof(address.sun_path)) {
		log_warning("NOTIFY_SOCKET is not a valid socket path: '%s'", path);
		return;
	}
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		supervisor_limit_wait(fd);
	if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL | flags,
			     (struct sockaddr *)&address, size) < 0)
		log_warning("cannot notify the supervisor at '%s': %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
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
	supervisor_send_state(path, state, 0);
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
	supervisor_send_state(supervisor_watchdog.path, "WATCHDOG=1", MSG_DONTWAIT);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "supervisor.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

static void supervisor_send_state(const char *path, const char *state)
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
	if (fd < 0 ||
	    sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, size) < 0)
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
	supervisor_send_state(path, state);
}

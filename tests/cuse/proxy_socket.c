/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proxy_socket.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmocka-all.h"
#include "timing.h"

#define NAME "qmi-proxy" /* abstract */

int proxy_socket_connect(int flags)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0" NAME};
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof(NAME));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, size) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

void proxy_socket_serve(struct daemon *broker)
{
	static const char *const none[] = {NULL};
	int64_t deadline = deadline_usual();
	int fd;

	daemon_spawn_program(broker, "CUSE_QMUX_PROXY", "build/cuse-qmux-proxy", none);
	while ((fd = proxy_socket_connect(0)) < 0) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	close(fd);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proxied.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../cuse/proxy_socket.h"
#include "frames.h"

#define PATIENCE_MS 15000

static char port[64];

void proxied_start(struct daemon *broker, const char *path)
{
	snprintf(port, sizeof(port), "%s", path);
	proxy_socket_serve(broker);
}

void proxied_begin(uint8_t *frame)
{
	frames_ctl(frame, 1, QMI_CTL_PROXY_OPEN);
	frame_add_tlv(frame, QMI_TLV_FIRST, port, (uint16_t)strlen(port));
}

static bool is_opened(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	uint8_t frame[FRAME_ROOM];
	size_t size;

	proxied_begin(frame);
	size = frame_size(frame);
	return send(fd, frame, size, MSG_NOSIGNAL) == (ssize_t)size &&
	       poll(&wait, 1, PATIENCE_MS) > 0 && proxied_read(fd, frame, sizeof(frame)) > 0 &&
	       frame_error(frame) == QMI_ERROR_NONE;
}

int proxied_open(int flags)
{
	int fd = proxy_socket_connect(0);

	if (fd >= 0 && is_opened(fd) && fcntl(fd, F_SETFL, flags) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

ssize_t proxied_read(int fd, uint8_t *frame, size_t room)
{
	ssize_t n = recv(fd, frame, 3, MSG_PEEK);
	size_t size;

	if (n <= 0)
		return n;
	size = n < 3 ? room + 1 : 1 + (size_t)(frame[1] | frame[2] << 8);
	if (size <= room && recv(fd, frame, size, MSG_PEEK) == (ssize_t)size)
		return recv(fd, frame, size, 0);
	errno = EAGAIN;
	return -1;
}

int either_open(unsigned int node, int flags)
{
	if (node == NODE_PROXY)
		return proxied_open(flags);
	return open(node_path(node), O_RDWR | O_CLOEXEC | flags);
}

ssize_t either_read(unsigned int node, int fd, uint8_t *frame, size_t room)
{
	return node == NODE_PROXY ? proxied_read(fd, frame, room) : read(fd, frame, room);
}

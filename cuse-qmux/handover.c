/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "handover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "frame.h"
#include "registry.h"

#define NAME_BYTES 32
#define PATH_BYTES (sizeof(REGISTRY_DIRECTORY) + NAME_BYTES)

static void handover_name(char name[NAME_BYTES], dev_t device)
{
	snprintf(name, NAME_BYTES, "proxy-%u-%u", major(device), minor(device));
}

static void handover_path(char path[PATH_BYTES], dev_t device)
{
	char name[NAME_BYTES];

	handover_name(name, device);
	snprintf(path, PATH_BYTES, REGISTRY_DIRECTORY "/%s", name);
}

static struct sockaddr_un handover_address(dev_t device)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	handover_path(address.sun_path, device);
	return address;
}

/* The control message with a descriptor. */
union handover_control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static int handover_send_by(int socket, dev_t device, struct handover *handover)
{
	struct sockaddr_un address = handover_address(device);
	uint8_t answered = handover->answered;
	struct iovec parts[] = {
		{.iov_base = &answered, .iov_len = 1},
		{.iov_base = handover->frame, .iov_len = frame_size(handover->frame)},
	};
	union handover_control control = {0};
	struct msghdr message = {.msg_name = &address,
				 .msg_namelen = sizeof(address),
				 .msg_iov = parts,
				 .msg_iovlen = 2,
				 .msg_control = control.space,
				 .msg_controllen = sizeof(control.space)};

	control.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
					  .cmsg_type = SCM_RIGHTS,
					  .cmsg_len = CMSG_LEN(sizeof(int))};
	memcpy(CMSG_DATA(&control.header), &handover->fd, sizeof(int));
	return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int handover_send(dev_t device, struct handover *handover)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = handover_send_by(fd, device, handover);
	close(fd);
	if (err == -ECONNREFUSED) /* what a killed instance has left */
		return -ENOENT;
	return err == -ETOOMANYREFS || err == -ENOBUFS ? -EAGAIN : err;
}

/* Removes links to the port that a killed instance has left: others may get its numbers. */
static void handover_clean(dev_t port)
{
	DIR *directory = opendir(REGISTRY_DIRECTORY);
	char target[NAME_BYTES] = "";
	char name[NAME_BYTES];
	const struct dirent *entry;

	if (!directory)
		return;
	handover_name(name, port);
	while ((entry = readdir(directory))) {
		ssize_t length =
			readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);

		if (length < 0)
			continue;
		target[length] = '\0';
		if (strcmp(target, name) == 0)
			unlinkat(dirfd(directory), entry->d_name, 0);
	}
	closedir(directory);
}

int handover_listen(dev_t port)
{
	struct sockaddr_un address = handover_address(port);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	registry_make_directory();
	handover_clean(port);
	unlink(address.sun_path);
	/* On Linux a socket's file gets the socket's mode. */
	if (fchmod(fd, 0600) == 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* Whether the datagram is as handover_send() made it. */
static bool handover_is_whole(const struct msghdr *message, const struct handover *handover,
			      ssize_t received)
{
	size_t size = received > 0 ? (size_t)received - 1 : 0;
	size_t frame_bytes;

	return !(message->msg_flags & MSG_TRUNC) &&
	       frame_scan(handover->frame, size, FRAME_FROM_APP, &frame_bytes) == FRAME_WHOLE;
}

int handover_receive(int socket, struct handover *handover)
{
	uint8_t answered = 0;
	struct iovec parts[] = {
		{.iov_base = &answered, .iov_len = 1},
		{.iov_base = handover->frame, .iov_len = sizeof(handover->frame)},
	};
	union handover_control control = {0};
	struct msghdr message = {.msg_iov = parts,
				 .msg_iovlen = 2,
				 .msg_control = control.space,
				 .msg_controllen = sizeof(control.space)};
	ssize_t size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (size < 0)
		return -errno;
	/* There is none if this process has too many files open. */
	if (!CMSG_FIRSTHDR(&message))
		return -EMFILE;
	memcpy(&handover->fd, CMSG_DATA(&control.header), sizeof(int));
	handover->answered = answered;
	if (handover_is_whole(&message, handover, size))
		return 0;
	close(handover->fd);
	return -EBADMSG;
}

void handover_unlisten(dev_t port)
{
	char path[PATH_BYTES];

	handover_path(path, port);
	unlink(path);
}

int handover_link(dev_t node, dev_t port)
{
	char target[NAME_BYTES];
	char path[PATH_BYTES];

	handover_name(target, port);
	handover_path(path, node);
	unlink(path);
	return symlink(target, path) < 0 ? -errno : 0;
}

void handover_unlink(dev_t node)
{
	handover_unlisten(node);
}

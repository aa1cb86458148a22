/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rogue.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define READ_MIN 8192 /* FUSE_MIN_READ_BUFFER */

/* Answers CUSE_INIT with this name and a dynamic major number. */
static int answer_init(int fd, uint64_t unique, const char *name)
{
	char info[64];
	size_t info_len = (size_t)snprintf(info, sizeof(info), "DEVNAME=%s", name) + 1;
	struct cuse_init_out init = {.major = FUSE_KERNEL_VERSION,
				     .minor = FUSE_KERNEL_MINOR_VERSION,
				     .max_read = 4096,
				     .max_write = 4096};
	struct fuse_out_header header = {.unique = unique};
	struct iovec iov[] = {{&header, sizeof(header)}, {&init, sizeof(init)}, {info, info_len}};

	header.len = (uint32_t)(sizeof(header) + sizeof(init) + info_len);
	return writev(fd, iov, 3) == (ssize_t)header.len ? 0 : -1;
}

int rogue_device(const char *name)
{
	_Alignas(8) char request[READ_MIN];
	struct fuse_in_header header;
	int fd = open("/dev/cuse", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -1;
	if (read(fd, request, sizeof(request)) > 0) {
		memcpy(&header, request, sizeof(header));
		/* The kernel has ended the connection if it refused the device. */
		if (answer_init(fd, header.unique, name) == 0 &&
		    read(fd, request, sizeof(request)) < 0 && errno == EAGAIN)
			return fd;
	}
	close(fd);
	return -1;
}

size_t rogue_take_all_majors(int rogues[ROGUES_MAX])
{
	size_t count = 0;

	while (count < ROGUES_MAX) {
		char name[32];

		snprintf(name, sizeof(name), "rogue%zu", count);
		rogues[count] = rogue_device(name);
		if (rogues[count] < 0)
			break;
		count++;
	}
	return count;
}

void rogue_close(const int rogues[ROGUES_MAX], size_t count)
{
	while (count > 0)
		close(rogues[--count]);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "registry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#define DIRECTORY "/run/cuse-qmux"
#define LOCK      DIRECTORY "/lock"

int registry_lock(void)
{
	int fd;

	mkdir(DIRECTORY, 0755);
	fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX) == 0)
		return fd;
	log_error("cannot lock %s: %s", LOCK, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static void registry_path_of(char *path, size_t size, const char *node)
{
	snprintf(path, size, DIRECTORY "/%s", node);
}

static int registry_write_file(const char *path, const char *port, unsigned index,
			       const struct identity *modem)
{
	FILE *file = fopen(path, "we");
	int err = 0;

	if (!file)
		return -errno;
	if (fprintf(file, "CUSE_QMUX_PORT=%s\nCUSE_QMUX_INDEX=%u\n%s", port, index,
		    modem->properties) < 0)
		err = -errno;
	if (fclose(file) != 0 && err == 0)
		err = -errno;
	return err;
}

void registry_add(const char *node, const char *port, unsigned index, const struct identity *modem)
{
	char path[128];
	int err;

	registry_path_of(path, sizeof(path), node);
	err = registry_write_file(path, port, index, modem);
	if (err < 0)
		log_warning(
			"cannot write %s: %s; udev will not know which modem /dev/%s belongs to",
			path, strerror(-err), node);
}

void registry_remove(const char *node)
{
	char path[128];

	registry_path_of(path, sizeof(path), node);
	unlink(path);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "registry.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#define LOCK REGISTRY_DIRECTORY "/lock"

#define LOCK_WAIT 10 /* s */

void registry_make_directory(void)
{
	mkdir(REGISTRY_DIRECTORY, 0755);
}

static void registry_give_up(int signo)
{
	(void)signo; /* flock() then returns EINTR */
}

/* Returns 0 or -errno. */
static int registry_await_lock(int fd)
{
	struct sigaction action = {.sa_handler = registry_give_up};
	int err;

	sigaction(SIGALRM, &action, NULL);
	alarm(LOCK_WAIT);
	err = flock(fd, LOCK_EX) < 0 ? -errno : 0;
	alarm(0);
	return err;
}

int registry_lock(void)
{
	int err;
	int fd;

	registry_make_directory();
	fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	err = fd < 0 ? -errno : registry_await_lock(fd);
	if (err == 0)
		return fd;
	if (err == -EINTR)
		log_error("cannot lock %s: another process has kept it locked for %d s", LOCK,
			  LOCK_WAIT);
	else
		log_error("cannot lock %s: %s", LOCK, strerror(-err));
	if (fd >= 0)
		close(fd);
	return -1;
}

static void registry_path_of(char *path, size_t size, const char *node)
{
	snprintf(path, size, REGISTRY_DIRECTORY "/%s", node);
}

/* A new file, because an old one may be open elsewhere, and not writable for others. */
static FILE *registry_open_file(const char *path)
{
	FILE *file;
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return NULL;
	file = fdopen(fd, "w");
	if (!file)
		close(fd);
	return file;
}

static int registry_write_file(const char *path, const char *port, unsigned index,
			       const struct identity *modem)
{
	FILE *file = registry_open_file(path);
	int err = 0;

	if (!file)
		return -errno;
	if (fprintf(file, "CUSE_QMUX_PORT=%s\nCUSE_QMUX_INDEX=%u\n%s%s%s%s", port, index,
		    modem->id[0] ? "CUSE_QMUX_ID=" : "", modem->id, modem->id[0] ? "\n" : "",
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

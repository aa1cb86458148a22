/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "registry.h"

/* Not where the process before has stopped. */
void claim_write(const struct claim *claim, const char *text)
{
	ssize_t written;

	if (ftruncate(claim->fd, 0) < 0)
		return;
	written = pwrite(claim->fd, text, strlen(text), 0);
	(void)written; /* without it the claim still holds */
}

/* The owner of a lock that belongs to a descriptor is unknown to the kernel. */
static pid_t claim_read_owner(int fd)
{
	char text[32] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

static void claim_sign(const struct claim *claim)
{
	char text[32];

	snprintf(text, sizeof(text), "%d\n", (int)getpid());
	claim_write(claim, text);
}

/* A lock of the descriptor, which the next process can go on with. Returns 0, -EBUSY or -errno. */
static int claim_lock(int fd, pid_t *owner)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	while (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
		if (errno != EAGAIN && errno != EACCES)
			return -errno;
		if (fcntl(fd, F_GETLK, &lock) < 0)
			return -errno;
		if (lock.l_type != F_UNLCK) {
			*owner = claim_read_owner(fd);
			return -EBUSY;
		}
		lock.l_type = F_WRLCK;
	}
	return 0;
}

/* False if its last owner has removed the file meanwhile. */
static bool claim_is_of_file(int fd, const char *path)
{
	struct stat mine;
	struct stat now;

	return fstat(fd, &mine) == 0 && stat(path, &now) == 0 && mine.st_dev == now.st_dev &&
	       mine.st_ino == now.st_ino;
}

int claim_take(struct claim *claim, const char *name, pid_t *owner)
{
	int err = 0;
	int fd;

	*claim = (struct claim){.fd = -1};
	snprintf(claim->path, sizeof(claim->path), REGISTRY_DIRECTORY "/%s", name);
	registry_make_directory();
	do {
		fd = open(claim->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0)
			return -errno;
		err = claim_lock(fd, owner);
		if (err == 0 && claim_is_of_file(fd, claim->path)) {
			claim->fd = fd;
			claim_sign(claim);
			return 0;
		}
		close(fd);
	} while (err == 0);
	return err;
}

bool claim_resume(struct claim *claim, const char *name, int fd)
{
	*claim = (struct claim){.fd = fd};
	snprintf(claim->path, sizeof(claim->path), REGISTRY_DIRECTORY "/%s", name);
	if (!claim_is_of_file(fd, claim->path))
		return false;
	claim_sign(claim);
	return true;
}

bool claim_is_taken(const char *name)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[CLAIM_PATH_MAX];
	bool taken;
	int fd;

	snprintf(path, sizeof(path), REGISTRY_DIRECTORY "/%s", name);
	fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	taken = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	close(fd);
	return taken;
}

void claim_port_name(char name[CLAIM_PORT_MAX], dev_t device)
{
	snprintf(name, CLAIM_PORT_MAX, "port-%u-%u", major(device), minor(device));
}

void claim_drop(struct claim *claim)
{
	struct flock unlock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	if (claim->fd < 0)
		return;
	unlink(claim->path);
	/* The supervisor may still have a copy of the descriptor. */
	fcntl(claim->fd, F_OFD_SETLK, &unlock);
	close(claim->fd);
	claim->fd = -1;
}

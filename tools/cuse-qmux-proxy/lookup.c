/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct lookup_result {
	int error;
	dev_t device;
};

static int lookup_judge(int error, const struct stat *st, dev_t *device)
{
	if (error)
		return -error;
	if (!S_ISCHR(st->st_mode))
		return -ENODEV;
	*device = st->st_rdev;
	return 0;
}

int lookup_now(const char *path, dev_t *device)
{
	/* Fails with EAGAIN unless the kernel has all of the path in memory. */
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_CACHED};
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	struct stat st;
	int err;

	/* RESOLVE_CACHED is from Linux 5.12, openat2() from 5.6. */
	if (fd < 0 && (errno == EINVAL || errno == ENOSYS || errno == E2BIG || errno == EPERM))
		return -EAGAIN;
	if (fd < 0)
		return -errno;
	err = lookup_judge(fstat(fd, &st) < 0 ? errno : 0, &st, device);
	close(fd);
	return err;
}

static void lookup_serve(const char *path, int out)
{
	struct lookup_result result = {0};
	struct stat st = {0};

	/* Otherwise connections that are closed meanwhile would stay open. */
	syscall(SYS_close_range, 0, out - 1, 0);
	syscall(SYS_close_range, out + 1, ~0U, 0);
	result.error = -lookup_judge(stat(path, &st) < 0 ? errno : 0, &st, &result.device);
	_exit(write(out, &result, sizeof(result)) != sizeof(result));
}

int lookup_start(const char *path, pid_t *pid)
{
	int ends[2];
	int err;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*pid = fork();
	if (*pid == 0)
		lookup_serve(path, ends[1]);
	err = *pid < 0 ? -errno : 0;
	close(ends[1]);
	if (err == 0)
		return ends[0];
	close(ends[0]);
	return err;
}

int lookup_finish(int fd, pid_t pid, dev_t *device)
{
	struct lookup_result result = {.error = ETIMEDOUT};

	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (read(fd, &result, sizeof(result)) != sizeof(result))
		result.error = ETIMEDOUT;
	close(fd);
	/* It has not been waited for, so the pid is still its own. */
	kill(pid, SIGKILL);
	*device = result.device;
	return -result.error;
}

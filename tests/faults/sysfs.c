/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysfs.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../cuse/cmocka-all.h"

static char mounted[128];

static void write_file(const char *name, const char *text)
{
	char path[192];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", mounted, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

void sysfs_pretend_qmi(const char *name)
{
	char text[192];
	struct stat status;

	snprintf(text, sizeof(text), "/dev/%s", name);
	assert_return_code(stat(text, &status), errno);
	assert_return_code(unshare(CLONE_NEWNS), errno);
	assert_return_code(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), errno);
	snprintf(mounted, sizeof(mounted), "/sys/devices/virtual/cuse/%s", name);
	assert_return_code(mount("tmpfs", mounted, "tmpfs", 0, NULL), errno);
	snprintf(text, sizeof(text), "MAJOR=%u\nMINOR=%u\n", major(status.st_rdev),
		 minor(status.st_rdev));
	write_file("uevent", text);
	write_file("type", "QMI\n");
	snprintf(text, sizeof(text), "%s/subsystem", mounted);
	assert_return_code(symlink("/sys/class/wwan", text), errno);
	/* Keeps libudev from noticing that this is not a real sysfs. */
	setenv("SYSTEMD_DEVICE_VERIFY_SYSFS", "0", 1);
}

void sysfs_restore(void)
{
	if (!mounted[0])
		return;
	umount2(mounted, MNT_DETACH);
	mounted[0] = '\0';
	unsetenv("SYSTEMD_DEVICE_VERIFY_SYSFS");
}

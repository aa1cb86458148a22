/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int device_number(const char *class, const char *name, dev_t *device)
{
	char path[PATH_MAX];
	unsigned major;
	unsigned minor;
	FILE *file;
	int found;

	snprintf(path, sizeof(path), "/sys/class/%s/%s/dev", class, name);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	found = fscanf(file, "%u:%u", &major, &minor);
	fclose(file);
	if (found != 2)
		return -EIO;
	*device = makedev(major, minor);
	return 0;
}

bool device_name(dev_t device, char name[DEVICE_NAME_MAX])
{
	char path[64];
	char target[PATH_MAX];
	const char *base;
	ssize_t size;

	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u", major(device), minor(device));
	size = readlink(path, target, sizeof(target) - 1);
	if (size < 0)
		return false;
	target[size] = '\0';
	base = strrchr(target, '/');
	return snprintf(name, DEVICE_NAME_MAX, "%s", base ? base + 1 : target) < DEVICE_NAME_MAX;
}

bool device_is_cuse(dev_t device)
{
	char name[DEVICE_NAME_MAX];
	dev_t found = 0;

	return device_name(device, name) && device_number("cuse", name, &found) == 0 &&
	       found == device;
}

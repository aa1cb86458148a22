/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define CLASS_DIRECTORY "/sys/class/cuse"
#define CUSE_NUMBERS    "/sys/class/misc/cuse/dev"
#define NODE_DIRECTORY  "/run/cuse-qmux" /* has a file for each node, whatever its name */
#define NODE_PREFIX     "qmi-virt"

#define CUSE_MAJOR 10
#define CUSE_MINOR 203

static bool devices_read_numbers(const char *path, dev_t *device)
{
	unsigned numbers[2];
	bool found;
	FILE *file = fopen(path, "re");

	if (!file)
		return false;
	found = fscanf(file, "%u:%u", &numbers[0], &numbers[1]) == 2;
	fclose(file);
	if (found)
		*device = makedev(numbers[0], numbers[1]);
	return found;
}

/* Other programs provide CUSE devices too. */
static bool devices_is_node(const char *name)
{
	char path[sizeof(NODE_DIRECTORY) + 256];

	if (name[0] == '.')
		return false;
	snprintf(path, sizeof(path), NODE_DIRECTORY "/%s", name);
	return strncmp(name, NODE_PREFIX, strlen(NODE_PREFIX)) == 0 || access(path, F_OK) == 0;
}

/* Returns 0 or -ENOMEM. */
static int devices_add(struct devices *devices, const char *name)
{
	char path[sizeof(CLASS_DIRECTORY) + 256 + sizeof("/dev")];
	struct device device;
	struct device *nodes;

	snprintf(path, sizeof(path), CLASS_DIRECTORY "/%s/dev", name);
	snprintf(device.name, sizeof(device.name), "%s", name);
	if (!devices_is_node(name) || !devices_read_numbers(path, &device.numbers))
		return 0;
	nodes = realloc(devices->nodes, (devices->count + 1) * sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	devices->nodes = nodes;
	devices->nodes[devices->count++] = device;
	return 0;
}

int devices_find(struct devices *devices)
{
	DIR *class = opendir(CLASS_DIRECTORY);
	struct dirent *entry;
	int err = 0;

	*devices = (struct devices){.cuse = makedev(CUSE_MAJOR, CUSE_MINOR)};
	if (!class)
		return errno == ENOENT ? 0 : -errno;
	devices_read_numbers(CUSE_NUMBERS, &devices->cuse);
	while (err == 0 && (entry = readdir(class)))
		err = devices_add(devices, entry->d_name);
	closedir(class);
	if (err < 0)
		devices_free(devices);
	return err;
}

void devices_free(struct devices *devices)
{
	free(devices->nodes);
	devices->nodes = NULL;
	devices->count = 0;
}

bool devices_has_node(const struct devices *devices, dev_t device)
{
	for (size_t i = 0; i < devices->count; i++) {
		if (devices->nodes[i].numbers == device)
			return true;
	}
	return false;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "device.h"

#define CLASS_DIRECTORY "/sys/class/cuse"
#define NODE_DIRECTORY  "/run/cuse-qmux" /* has a file for each node, whatever its name */
#define NODE_PREFIX     "qmi-virt"

#define CUSE_MAJOR 10
#define CUSE_MINOR 203

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
	struct device device;
	struct device *nodes;

	if (!devices_is_node(name) || device_number("cuse", name, &device.numbers) < 0 ||
	    snprintf(device.name, sizeof(device.name), "%s", name) >= (int)sizeof(device.name))
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
	device_number("misc", "cuse", &devices->cuse);
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

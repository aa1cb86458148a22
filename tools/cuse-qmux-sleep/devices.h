/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device numbers of all nodes of cuse-qmux on this machine. */
#ifndef DEVICES_H
#define DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define DEVICES_NAME_MAX 64

struct device {
	dev_t numbers;
	char name[DEVICES_NAME_MAX]; /* in /dev */
};

struct devices {
	struct device *nodes;
	size_t count;
	dev_t cuse; /* /dev/cuse, which only servers of nodes have open */
};

/* Returns 0, with no node if there is none, or -errno. The caller calls devices_free(). */
int devices_find(struct devices *devices);

void devices_free(struct devices *devices);

bool devices_has_node(const struct devices *devices, dev_t device);

#endif

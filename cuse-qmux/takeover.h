/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V27: the usual name of the real port, such as /dev/cdc-wdm0, leads to a virtual node
 * while an instance lives. Meanwhile the real port's node is in a directory that only
 * root can enter. It is moved rather than made anew, so it keeps its owner, its mode and
 * whatever else udev or an administrator has given it, even if the instance is killed.
 *
 * Which device a name belongs to is asked of the kernel (sysfs): the kernel leaves a name
 * that leads to another device alone, when a modem is unplugged and when one is plugged in.
 */
#ifndef TAKEOVER_H
#define TAKEOVER_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "device.h"

#define TAKEOVER_DIRECTORY "/dev/qmi-real"

struct takeover {
	bool taken;
	char name[DEVICE_NAME_MAX]; /* of the real port in /dev */
};

/*
 * Makes the real port's name lead to the virtual node at this path. If that fails, the
 * reason has been logged, and the name is what it was.
 */
void takeover_begin(struct takeover *takeover, dev_t device, const char *node);

/* V29: goes on with the name that the process before has taken; an empty one: none. */
void takeover_resume(struct takeover *takeover, const char *name);

/* Gives the name back to the real port, or removes it if that is gone. May be called twice. */
void takeover_end(struct takeover *takeover);

/*
 * Gives each name that a dead instance has left behind back to its port, and the name of
 * this port, which may be missing. What a living instance has taken is left alone. port
 * may be NULL. False if a name could not be given back, which has been logged. The caller
 * must not hold a claim.
 */
bool takeover_give_back(const char *port);

/*
 * Finds the real port behind a path without symbolic links. If that is a port's name in
 * /dev, or in the directory, makes path the name in /dev, which may lead to a node, and
 * stores the number of the port, 0 if it is gone. False if it is any other path.
 */
bool takeover_resolve(char path[PATH_MAX], dev_t *device);

/* Where the node of the port with this path is while its name is taken. */
void takeover_real_path(const char *path, char real[PATH_MAX]);

#endif

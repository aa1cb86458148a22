/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the instances on a machine leave for each other and for udev, in
 * /run/cuse-qmux: a lock, so that one of them at a time looks for a free name,
 * and for each node a file with its name that udev's rules import, see
 * IMPORT{file} in udev(7). The kernel's uevent has room for a name only.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include "identity.h"

/* Takes the lock: a descriptor to be closed, or -1, and what prevents it has been logged. */
int registry_lock(void);

/* With the lock held, before the node is there. What goes wrong is logged, and hurts only udev. */
void registry_add(const char *node, const char *port, unsigned index, const struct identity *modem);

/* While the node is still there. */
void registry_remove(const char *node);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What instances leave in a directory for each other and for udev: a lock, so that
 * only one of them at a time looks for a free name, and a file for each node, named
 * after it, that the udev rules import (IMPORT{file} in udev(7)), because the
 * kernel's uevent carries only the name.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include "identity.h"

#define REGISTRY_DIRECTORY "/run/cuse-qmux"

/* If that fails, so does whatever needs the directory. */
void registry_make_directory(void);

/* Waits for the lock, up to 10 s. Returns a descriptor, which the caller closes to unlock, or -1 if
 * the reason has been logged. */
int registry_lock(void);

/*
 * Writes the node's file. Call it with the lock held, before the node exists. A failure
 * is logged, and affects only udev.
 */
void registry_add(const char *node, const char *port, unsigned index, const struct identity *modem);

/* Removes the node's file. Call it while the node still exists. */
void registry_remove(const char *node);

#endif

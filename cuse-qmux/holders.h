/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the other processes that have a device open. */
#ifndef HOLDERS_H
#define HOLDERS_H

#include <sys/types.h>

typedef void holders_found(void *context, pid_t pid);

/*
 * Calls found() for each process, but the caller and its parent, that has the
 * character device open. Skips processes that it may not inspect.
 */
void holders_find(dev_t device, holders_found *found, void *context);

#endif

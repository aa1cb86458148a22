/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the device that a path leads to, without waiting: a client may name a path in a
 * file system that does not respond.
 */
#ifndef LOOKUP_H
#define LOOKUP_H

#include <sys/types.h>

/*
 * Returns 0 and the device's numbers; -EAGAIN if that takes time; -ENODEV if it is not
 * a character device; or another -errno.
 */
int lookup_now(const char *path, dev_t *device);

/*
 * Does the same in a process of its own. Returns a descriptor that becomes readable when
 * lookup_finish() will not wait, or -errno.
 */
int lookup_start(const char *path, pid_t *pid);

/* Closes the descriptor, and ends the process if it is still there. Returns as lookup_now(). */
int lookup_finish(int fd, pid_t pid, dev_t *device);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the other processes that have a device open. */
#ifndef HOLDERS_H
#define HOLDERS_H

#include <sys/types.h>

/*
 * Logs a warning with the pid and command of each other process that has the
 * character device open. Skips processes that it may not inspect. path is used
 * only in the message.
 */
void holders_warn(const char *path, dev_t device);

#endif

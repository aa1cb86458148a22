/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who else has a device open. */
#ifndef HOLDERS_H
#define HOLDERS_H

#include <sys/types.h>

/*
 * Logs a warning for each other process that has the character device open,
 * with its pid and command. Processes that may not be looked into are passed over.
 */
void holders_warn(const char *path, dev_t device);

#endif

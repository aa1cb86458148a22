/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FOOTPRINT_H
#define FOOTPRINT_H

#include <sys/types.h>

/*
 * The memory of a process, which must exist, in KiB. Anonymous memory only: pages of the
 * executable load whenever a code path first runs.
 */
long footprint_kib(pid_t pid);

#endif

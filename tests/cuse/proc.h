/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts about a process from /proc. */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <sys/types.h>

/* Returns the state as in proc(5): R, S, D, T, t, Z; '?' if the process is gone. */
char proc_state(pid_t pid);

/* Returns 0 if the process is gone. */
pid_t proc_parent(pid_t pid);

/* Returns a child of the process, or 0 if it has none. */
pid_t proc_child(pid_t pid);

/* Returns the number for a key in a file of /proc/PID, or 0. The process must exist. */
long proc_value(pid_t pid, const char *file, const char *key);

/* Returns the memory in use, in KiB. */
long proc_rss_kib(pid_t pid);

/* Returns the number of open descriptors. The process must exist. */
unsigned int proc_count_files(pid_t pid);

/* True if an open file's name contains this. */
bool proc_has_file(pid_t pid, const char *name);

/* Waits until the process sleeps, blocked on another's lock if another_has, else holding a lock. */
void proc_await_lock(pid_t pid, bool another_has);

#endif

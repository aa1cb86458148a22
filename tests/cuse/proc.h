/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc says of a process. */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <sys/types.h>

/* As proc(5) has it: R, S, D, T, t, Z; '?' if it is gone. */
char proc_state(pid_t pid);

/* 0 if it is gone. */
pid_t proc_parent(pid_t pid);

/* Open descriptors. The process has to be there. */
unsigned int proc_count_files(pid_t pid);

/* Whether one of them is a file whose name contains this. */
bool proc_has_file(pid_t pid, const char *name);

/* Until the process sleeps: in flock() for a lock that another one has, or with one that it has. */
void proc_await_lock(pid_t pid, bool another_has);

#endif

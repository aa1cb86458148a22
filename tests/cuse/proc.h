/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc says of a process. */
#ifndef PROC_H
#define PROC_H

#include <sys/types.h>

/* As proc(5) has it: R, S, D, T, t, Z; '?' if it is gone. */
char proc_state(pid_t pid);

/* Open descriptors. The process has to be there. */
unsigned int proc_count_files(pid_t pid);

#endif

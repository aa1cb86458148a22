/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process is called. */
#ifndef PROCESS_H
#define PROCESS_H

#define PROCESS_COMMAND_MAX 32

/* The command's name as in ps -o comm, or "?" if it cannot be read. */
void process_command(char command[PROCESS_COMMAND_MAX], long pid);

#endif

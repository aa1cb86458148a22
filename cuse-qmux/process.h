/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of processes. */
#ifndef PROCESS_H
#define PROCESS_H

#define PROCESS_COMMAND_MAX 32

/* Stores the command name as in ps -o comm, or "?" if it cannot be read. */
void process_command(char command[PROCESS_COMMAND_MAX], long pid);

#endif

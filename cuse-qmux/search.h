/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that looks for other programs at the port, and what it says to the lookout. */
#ifndef SEARCH_H
#define SEARCH_H

#include <limits.h>
#include <sys/types.h>

#include "process.h"

/* The first message to it, which it answers with a report of pid 0 after all others. */
struct search_order {
	dev_t device;
	char path[PATH_MAX];
};

/* The others ask it to look again; their content does not matter. */
#define SEARCH_AGAIN_SIZE 1

/* Another program that has the device open, and had not when it looked last. */
struct search_report {
	pid_t pid;
	char command[PROCESS_COMMAND_MAX];
};

/* Serves the daemon at the other end of the socket, its parent, and ends with it. */
_Noreturn void search_serve(int fd, pid_t daemon);

#endif

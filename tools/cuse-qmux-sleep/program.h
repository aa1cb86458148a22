/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process, through a descriptor of its directory in /proc. The descriptor stands for
 * this process even after its pid has been used again.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

#include "devices.h"

#define PROGRAM_NAME_MAX 32

struct program {
	int directory;
	pid_t pid;
	pid_t parent;
	char name[PROGRAM_NAME_MAX];
	char state;  /* of its first thread */
	bool kernel; /* a thread of the kernel */
	unsigned long threads;
	unsigned long long start; /* with the pid, tells it from any other process */
};

/* Returns 0, or -errno if there is no such process. The caller calls program_close(). */
int program_open(struct program *program, pid_t pid);

void program_close(const struct program *program);

/* True if none of its threads can run: it was stopped, by a signal or a debugger, or has ended. */
bool program_rests(const struct program *program);

/*
 * True if a thread of it has a node open. Looks at only so many descriptors of each table.
 * False for a process that serves nodes, and when limit_reached().
 */
bool program_has_node(const struct program *program, const struct devices *devices,
		      unsigned descriptors_max);

/* Reads its control groups, cut to the size. */
void program_groups(const struct program *program, char *text, size_t size);

/* Returns 0 or -errno. */
int program_signal(const struct program *program, int signo);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a process and kills it with SIGKILL at its Nth system call, counted with ptrace. */
#ifndef KILLER_H
#define KILLER_H

#include <stdbool.h>
#include <sys/types.h>

enum kill_at {
	KILL_ENTERING, /* before the call is made */
	KILL_WAITING,  /* while it waits for the daemon, which has not seen it yet */
	KILL_DURING,   /* delay_us after its entry */
	KILL_LEAVING,  /* after the call, before its result is seen */
	KILL_MOMENTS,
};

/* The process's code. It has only the standard descriptors, and ends by returning. */
typedef void life_fn(const void *arg);

struct killing {
	life_fn *live;
	const void *arg;
	unsigned int call; /* counted from 1; 0: not killed */
	enum kill_at at;
	unsigned int delay_us; /* for KILL_DURING */
	pid_t daemon;          /* stopped and continued for KILL_WAITING */
};

/* Returns the number of calls entered, once the process is dead. */
unsigned int kill_life(const struct killing *k);

#endif

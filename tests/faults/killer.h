/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lives that SIGKILL ends at a system call of their own, counted by ptrace. */
#ifndef KILLER_H
#define KILLER_H

#include <stdbool.h>
#include <sys/types.h>

enum kill_at {
	KILL_ENTERING, /* the call is not made */
	KILL_WAITING,  /* the call waits for the daemon, which has not seen it */
	KILL_DURING,   /* some time after it was entered */
	KILL_LEAVING,  /* the call is over, and its result not seen */
	KILL_MOMENTS,
};

/* A life: it has the standard descriptors only, and ends by returning. */
typedef void life_fn(const void *arg);

struct killing {
	life_fn *live;
	const void *arg;
	unsigned int call; /* which: counted from 1; 0: it lives to its end */
	enum kill_at at;
	unsigned int delay_us; /* of KILL_DURING */
	pid_t daemon;          /* is stopped and continued for KILL_WAITING */
};

/* Returns once it is dead: how many calls it has entered. */
unsigned int kill_life(const struct killing *k);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes of ordinary users that do the same until they are killed. */
#ifndef CROWD_H
#define CROWD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CROWD_MAX   64
#define CROWD_UID   20001 /* of the first one */
#define CROWD_FILES 1000  /* that each process may have open, besides a few */

/* Shared with the processes. */
struct crowd_board {
	_Atomic unsigned int ready;
	_Atomic uint64_t rounds; /* counted by the processes */
	_Atomic bool go;
	_Atomic unsigned int done;
	_Atomic unsigned int numbers[8]; /* for the attack's own use */
};

struct crowd {
	pid_t pids[CROWD_MAX]; /* 0: not running */
	unsigned int count;
	unsigned int users;
	struct crowd_board *board;
};

/* What a process does. index counts from 0. It must not use assertions, and ends by _exit(). */
typedef void attack_fn(unsigned int index, const void *arg, struct crowd_board *board);

/* Starts `count` processes of `users` users, in turn, with nothing but the standard descriptors. */
void crowd_start(struct crowd *c, unsigned int count, unsigned int users, attack_fn *attack,
		 const void *arg);

/* Waits until all have added to `ready`, or to `done`. Fails the test if one has ended. */
void crowd_await_ready(struct crowd *c);
void crowd_await_done(struct crowd *c);
bool crowd_is_ready(struct crowd *c);

/* Kills and reaps them all. */
void crowd_stop(struct crowd *c);

/* The control: spins. */
attack_fn crowd_spin;

/*
 * Becomes that user, with no privileges, for good. It is in the group whose members may
 * use libqmi's proxy socket.
 */
void crowd_become(uid_t uid);

/* Opens a node as that user would, in the test's own process. */
int crowd_open(uid_t uid, unsigned int node);

#endif

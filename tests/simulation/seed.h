/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs, records and replays a seed, in whole or in part. */
#ifndef SEED_H
#define SEED_H

#include <sys/types.h>

#include "generator.h"

#define STEPS_MAX 1000000

struct outcome {
	bool failed;
	unsigned step;  /* number of steps done at the failure */
	bool finishing; /* it failed after all steps, at the end */
	char rule[16];
	char kind[120]; /* the complaint without its numbers */
	char complaint[400];
	uint64_t situations[SITUATION_COUNT];
};

/* Runs a seed in this process. */
void seed_run(uint64_t seed, unsigned steps, struct outcome *outcome);

struct step {
	unsigned number; /* in the original run */
	struct operation op;
};

struct recording {
	struct world_config config;
	unsigned count;
	unsigned size; /* capacity in steps */
	struct step steps[];
};

struct recording *recording_create(unsigned size);
void recording_copy(struct recording *to, const struct recording *from);
void recording_destroy(struct recording *recording);

/* Runs a seed in a separate process, which may crash. */
struct recording *seed_record(uint64_t seed, unsigned steps, struct outcome *outcome);

/* Runs a recording in a separate process. */
void seed_replay(const struct recording *recording, bool trace, struct outcome *outcome);

/*
 * The same in this process, and with the end only if to_the_end. This is faster, but
 * does not survive a crash or a hang.
 */
void seed_replay_here(const struct recording *recording, bool to_the_end, struct outcome *outcome);

/* Like fork(), for such a process. */
pid_t seed_fork(void);

#endif

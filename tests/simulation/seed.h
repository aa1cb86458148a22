/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One seed: run, recorded, and replayed, also in part. */
#ifndef SEED_H
#define SEED_H

#include <sys/types.h>

#include "generator.h"

#define STEPS_MAX 1000000

struct outcome {
	bool failed;
	unsigned step;  /* of the failure: how many were done */
	bool finishing; /* all of them, it came at the end */
	char rule[16];
	char kind[120]; /* of the complaint: without its numbers */
	char complaint[400];
	uint64_t situations[SITUATION_COUNT];
};

/* Runs a seed in this process. */
void seed_run(uint64_t seed, unsigned steps, struct outcome *outcome);

struct step {
	unsigned number; /* in the run that it comes from */
	struct operation op;
};

struct recording {
	struct world_config config;
	unsigned count;
	unsigned size; /* steps that there is room for */
	struct step steps[];
};

struct recording *recording_create(unsigned size);
void recording_copy(struct recording *to, const struct recording *from);
void recording_destroy(struct recording *recording);

/* Runs a seed in a process of its own, that may crash. */
struct recording *seed_record(uint64_t seed, unsigned steps, struct outcome *outcome);

/* Runs a recording in a process of its own. */
void seed_replay(const struct recording *recording, bool trace, struct outcome *outcome);

/*
 * The same in this process, and perhaps only its steps, without the end. That is
 * faster, but does not come back from a crash or a hang.
 */
void seed_replay_here(const struct recording *recording, bool to_the_end, struct outcome *outcome);

/* Begins such a process; as fork(). */
pid_t seed_fork(void);

#endif

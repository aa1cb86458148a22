/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One seed: run, recorded, replayed in part, and shrunk to what makes it fail. */
#ifndef SEED_H
#define SEED_H

#include "generator.h"

#define STEPS_MAX 1000000

struct outcome {
	bool failed;
	unsigned step; /* of the failure; the steps themselves count from 0 */
	char rule[16];
	char complaint[400];
	uint64_t situations[SITUATION_COUNT];
};

/* Runs a seed in this process. */
void seed_run(uint64_t seed, unsigned steps, struct outcome *outcome);

struct recording {
	struct world_config config;
	unsigned count;
	struct operation steps[];
};

/* Runs a seed in a process of its own, that may crash; munmap-ed by nobody. */
struct recording *seed_record(uint64_t seed, unsigned steps, struct outcome *outcome);

/* Runs the chosen steps of a recording in a process of their own. */
void seed_replay(const struct recording *recording, const unsigned *chosen, unsigned count,
		 bool trace, struct outcome *outcome);

/* Leaves out of chosen what the failure of this rule does not need; returns how many stay. */
unsigned seed_shrink(const struct recording *recording, const char *rule, unsigned *chosen,
		     unsigned count);

#endif

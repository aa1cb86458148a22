/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns a seed into steps. */
#ifndef GENERATOR_H
#define GENERATOR_H

#include "random.h"
#include "world.h"

struct generator {
	struct random random;
	const struct profile *profile;
	uint16_t weight[OP_KINDS];
	unsigned users;      /* how many */
	unsigned first_user; /* 0: root is one of them */
};

void generator_init(struct generator *generator, uint64_t seed, struct world_config *config);

/* Chooses the next step, preferably one that has an effect in the current state. */
void generator_next(struct generator *generator, const struct world *world, struct operation *op);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a seed makes happen. */
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

/* The next step, one that means something as things are. */
void generator_next(struct generator *generator, const struct world *world, struct operation *op);

#endif

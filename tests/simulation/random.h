/* SPDX-License-Identifier: GPL-2.0-or-later */
/* splitmix64, so that a seed gives the same numbers on any machine. */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += 0x9E3779B97F4A7C15;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
	z = (z ^ z >> 27) * 0x94D049BB133111EB;
	return z ^ z >> 31;
}

/* Returns 0 to n - 1; n must be at least 1. */
static inline uint32_t random_below(struct random *random, uint32_t n)
{
	return (uint32_t)((random_next(random) >> 32) * n >> 32);
}

static inline bool random_one_in(struct random *random, uint32_t n)
{
	return random_below(random, n) == 0;
}

#endif

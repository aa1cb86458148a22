/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MILLIS_H
#define MILLIS_H

#include <stdint.h>
#include <time.h>

#define MILLIS_NEVER UINT64_MAX

/* CLOCK_MONOTONIC in ms. */
static inline uint64_t millis_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static inline uint64_t millis_earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

#endif

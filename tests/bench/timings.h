/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The start and end of each request of each client, and their statistics. */
#ifndef TIMINGS_H
#define TIMINGS_H

#include <stddef.h>
#include <stdint.h>

struct timing {
	uint64_t begin; /* ns of CLOCK_MONOTONIC */
	uint64_t end;
};

struct timings {
	unsigned clients;
	unsigned each;       /* requests per client */
	struct timing *list; /* grouped by client, in order */
};

/* In memory shared with children. */
void timings_create(struct timings *timings, unsigned clients, unsigned each);

struct timings_summary {
	double per_second;
	double p50, p99, worst; /* of the round trips, in us */
};

/*
 * Counts only requests made entirely while all clients ran, because the others had less
 * competition.
 */
void timings_summarize(const struct timings *timings, struct timings_summary *summary);

#endif

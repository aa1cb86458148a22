/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When each request of each client began and ended, and what follows from it. */
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
	unsigned each;       /* requests of a client */
	struct timing *list; /* a client's are together, in their order */
};

/* In memory that children share. */
void timings_create(struct timings *timings, unsigned clients, unsigned each);

struct timings_summary {
	double per_second;
	double p50, p99, worst; /* of the round trips, in us */
};

/*
 * Over the requests that fell whole into the time in which all clients ran: the
 * others had less company.
 */
void timings_summarize(const struct timings *timings, struct timings_summary *summary);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "traffic.h"

#include "lookout.h"

/* ms after which a request may be one whose answer another program has taken */
#define OVERDUE 5000

void traffic_init(struct traffic *traffic, const struct mux *mux)
{
	*traffic = (struct traffic){.mux = mux};
}

uint64_t traffic_deadline(const struct traffic *traffic)
{
	uint64_t oldest = mux_oldest_in_flight(traffic->mux);

	/* While that one waits, the lookout has a deadline. */
	return oldest == MUX_NEVER || oldest <= traffic->overdue ? MUX_NEVER : oldest + OVERDUE;
}

/* Signs of another program at the port: it takes answers, or gets some for us to read. */
static void traffic_watch_for_others(struct traffic *traffic, uint64_t now)
{
	uint64_t oddities = mux_counters(traffic->mux)->expired + mux_unasked(traffic->mux);
	uint64_t oldest = mux_oldest_in_flight(traffic->mux);

	if (oldest != MUX_NEVER && now >= oldest + OVERDUE) {
		traffic->overdue = oldest;
		lookout_want();
	}
	if (oddities != traffic->oddities)
		lookout_want();
	traffic->oddities = oddities;
}

void traffic_watch(struct traffic *traffic, uint64_t now)
{
	traffic_watch_for_others(traffic, now);
}

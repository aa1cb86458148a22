/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the traffic with the modem tells about the modem and about others at its port. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <stdint.h>

#include "mux.h"

struct traffic {
	const struct mux *mux;
	uint64_t oddities; /* that have been a reason to look for other programs */
	uint64_t overdue;  /* ms, when the last request was sent that has been one */
};

void traffic_init(struct traffic *traffic, const struct mux *mux);

/* The time in ms by which to call traffic_watch(), or MUX_NEVER. */
uint64_t traffic_deadline(const struct traffic *traffic);

/* Call this after each event. */
void traffic_watch(struct traffic *traffic, uint64_t now);

#endif

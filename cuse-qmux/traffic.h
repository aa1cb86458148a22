/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the traffic with the modem shows: another program at its port, noise, a modem
 * that falls silent.
 */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "mux.h"

/* Bytes that are not QMI, again and again. */
struct noise {
	uint64_t seen;   /* bytes until now */
	uint64_t before; /* and before it began */
	uint64_t began;  /* ms */
	uint64_t last;   /* ms */
	unsigned times;  /* that there were some without a long pause */
	bool told;
};

/* Requests that wait, and no response to any. A single one may just take long. */
struct silence {
	uint64_t responses; /* until now */
	uint64_t requests;  /* until the last of them */
	uint64_t waited;    /* ms that requests have waited since the last of them */
	uint64_t began;     /* ms, when the first of these requests was sent */
	uint64_t watched;   /* ms, when one was last known to wait */
	bool waits;         /* one does */
	uint64_t doubted;   /* ms, since when more than one may be overdue; or MUX_NEVER */
	bool told;
};

struct traffic {
	const struct mux *mux;
	const char *path;  /* of the port */
	uint64_t oddities; /* that have been a reason to look for other programs */
	uint64_t overdue;  /* ms, when the last request was sent that has been one */
	struct noise noise;
	struct silence silence;
};

/* path must stay valid. */
void traffic_init(struct traffic *traffic, const struct mux *mux, const char *path);

/* The time in ms by which to call traffic_watch(), or MUX_NEVER. */
uint64_t traffic_deadline(const struct traffic *traffic);

/* Call this whenever all effects of an event have been passed on. */
void traffic_watch(struct traffic *traffic, uint64_t now);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program of another user, which asks one thing after another and takes the time. */
#ifndef VICTIM_H
#define VICTIM_H

#include <sys/types.h>

#include "../bench/timings.h"

#define VICTIM_UID 20000

enum victim_act {
	VICTIM_ASK,      /* a DMS request */
	VICTIM_ALLOCATE, /* an Allocate CID; the client is released between the measurements */
	VICTIM_SYNC,     /* a Sync that releases a client */
	VICTIM_CONNECT,  /* a new connection to libqmi's proxy socket, and its first answer */
	VICTIM_ACTS,
};

struct victim {
	pid_t pid; /* 0: not running */
	int orders;
	struct timings timings;
};

/* Starts it with one client on a node, or (NODE_PROXY) on a connection for this port. */
void victim_start(struct victim *v, unsigned int node, const char *port);

/*
 * Has it act this often, or for so long, but at least VICTIM_FEW times. Fails the test
 * if there is no answer, or a wrong one.
 */
#define VICTIM_FEW 20
#define VICTIM_MAX 4096
void victim_measure(struct victim *v, enum victim_act act, unsigned int count, unsigned int ms,
		    struct timings_summary *summary);

/* The number of acts in the last measurement. */
unsigned int victim_count(const struct victim *v);

/* Makes it release its client and end. */
void victim_stop(struct victim *v);
void victim_destroy(struct victim *v);

#endif

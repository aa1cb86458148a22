/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attackers that write as many frames as they can, and never read. */
#ifndef WRITERS_H
#define WRITERS_H

#include <stdbool.h>

#include "crowd.h"

enum writers_frames {
	WRITERS_REFUSED,  /* requests with a CID that is not theirs */
	WRITERS_SYNC,     /* Sync */
	WRITERS_ALLOCATE, /* Allocate CID of QMI_SERVICE_WMS */
	WRITERS_WRONG,    /* as WRITERS_REFUSED, but the last one is not a request */
};

struct writers {
	enum writers_frames frames;
	unsigned int nodes; /* each takes one of so many nodes, in turn, from the first one */
	unsigned int first;
	bool leave; /* open the node again for each write */
};

/* An attack; arg: struct writers. Every other one has O_NONBLOCK. */
attack_fn writers_attack;

#endif

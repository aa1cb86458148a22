/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attackers that make the daemon keep as much as it will. */
#ifndef HOARDS_H
#define HOARDS_H

#include "crowd.h"

enum hoard {
	HOARD_SESSIONS,       /* that do nothing */
	HOARD_PARTS,          /* a partial byte: the beginning of a frame */
	HOARD_REFUSALS,       /* answers of the daemon's own that nobody reads */
	HOARD_REQUESTS,       /* 1,024 that the modem does not answer */
	HOARD_WRITE,          /* 128 KiB of such requests */
	HOARD_ANSWERS,        /* of the modem that nobody reads */
	HOARD_INDICATIONS,    /* that nobody reads */
	HOARD_BLOCKED_WRITES, /* 64 of them */
	HOARD_BLOCKED_READS,  /* more than 64 */
	HOARDS,
	HOARD_ALL = HOARDS, /* each session another of the above */
};

const char *hoard_name(enum hoard what);

struct hoarding {
	enum hoard what;
	unsigned int node;
	unsigned int sessions; /* of each process, if it may have so many */
	unsigned int rounds;   /* of HOARD_ALL that include blocked calls */
};

/* An attack; arg: struct hoarding. Adds to `ready` once it has all that it can get, and waits. */
attack_fn hoard_attack;

#endif

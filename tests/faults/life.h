/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that uses a node, with more than LIFE_CALLS system calls. */
#ifndef LIFE_H
#define LIFE_H

#define LIFE_CALLS 200

struct life {
	unsigned int node; /* or NODE_PROXY */
	int flags;         /* O_NONBLOCK or 0 */
};

/* A life_fn; arg: struct life. Exits with 1 if an answer takes more than 3 s. */
void life_live(const void *arg);

#endif

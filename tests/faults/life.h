/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program does on a node in its life, in more than LIFE_CALLS system calls. */
#ifndef LIFE_H
#define LIFE_H

#define LIFE_CALLS 200

struct life {
	unsigned int node;
	int flags; /* O_NONBLOCK or 0 */
};

/* A life_fn; arg: struct life. It gives up, with status 1, what is not answered in 3 s. */
void life_live(const void *arg);

#endif

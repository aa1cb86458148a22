/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child that makes many blocking calls at once, each in its own thread. */
#ifndef CALLERS_H
#define CALLERS_H

#include <stddef.h>

#include "child.h"

#define CALLERS_MAX 256

struct callers {
	unsigned int count;
	const void
		*data; /* what each of them writes; NULL: each of them reads, at most a few bytes */
	size_t size;
	int expected; /* errno, or 0 */
};

/*
 * The child function; arg is a struct callers. When the child is blocked, so is each of
 * its calls, unless it has ended. count: the calls that have ended as expected.
 */
child_fn callers_run;

#endif

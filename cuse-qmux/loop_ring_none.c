/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replaces loop_ring.c in a build without liburing. */
#include <errno.h>

#include "loop_kind.h"

int loop_ring_init(struct loop *loop)
{
	(void)loop;
	return -ENOSYS;
}

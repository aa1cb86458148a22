/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instead of loop_ring.c, where there is no liburing to build it with. */
#include <errno.h>

#include "loop_kind.h"

int loop_ring_init(struct loop *loop)
{
	(void)loop;
	return -ENOSYS;
}

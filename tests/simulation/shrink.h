/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reduces a failure to one that a person can follow. */
#ifndef SHRINK_H
#define SHRINK_H

#include "seed.h"

/*
 * Leaves out steps that the failure does not need, and simplifies the others and the
 * world, for at most this many seconds. The failure stays the same.
 */
void shrink(struct recording *recording, const struct outcome *failure, unsigned seconds);

#endif

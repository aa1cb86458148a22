/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a failure one that a person can follow. */
#ifndef SHRINK_H
#define SHRINK_H

#include "seed.h"

/*
 * Leaves out steps that the failure does not need, and makes the others and the
 * world simpler, for at most this many seconds. What fails has to stay the same.
 */
void shrink(struct recording *recording, const struct outcome *failure, unsigned seconds);

#endif

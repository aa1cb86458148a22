/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the instance has to do when a time has come. */
#ifndef CHORES_H
#define CHORES_H

#include <stddef.h>
#include <stdint.h>

#include "mux.h"
#include "pace.h"
#include "traffic.h"

struct chores {
	struct mux *mux;
	struct pace *pace;
	struct traffic traffic;
	uint64_t turns_at;  /* ms, when sessions may have turns again */
	size_t memory_peak; /* bytes that sessions have used since memory was given back */
	uint64_t trimmed;   /* ms, when that was */
};

/* path: the port's, which must stay valid. */
void chores_init(struct chores *chores, struct mux *mux, struct pace *pace, const char *path);

/* The time in ms at which there is something to do, or MUX_NEVER. */
uint64_t chores_deadline(const struct chores *chores);

/* Does what is due, and whatever should be done after each event. now is in ms. */
void chores_do(struct chores *chores, uint64_t now);

#endif

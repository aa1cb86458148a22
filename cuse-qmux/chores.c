/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chores.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "clock.h"
#include "log.h"
#include "lookout.h"
#include "supervisor.h"

#define TURNS_PAUSE 1 /* ms */

#define MMAP_MIN 33554432 /* bytes of a block that does not come from the heap */

/* Bytes of memory that are worth giving back. */
#define TRIM_MIN   262144
#define TRIM_PAUSE 100 /* ms */

void chores_init(struct chores *chores, struct mux *mux, struct pace *pace, const char *path)
{
	*chores = (struct chores){.mux = mux, .pace = pace};
	traffic_init(&chores->traffic, mux, path);
#ifdef __GLIBC__
	/* Memory that goes back to the system with each large block costs page faults. */
	mallopt(M_MMAP_THRESHOLD, MMAP_MIN);
	mallopt(M_TRIM_THRESHOLD, MMAP_MIN);
#endif
}

/*
 * V28: turns that are left wait for a while. A program can always cause more of them,
 * and the daemon must sleep, or the scheduler treats it like any busy process.
 */
static uint64_t chores_mux_deadline(const struct chores *chores)
{
	uint64_t deadline = mux_deadline(chores->mux);

	return deadline < chores->turns_at ? chores->turns_at : deadline;
}

/* V28: when to give back to the system what sessions do not use any more. */
static uint64_t chores_trim_deadline(const struct chores *chores)
{
	size_t peak = chores->memory_peak;

	if (peak < TRIM_MIN || mux_memory(chores->mux) > peak / 4)
		return MUX_NEVER;
	return chores->trimmed + TRIM_PAUSE;
}

uint64_t chores_deadline(const struct chores *chores)
{
	uint64_t deadline = chores_mux_deadline(chores);

	deadline = sooner(deadline, pace_deadline(chores->pace));
	deadline = sooner(deadline, chores_trim_deadline(chores));
	deadline = sooner(deadline, traffic_deadline(&chores->traffic));
	deadline = sooner(deadline, lookout_deadline());
	deadline = sooner(deadline, log_deadline());
	return sooner(deadline, supervisor_deadline());
}

static void chores_trim(struct chores *chores, uint64_t now)
{
	size_t used = mux_memory(chores->mux);

	if (used > chores->memory_peak)
		chores->memory_peak = used;
	if (chores_trim_deadline(chores) > now)
		return;
#ifdef __GLIBC__
	malloc_trim(0);
#endif
	chores->memory_peak = used;
	chores->trimmed = now;
}

void chores_do(struct chores *chores, uint64_t now)
{
	if (chores_mux_deadline(chores) <= now) {
		mux_tick(chores->mux, now);
		chores->turns_at = now + TURNS_PAUSE;
	}
	pace_tick(chores->pace, now);
	chores_trim(chores, now);
	lookout_tick(now);
	log_tick(now);
	supervisor_tick(now);
}

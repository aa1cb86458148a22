/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trouble that a test causes for all clients, announced in shared memory: an answer may
 * be bad only if there was such trouble while its request was pending.
 */
#ifndef TROUBLE_H
#define TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

enum trouble_kind {
	TROUBLE_SILENCE, /* answers are late or do not come */
	TROUBLE_REFUSAL, /* requests cannot be sent: Internal */
	TROUBLE_RESTART, /* clients vanish: Aborted, InvalidClientId */
	TROUBLES,
};

struct trouble {
	_Atomic uint32_t changes[TROUBLES]; /* odd while it lasts */
	_Atomic int64_t changed_at[TROUBLES];
};

/* A moment in time, to compare troubles with. */
struct trouble_mark {
	uint32_t changes[TROUBLES];
};

void trouble_begin(struct trouble *t, enum trouble_kind kind);
void trouble_end(struct trouble *t, enum trouble_kind kind);

struct trouble_mark trouble_now(const struct trouble *t);

/* True if there has been such trouble at any time since mark. */
bool trouble_since(const struct trouble *t, const struct trouble_mark *mark,
		   enum trouble_kind kind);

#endif

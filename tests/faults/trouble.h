/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a test does to all clients at once, told to them in shared memory: an
 * answer may be bad only if its trouble was there while the request was.
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
	_Atomic uint32_t changes[TROUBLES]; /* odd: it is there */
	_Atomic int64_t changed_at[TROUBLES];
};

/* A moment, as far as trouble is concerned. */
struct trouble_mark {
	uint32_t changes[TROUBLES];
};

void trouble_begin(struct trouble *t, enum trouble_kind kind);
void trouble_end(struct trouble *t, enum trouble_kind kind);

struct trouble_mark trouble_now(const struct trouble *t);

/* Whether it was there at any time since then. */
bool trouble_since(const struct trouble *t, const struct trouble_mark *mark,
		   enum trouble_kind kind);

#endif

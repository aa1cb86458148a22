/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trouble.h"

#include "../cuse/timing.h"

static void change(struct trouble *t, enum trouble_kind kind)
{
	t->changed_at[kind] = now_ms();
	t->changes[kind]++;
}

void trouble_begin(struct trouble *t, enum trouble_kind kind)
{
	change(t, kind);
}

void trouble_end(struct trouble *t, enum trouble_kind kind)
{
	change(t, kind);
}

struct trouble_mark trouble_now(const struct trouble *t)
{
	struct trouble_mark mark;

	for (unsigned int kind = 0; kind < TROUBLES; kind++)
		mark.changes[kind] = t->changes[kind];
	return mark;
}

bool trouble_since(const struct trouble *t, const struct trouble_mark *mark, enum trouble_kind kind)
{
	return mark->changes[kind] % 2 == 1 || t->changes[kind] != mark->changes[kind];
}

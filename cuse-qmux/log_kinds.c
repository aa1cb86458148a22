/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log_kinds.h"

#include <stddef.h>
#include <stdio.h>

/* Of each kind. */
#define KIND_BURST 5
#define KIND_PAUSE 2000 /* ms */

/* Of all kinds: at most 70 lines in 10 s, many times what happens without a flood. */
#define TOTAL_BURST 30
#define TOTAL_PAUSE 250 /* ms */

/* Lets a burst through, and then one for each pause. */
struct log_gate {
	unsigned burst;
	unsigned pause;
	unsigned left;   /* that may pass */
	uint64_t filled; /* ms, when left was last raised */
};

struct log_kind {
	const char *format; /* NULL: unused */
	struct log_gate gate;
	struct log_held held;
};

static struct log_gate log_total = {
	.burst = TOTAL_BURST, .pause = TOTAL_PAUSE, .left = TOTAL_BURST};

static struct {
	struct log_kind kinds[LOG_KINDS_MAX];
	struct log_held released;
} log_kinds; /* takes memory only where it is used, as it begins with zeros */

static void log_gate_fill(struct log_gate *gate, uint64_t now)
{
	uint64_t pauses;

	/* The loop's clock may be late. */
	if (now < gate->filled)
		return;
	pauses = (now - gate->filled) / gate->pause;
	if (gate->left + pauses >= gate->burst) {
		gate->left = gate->burst;
		gate->filled = now;
	} else {
		gate->left += (unsigned)pauses;
		gate->filled += pauses * gate->pause;
	}
}

static uint64_t log_gate_opens(const struct log_gate *gate)
{
	return gate->left > 0 ? gate->filled : gate->filled + gate->pause;
}

/* Takes a place in both gates, if both have one. */
static bool log_kind_take(struct log_kind *kind, uint64_t now)
{
	log_gate_fill(&kind->gate, now);
	log_gate_fill(&log_total, now);
	if (kind->gate.left == 0 || log_total.left == 0)
		return false;
	kind->gate.left--;
	log_total.left--;
	return true;
}

/* If there are too many kinds, those that come last are treated as one. */
static struct log_kind *log_kind_of(const char *format)
{
	size_t i = 0;

	while (i < LOG_KINDS_MAX - 1 && log_kinds.kinds[i].format &&
	       log_kinds.kinds[i].format != format)
		i++;
	if (!log_kinds.kinds[i].format)
		log_kinds.kinds[i] = (struct log_kind){
			.format = format,
			.gate = {.burst = KIND_BURST, .pause = KIND_PAUSE, .left = KIND_BURST},
		};
	return &log_kinds.kinds[i];
}

bool log_kinds_pass(const char *format, int level, const char *text, uint64_t now)
{
	struct log_kind *kind = log_kind_of(format);

	if (kind->held.count == 0 && log_kind_take(kind, now))
		return true;
	kind->held.level = level;
	kind->held.count++;
	snprintf(kind->held.text, sizeof(kind->held.text), "%s", text);
	return false;
}

const struct log_held *log_kinds_release(uint64_t now, bool all)
{
	for (size_t i = 0; i < LOG_KINDS_MAX; i++) {
		struct log_kind *kind = &log_kinds.kinds[i];

		if (kind->held.count == 0 || !(log_kind_take(kind, now) || all))
			continue;
		log_kinds.released = kind->held;
		kind->held.count = 0;
		return &log_kinds.released;
	}
	return NULL;
}

uint64_t log_kinds_deadline(void)
{
	uint64_t deadline = UINT64_MAX;
	uint64_t total = log_gate_opens(&log_total);

	for (size_t i = 0; i < LOG_KINDS_MAX; i++) {
		const struct log_kind *kind = &log_kinds.kinds[i];
		uint64_t opens = log_gate_opens(&kind->gate);

		if (kind->held.count > 0 && opens < deadline)
			deadline = opens;
	}
	return deadline != UINT64_MAX && deadline < total ? total : deadline;
}

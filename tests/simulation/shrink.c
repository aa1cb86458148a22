/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "field.h"
#include "shrink.h"

#define BISECTIONS 8
#define PAIRS_MAX  120 /* steps; with more, trying all pairs takes too long */

struct shrinking {
	struct recording *best; /* the shortest known to fail */
	struct recording *next; /* the candidate */
	const struct outcome *failure;
	bool here; /* replay in this process, which is faster */
	time_t end;
};

/* CPU seconds of all replays, because other processes may keep the machine busy. */
static time_t spent(void)
{
	struct rusage here;
	struct rusage others;

	getrusage(RUSAGE_SELF, &here);
	getrusage(RUSAGE_CHILDREN, &others);
	return here.ru_utime.tv_sec + here.ru_stime.tv_sec + others.ru_utime.tv_sec +
	       others.ru_stime.tv_sec;
}

static bool is_over(const struct shrinking *s)
{
	return spent() >= s->end;
}

/* If the candidate fails in the same way, makes it the best. */
static bool try_next(struct shrinking *s)
{
	struct outcome outcome;

	if (is_over(s))
		return false;
	if (s->here)
		seed_replay_here(s->next, s->failure->finishing, &outcome);
	else
		seed_replay(s->next, false, &outcome);
	if (!outcome.failed || strcmp(outcome.rule, s->failure->rule) != 0 ||
	    strcmp(outcome.kind, s->failure->kind) != 0)
		return false;
	s->next->count = outcome.step;
	recording_copy(s->best, s->next);
	return true;
}

/* Tries a copy of the best without the steps for which leave_out is true. */
static bool try_without(struct shrinking *s, bool (*leave_out)(const struct step *, unsigned),
			unsigned which)
{
	s->next->config = s->best->config;
	s->next->count = 0;
	for (unsigned i = 0; i < s->best->count; i++)
		if (!leave_out(&s->best->steps[i], which))
			s->next->steps[s->next->count++] = s->best->steps[i];
	return s->next->count < s->best->count && try_next(s);
}

static bool is_of_kind(const struct step *step, unsigned kind)
{
	return step->op.kind == kind;
}

static bool is_of_slot(const struct step *step, unsigned slot)
{
	return step->op.slot == slot &&
	       (step->op.kind <= OP_READ_ALL || step->op.kind == OP_CLIENTS);
}

static bool without_groups(struct shrinking *s)
{
	bool any = false;

	for (unsigned slot = 0; slot < MODEL_SLOTS; slot++)
		any |= try_without(s, is_of_slot, slot);
	for (unsigned kind = 0; kind < OP_KINDS; kind++)
		any |= try_without(s, is_of_kind, kind);
	return any;
}

static bool try_without_range(struct shrinking *s, unsigned at, unsigned count)
{
	recording_copy(s->next, s->best);
	s->next->count -= count;
	memmove(s->next->steps + at, s->next->steps + at + count,
		(s->next->count - at) * sizeof(s->next->steps[0]));
	return try_next(s);
}

/* Goes backwards, because later steps affect fewer others. */
static void without_ranges(struct shrinking *s, unsigned part)
{
	unsigned end = s->best->count;

	while (end > 0 && !is_over(s)) {
		unsigned begin = end > part ? end - part : 0;

		try_without_range(s, begin, end - begin);
		end = begin < s->best->count ? begin : s->best->count;
	}
}

/* Tries smaller parts, of which there are more, once larger ones bring little. */
static bool without_steps(struct shrinking *s)
{
	unsigned all = s->best->count;
	unsigned part = all / 2;

	while (part > 0 && !is_over(s)) {
		unsigned count = s->best->count;

		without_ranges(s, part);
		if (s->best->count + count / 8 >= count)
			part /= 2;
		else if (part > s->best->count / 2)
			part = s->best->count / 2;
	}
	return s->best->count < all;
}

/* Leaves out pairs of steps, such as a request and its answer. */
static bool without_pairs(struct shrinking *s)
{
	bool any = false;

	if (s->best->count > PAIRS_MAX)
		return false;
	for (unsigned i = 0; i < s->best->count; i++) {
		for (unsigned j = i + 1; j < s->best->count; j++) {
			recording_copy(s->next, s->best);
			memmove(s->next->steps + j, s->next->steps + j + 1,
				(s->next->count - j - 1) * sizeof(s->next->steps[0]));
			memmove(s->next->steps + i, s->next->steps + i + 1,
				(s->next->count - i - 2) * sizeof(s->next->steps[0]));
			s->next->count -= 2;
			if (try_next(s)) {
				any = true;
				j = i;
			}
		}
	}
	return any;
}

/* object is part of the candidate, which equals the best. */
static bool try_value(struct shrinking *s, void *object, const struct field *field, uint64_t value)
{
	uint64_t old = field_get(object, field);

	field_set(object, field, value);
	if (try_next(s))
		return true;
	recording_copy(s->next, s->best);
	field_set(object, field, old);
	return false;
}

/* A value is simpler the closer it is to the simplest. */
static bool simplify_field(struct shrinking *s, void *object, const struct field *field)
{
	uint64_t value = field_get(object, field);
	uint64_t low = field->simplest;
	bool any = false;

	if (value == low)
		return false;
	if (try_value(s, object, field, low))
		return true;
	for (unsigned i = 0; i < BISECTIONS && value > low + 1; i++) {
		uint64_t middle = i == 0 ? low + 1 : low + (value - low) / 2;

		if (try_value(s, object, field, middle)) {
			any = true;
			value = middle;
		} else {
			low = middle;
		}
	}
	return any;
}

static bool simplify_kind(struct shrinking *s, struct operation *op)
{
	static const struct {
		enum operation_kind from, to;
	} simpler[] = {
		{OP_READ, OP_READ_ALL}, {OP_JUMP, OP_WAIT}, {OP_MALFORMED, OP_CTL},
		{OP_CTL, OP_ALLOCATE},  {OP_LOST, OP_SENT}, {OP_IGNORE, OP_ANSWER},
	};

	for (size_t i = 0; i < sizeof(simpler) / sizeof(simpler[0]); i++) {
		if (op->kind != simpler[i].from)
			continue;
		op->kind = simpler[i].to;
		if (try_next(s))
			return true;
		op->kind = simpler[i].from;
	}
	return false;
}

static bool simplify_steps(struct shrinking *s)
{
	bool any = false;

	for (unsigned i = 0; i < s->best->count && !is_over(s); i++) {
		recording_copy(s->next, s->best);
		any |= simplify_kind(s, &s->next->steps[i].op);
		for (const struct field *field = operation_fields;
		     field->name && i < s->best->count; field++)
			any |= simplify_field(s, &s->next->steps[i].op, field);
	}
	return any;
}

static bool simplify_world(struct shrinking *s)
{
	bool any = false;

	recording_copy(s->next, s->best);
	for (const struct field *field = world_fields; field->name; field++)
		any |= field_get(&s->best->config, field) != field->simplest &&
		       try_value(s, &s->next->config, field, field->simplest);
	return any;
}

/* If one step sends all frames, others that send some may not be needed. */
static void send_all(struct shrinking *s)
{
	for (unsigned i = 0; i < s->best->count && !is_over(s); i++) {
		if (s->best->steps[i].op.kind != OP_EXCHANGE)
			continue;
		recording_copy(s->next, s->best);
		s->next->steps[i].op.amount = UINT16_MAX;
		try_next(s);
	}
}

static void shrink_all(struct shrinking *s)
{
	bool any = true;

	without_groups(s);
	without_steps(s);
	send_all(s);
	while (any && !is_over(s)) {
		any = without_steps(s);
		any |= simplify_world(s);
		any |= simplify_steps(s);
		any |= without_pairs(s);
	}
}

/* Runs all replays in one process. False if one of them crashes. */
static bool shrink_fast(struct shrinking *s, unsigned seconds)
{
	int status = 0;
	pid_t pid = seed_fork();

	if (pid == 0) {
		s->here = true;
		s->end = spent() + (time_t)seconds;
		shrink_all(s);
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void shrink(struct recording *recording, const struct outcome *failure, unsigned seconds)
{
	struct shrinking s = {
		.best = recording,
		.next = recording_create(recording->size),
		.failure = failure,
		.end = spent() + (time_t)seconds,
	};

	recording->count = failure->step;
	if (strcmp(failure->rule, "crash") == 0 || !shrink_fast(&s, seconds))
		shrink_all(&s);
	recording_destroy(s.next);
}

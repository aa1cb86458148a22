/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runner.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmocka-all.h"
#include "watchdog.h"

/* The tests to run, in their order. */
static struct {
	const struct test_group *const *groups;
	size_t group_count;
	const char *glob;
	struct progress *progress;
} plan;

/* cmocka's state for a test: first the case, then its bench. */
struct fixture {
	const struct test_case *test;
	struct bench *bench;
	bool done;
	bool skipped;
};

static struct fixture *current;

void count_skipped(void)
{
	plan.progress->skipped++;
	current->skipped = true;
}

static int set_up(void **state)
{
	struct fixture *f = *state;

	current = f;
	watchdog_begin(plan.progress, f->test->name);
	f->bench = bench_create();
	return 0;
}

static void run_case(void **state)
{
	struct fixture *f = *state;

	f->test->run(f->bench);
	bench_stop(f->bench);
	if (watchdog_has_struck(plan.progress))
		fail_msg("the test ended too late");
	f->done = true;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	if (!f->done)
		bench_explain(f->bench);
	bench_destroy(f->bench);
	watchdog_end(plan.progress);
	if (!f->done && !f->skipped)
		plan.progress->failed++;
	return 0;
}

static size_t count_matching(const struct test_group *group)
{
	size_t count = 0;

	for (size_t i = 0; i < group->count; i++)
		count += fnmatch(plan.glob, group->cases[i].name, FNM_EXTMATCH) == 0;
	return count;
}

/* The tests of the group that match, from this one on. */
static void run_group(const struct test_group *group, size_t first)
{
	struct CMUnitTest *tests = calloc(group->count, sizeof(*tests));
	struct fixture *fixtures = calloc(group->count, sizeof(*fixtures));
	unsigned int failed = plan.progress->failed;
	size_t n = 0;

	if (!tests || !fixtures)
		abort();
	for (size_t i = 0; i < group->count; i++) {
		const struct test_case *test = &group->cases[i];

		if (fnmatch(plan.glob, test->name, FNM_EXTMATCH) != 0 || (first > 0 && first--))
			continue;
		fixtures[n] = (struct fixture){.test = test};
		tests[n] =
			(struct CMUnitTest){test->name, run_case, set_up, tear_down, &fixtures[n]};
		n++;
	}
	/* cmocka_run_group_tests() accepts only an array, so call the function behind it. Its
	 * count includes more failures than the one kept test by test. */
	if (n > 0)
		plan.progress->failed = failed + (unsigned int)_cmocka_run_group_tests(
							 group->name, tests, n, NULL, NULL);
	free(fixtures);
	free(tests);
}

/* Skips tests that have begun: the watchdog may have killed an earlier process in them. */
static void run_rest(struct progress *p)
{
	size_t begun = p->begun;

	plan.progress = p;
	for (size_t i = 0; i < plan.group_count; i++) {
		size_t count = count_matching(plan.groups[i]);

		if (begun < count)
			run_group(plan.groups[i], begun);
		begun -= begun < count ? begun : count;
	}
}

int run_groups(const struct test_group *const groups[], size_t count, const char *glob)
{
	const struct progress *p;
	size_t total = 0;

	plan.groups = groups;
	plan.group_count = count;
	plan.glob = glob;
	for (size_t i = 0; i < count; i++)
		total += count_matching(groups[i]);
	p = watchdog_run(run_rest);
	if (p->begun < total)
		printf("%zu not run\n", total - p->begun);
	if (p->skipped > 0)
		printf("%u skipped\n", p->skipped);
	printf("%u passed, %u failed\n", p->run - p->failed - p->skipped, p->failed);
	return p->failed > 0 || !p->done || total == 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runner.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmocka-all.h"

static struct {
	unsigned int run;
	unsigned int failed;
	unsigned int skipped;
} tally;

/* What cmocka hands to a test: first the case, then its bench. */
struct fixture {
	const struct test_case *test;
	struct bench *bench;
	bool done;
};

void count_skipped(void)
{
	tally.skipped++;
}

static int set_up(void **state)
{
	struct fixture *f = *state;

	tally.run++;
	f->bench = bench_create();
	return 0;
}

static void run_case(void **state)
{
	struct fixture *f = *state;

	f->test->run(f->bench);
	bench_stop(f->bench);
	f->done = true;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	if (!f->done)
		bench_explain(f->bench);
	bench_destroy(f->bench);
	return 0;
}

static void run_group(const struct test_group *group, const char *glob)
{
	struct CMUnitTest *tests = calloc(group->count, sizeof(*tests));
	struct fixture *fixtures = calloc(group->count, sizeof(*fixtures));
	size_t n = 0;

	if (!tests || !fixtures)
		abort();
	for (size_t i = 0; i < group->count; i++) {
		const struct test_case *test = &group->cases[i];

		if (fnmatch(glob, test->name, 0) != 0)
			continue;
		fixtures[n] = (struct fixture){.test = test};
		tests[n] =
			(struct CMUnitTest){test->name, run_case, set_up, tear_down, &fixtures[n]};
		n++;
	}
	/* The function behind cmocka_run_group_tests(), which can take only an array. */
	if (n > 0)
		tally.failed +=
			(unsigned int)_cmocka_run_group_tests(group->name, tests, n, NULL, NULL);
	free(fixtures);
	free(tests);
}

int run_groups(const struct test_group *const groups[], size_t count, const char *glob)
{
	for (size_t i = 0; i < count; i++)
		run_group(groups[i], glob);
	if (tally.skipped > 0)
		printf("%u skipped\n", tally.skipped);
	printf("%u passed, %u failed\n", tally.run - tally.failed - tally.skipped, tally.failed);
	return tally.failed > 0 || tally.run == 0;
}

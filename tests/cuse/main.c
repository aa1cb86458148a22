/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the black-box tests of the daemon: cuse-tests [GLOB], where the glob
 * selects tests by their names. Needs root and /dev/cuse.
 */
#include "bench.h"
#include "groups.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

static const struct test_group *const groups[] = {
	&isolation_tests, &transaction_tests, &orphan_tests,  &reclaim_tests, &indication_tests,
	&queue_tests,     &timeout_tests,     &restart_tests, &framing_tests, &device_tests,
	&poll_tests,      &signal_tests,      &name_tests,    &startup_tests, &resource_tests,
};

struct tally {
	unsigned int run;
	unsigned int failed;
	unsigned int skipped;
};

/* What cmocka hands to a test: first the case, then its bench. */
struct fixture {
	const struct test_case *test;
	struct tally *tally;
	struct bench *bench;
	bool done;
};

static int set_up(void **state)
{
	struct fixture *f = *state;

	f->tally->run++;
	f->bench = bench_create(&f->tally->skipped);
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

/* The tests of a group whose names match the glob. */
static void run_group(const struct test_group *group, const char *glob, struct tally *tally)
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
		fixtures[n] = (struct fixture){.test = test, .tally = tally};
		tests[n] =
			(struct CMUnitTest){test->name, run_case, set_up, tear_down, &fixtures[n]};
		n++;
	}
	/* The function behind cmocka_run_group_tests(), which can take only an array. */
	if (n > 0)
		tally->failed +=
			(unsigned int)_cmocka_run_group_tests(group->name, tests, n, NULL, NULL);
	free(fixtures);
	free(tests);
}

int main(int argc, char **argv)
{
	const char *glob = argc > 1 ? argv[1] : "*";
	struct tally tally = {0};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		run_group(groups[i], glob, &tally);
	if (tally.skipped > 0)
		printf("%u skipped\n", tally.skipped);
	printf("%u passed, %u failed\n", tally.run - tally.failed - tally.skipped, tally.failed);
	return tally.failed > 0 || tally.run == 0;
}

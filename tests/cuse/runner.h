/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs groups of tests, each test on its own bench. Each program defines struct bench. */
#ifndef RUNNER_H
#define RUNNER_H

#include <stddef.h>

struct bench;

struct bench *bench_create(void);
void bench_stop(struct bench *b);          /* after a test that passed */
void bench_explain(const struct bench *b); /* after one that failed */
void bench_destroy(struct bench *b);

struct test_case {
	const char *name;
	void (*run)(struct bench *b);
};

struct test_group {
	const char *name;
	const struct test_case *cases;
	size_t count;
};

#define TEST_CASE(function)                                                                        \
	{                                                                                          \
#function, function                                                                \
	}
#define TEST_GROUP(name, cases)                                                                    \
	{                                                                                          \
		name, cases, sizeof(cases) / sizeof((cases)[0])                                    \
	}

/* Runs the tests whose names match the glob and prints totals. Returns the exit status. */
int run_groups(const struct test_group *const groups[], size_t count, const char *glob);

/* A test calls this before it skips itself. */
void count_skipped(void);

#endif

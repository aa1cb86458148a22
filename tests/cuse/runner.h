/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs groups of tests, each test on a bench of its own. What a bench is, the program says. */
#ifndef RUNNER_H
#define RUNNER_H

#include <stddef.h>

struct bench;

struct bench *bench_create(void);
void bench_stop(struct bench *b);          /* of a test that has come to its end */
void bench_explain(const struct bench *b); /* of one that has not */
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

/* The tests whose names match the glob, and then their totals. Returns the program's status. */
int run_groups(const struct test_group *const groups[], size_t count, const char *glob);

/* To be called by a test that is skipped, before it is. */
void count_skipped(void);

#endif

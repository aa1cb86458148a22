/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs tests in a process of their own and watches it from another one. A call
 * on a node that the daemon never answers ends with the daemon alone: no signal
 * to its caller ends it, so the caller cannot watch itself.
 *
 * When a test is not done in time, every process that it has started is killed,
 * which ends such a call, and the test fails. If it does not end even so, it is
 * killed as well, and a new process goes on with the next test.
 */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What both processes see. */
struct progress {
	unsigned int run;
	unsigned int failed;
	unsigned int skipped;
	_Atomic size_t begun; /* tests, from the first one on */
	_Atomic size_t hung;  /* what `begun` was when a test hung last */
	char name[128];       /* of the test that has begun last */
	_Atomic int64_t since;
	_Atomic int64_t due; /* when it has to be done; 0: it is */
	bool done;           /* with all tests */
};

/* Runs `work`, which is to go on behind the tests that have begun, until all is done or too
 * many tests have hung. */
struct progress *watchdog_run(void (*work)(struct progress *p));

/* By the tests' process: a test begins, or may last so many seconds from now on. */
void watchdog_begin(struct progress *p, const char *name);
void watchdog_allow(int seconds);

/* It has ended. */
void watchdog_end(struct progress *p);

/* Whether the test that has begun last was not done in time. */
bool watchdog_has_struck(const struct progress *p);

#endif

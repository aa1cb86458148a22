/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the tests in a separate process and watches it. If the daemon never answers a
 * call on a node, no signal to the caller ends the call, only the end of the daemon. So
 * the tests cannot watch themselves.
 *
 * If a test is not finished in time, every process that it has started is killed, which
 * ends such a call, and the test fails. If it still hangs, it is killed as well, and a
 * new process continues with the next test.
 */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Shared between both processes. */
struct progress {
	unsigned int run;
	unsigned int failed;
	unsigned int skipped;
	_Atomic size_t begun; /* number of tests begun */
	_Atomic size_t hung;  /* `begun` when a test last hung */
	char name[128];       /* of the current test */
	_Atomic int64_t since;
	_Atomic int64_t due; /* when it must be finished; 0: it is */
	bool done;           /* all tests have run */
};

/*
 * Runs `work` again until it returns or too many tests have hung. Each time it must
 * continue after the tests that have begun.
 */
struct progress *watchdog_run(void (*work)(struct progress *p));

/* Called by the tests' process: a test begins, or may last this many seconds from now. */
void watchdog_begin(struct progress *p, const char *name);
void watchdog_allow(int seconds);

/* Called when the test has ended. */
void watchdog_end(struct progress *p);

/* True if the current test was not finished in time. */
bool watchdog_has_struck(const struct progress *p);

#endif

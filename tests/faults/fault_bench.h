/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The test bench: a simulated modem, the daemon on its port, and steady clients that run
 * beside the test. A test must leave unchanged the CIDs allocated on the modem, and the
 * daemon's and the broker's files, sessions, clients and memory.
 */
#ifndef FAULT_BENCH_H
#define FAULT_BENCH_H

#include <stdbool.h>
#include <stddef.h>

#include "../cuse/cmocka-all.h"
#include "../cuse/daemon.h"
#include "../cuse/runner.h"
#include "../cuse/timing.h"
#include "sim.h"
#include "steady.h"
#include "trouble.h"
#include "wdm.h"

#define BENCH_NODES    2
#define BENCH_STEADIES 3
#define BENCH_SLACK    16 /* KiB */

struct cost {
	unsigned int files; /* the daemon's descriptors */
	long rss;           /* KiB */
};

struct bench {
	struct sim sim;
	struct wdm wdm;
	struct daemon daemon;
	struct daemon broker; /* of bench_add_proxy() */
	struct trouble *trouble;
	struct steady steadies[BENCH_STEADIES];
	size_t steady_count;
	struct cost before;
	struct cost broker_before;
};

extern const struct test_group kill_tests;
extern const struct test_group port_tests;
extern const struct test_group wdm_tests;
extern const struct test_group held_tests;
extern const struct test_group habit_tests;
extern const struct test_group lost_tail_tests;
extern const struct test_group takeover_tests;
extern const struct test_group modem_tests;
extern const struct test_group mixed_tests;

/* FAULTS_ALL, FAULTS_SECONDS, FAULTS_SEED: see main.c. */
bool faults_all(void);
int faults_seconds(void);
unsigned int faults_seed(void);

/*
 * Starts the daemon on the simulated modem's port, or with bench_start_on_wdm() on a
 * fake cdc-wdm in front of it, and steady clients on nodes 0, 1, and so on in turn.
 * Requests expire after bench_timeout_ms(), orphans after a second. seconds limits the
 * duration of the test.
 */
void bench_start(struct bench *b, size_t steadies, int seconds);
void bench_start_on_wdm(struct bench *b, size_t steadies, int seconds);
int bench_timeout_ms(void);

/* Starts a broker of connections to libqmi's proxy socket, and a steady client of that. */
void bench_add_proxy(struct bench *b);

/* Records the state for bench_compare(). Call it after a warm-up that grows queues and tables. */
void bench_remember(struct bench *b);

/* Checks the steady clients and the modem's CIDs, after waiting for orphans to be released. */
void bench_check(struct bench *b);

/*
 * bench_check(), and compares the state with bench_remember(). Memory may have grown by
 * a few pages, because heap use depends on which frames wait at once, and by `more` KiB.
 */
void bench_compare(struct bench *b, long more);

/* The number before these words in the daemon's SIGUSR1 log line. */
unsigned long bench_counter(struct bench *b, const char *words);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The test bench: a modem, the daemon on its port with nodes that any user can open, a
 * victim, and a crowd of other users that attack.
 */
#ifndef ADVERSARY_BENCH_H
#define ADVERSARY_BENCH_H

#include <stdbool.h>

#include "../cuse/cmocka-all.h"
#include "../cuse/daemon.h"
#include "../cuse/runner.h"
#include "../cuse/timing.h"
#include "crowd.h"
#include "moody_modem.h"
#include "victim.h"

#define BENCH_NODES       4
#define BENCH_SERVICES    17 /* that have the crowd's clients in bench_populate() */
#define BENCH_CROWD_NODE  0
#define BENCH_VICTIM_NODE 3

struct bench {
	struct modem modem;
	struct daemon daemon;
	struct daemon broker; /* only with bench_options.proxy */
	struct victim victim;
	struct crowd crowd;
	struct timings_summary alone;
	struct timings_summary control;
	struct timings_summary attacked;
};

/* The full tests and the short ones, for `make check`. */
struct adversary_group {
	const struct test_group *full;
	const struct test_group *brief;
};

extern const struct adversary_group turns_tests, memory_tests, ctl_tests, window_tests,
	clients_tests, closing_tests, log_tests, proxy_tests;

bool adversary_is_short(void);

/* False under valgrind or if everything is slow: figures are then shown, not judged. */
bool adversary_judges(void);

struct bench_options {
	unsigned int cids;     /* of each service; 0: 254 */
	const char *memory;    /* --memory; NULL: the default */
	void (*prepare)(void); /* see daemon_spawn_prepared(); may be NULL */
	bool proxy;            /* with a broker of libqmi's proxy socket */
	int seconds;           /* that the test may take */
};

/* Starts the modem and the daemon. */
void bench_start_daemon(struct bench *b, const struct bench_options *options);

/* And a victim, on a node, or with NODE_PROXY on a connection to libqmi's proxy socket. */
void bench_start(struct bench *b, const struct bench_options *options, unsigned int node);

/* Measures the victim alone; beside processes that spin; beside those of the crowd. */
void bench_measure_alone(struct bench *b, enum victim_act act);
void bench_measure_control(struct bench *b, enum victim_act act, unsigned int count);
void bench_measure(struct bench *b, enum victim_act act);

/* Ends the crowd and waits until its sessions are closed. */
void bench_end_crowd(struct bench *b);

/*
 * Gives `users` users, whose uids follow CROWD_UID + 100, clients on a node: 15 of each of
 * BENCH_SERVICES services. Returns their number. They stay until the daemon ends.
 */
unsigned int bench_populate(unsigned int users, unsigned int node);

/* Shows what was measured last. */
void bench_show(const char *who, const struct timings_summary *s, const struct victim *v);

/* Show a value, and fail the test if it is above its limit. */
void bench_expect(const char *what, double value, double limit, const char *unit);
void bench_expect_median(const struct bench *b, double times); /* of the median alone */
void bench_expect_p99(const struct bench *b, double times);    /* of the control's */
void bench_expect_median_ms(const struct bench *b, double ms);

#endif

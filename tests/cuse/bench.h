/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The test bench, one for each test: a daemon on a modem that the test plays,
 * and the sessions and children that it opens. A test that comes to its end is
 * followed by a clean stop with assertions of its own: status 0 and every
 * client released (V18). Whatever became of the test, nothing stays behind.
 */
#ifndef BENCH_H
#define BENCH_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "child.h"
#include "cmocka-all.h"
#include "daemon.h"
#include "message.h"
#include "modem.h"
#include "timing.h"

#define BENCH_INSTANCES 10
#define BENCH_SESSIONS  1100
#define BENCH_CHILDREN  16

struct bench;

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

struct instance {
	struct modem modem;
	struct daemon daemon;
};

struct bench {
	struct instance instances[BENCH_INSTANCES];
	struct modem *modem;   /* of the first instance, the only one in most tests */
	struct daemon *daemon; /* the same */
	int sessions[BENCH_SESSIONS];
	size_t session_count;
	struct child children[BENCH_CHILDREN];
	unsigned int *skipped;
};

struct bench *bench_create(unsigned int *skipped);
void bench_destroy(struct bench *b);

/* What the daemons have said, for a test that has failed. */
void bench_explain(const struct bench *b);

/* Skips the test where the daemon runs under a wrapper that would be measured with it. */
void bench_skip_if_wrapped(struct bench *b);

/*
 * Starts the daemon with these options (the last is NULL): Sync answered, nodes
 * published. It has one node if the options do not say otherwise: four, as is
 * its own default, take their time.
 */
void bench_start(struct bench *b, ...);

/* The steps of bench_start() for any instance; `port` NULL: the modem's own. */
void instance_spawn(struct instance *in, const char *const options[], const char *port);
void instance_answer_sync(struct instance *in);
void instance_start(struct instance *in, const char *const options[]);

/* SIGTERM, every release confirmed, status 0, no client left on the modem. */
void instance_stop(struct instance *in);

/*
 * Closes the sessions and stops all instances that still run; one whose modem
 * has been unplugged has to end by itself (V17).
 */
void bench_stop(struct bench *b);

/* What a modem does during a stop, until the daemon has ended by itself; returns its status. */
int instance_settle(struct instance *in, int64_t deadline);

/* Starts a child that is ended with the test at the latest. */
struct child *bench_child(struct bench *b, child_fn *fn, int fd, const void *arg);

#endif

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
#include "runner.h"
#include "timing.h"

#define BENCH_INSTANCES 10
#define BENCH_SESSIONS  1100
#define BENCH_CHILDREN  16

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
};

/* Skips the test where the daemon runs under a wrapper that would be measured with it. */
void bench_skip_if_wrapped(void);

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

/* What a modem does during a stop, until the daemon has ended by itself; returns its status. */
int instance_settle(struct instance *in, int64_t deadline);

/* Starts a child that is ended with the test at the latest. */
struct child *bench_child(struct bench *b, child_fn *fn, int fd, const void *arg);

#endif

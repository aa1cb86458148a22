/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The test bench. Each test has its own: a daemon with a modem that the test plays,
 * and the sessions and children that the test opens. After a test has passed, the
 * daemon is stopped, which must give status 0 and release every client (V18).
 * Whether the test passed or not, everything is cleaned up.
 */
#ifndef RULE_BENCH_H
#define RULE_BENCH_H

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
#include "pty_modem.h"
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
	struct modem *modem;   /* of instances[0], the only one in most tests */
	struct daemon *daemon; /* of instances[0] */
	int sessions[BENCH_SESSIONS];
	size_t session_count;
	struct child children[BENCH_CHILDREN];
};

/* Skips the test if the daemon runs under a wrapper, which would distort measurements. */
void bench_skip_if_wrapped(void);

/*
 * Starts the daemon with these options, terminated by NULL, answers Sync and waits for
 * its nodes. Without --nodes it has one node, because four, the daemon's default, take
 * longer.
 */
void bench_start(struct bench *b, ...);
void bench_start_without_sync(struct bench *b); /* with --no-sync, and no other option */

/* The steps of bench_start() for any instance. If port is NULL, its modem's port is used. */
void instance_spawn(struct instance *in, const char *const options[], const char *port);
void instance_answer_sync(struct instance *in);
void instance_start(struct instance *in, const char *const options[]);

/* The same with this option first; the others are terminated by NULL. */
void instance_start_with(struct instance *in, const char *first, va_list others);

/* Stops the instance with SIGTERM: it must exit with 0 and leave no client on the modem. */
void instance_stop(struct instance *in);

/* Plays the modem until the daemon exits by itself. Returns the exit status. */
int instance_settle(struct instance *in, int64_t deadline);

/* Starts a child, which is killed if it is still running when the test ends. */
struct child *bench_child(struct bench *b, child_fn *fn, int fd, const void *arg);

/* The same, and returns when it is blocked in its call. */
struct child *bench_blocked_child(struct bench *b, child_fn *fn, int fd, const void *arg);

#endif

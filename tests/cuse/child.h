/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes of their own, for calls that block and for clients that run at
 * once. A child has the one descriptor it is given, so that what the test
 * closes is closed, and it reports one outcome. No assertion runs in it.
 */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "message.h"

struct outcome {
	ssize_t ret;
	int err;
	uint32_t count;
	struct message got;
};

struct child {
	pid_t pid; /* 0: not there, or awaited */
	int report;
};

/* What a child does: `arg` as it was when the child was started. */
typedef void child_fn(int fd, const void *arg, struct outcome *outcome);

void child_start(struct child *c, child_fn *fn, int fd, const void *arg);

/* Until it sleeps in a call: with one blocking call in its fn, in that. */
void child_await_blocked(struct child *c);
bool child_has_reported(struct child *c);

void child_signal(struct child *c, int signo);

/* Waits for the outcome. */
void child_finish(struct child *c, struct outcome *outcome);

/* Waits for the end of a child that SIGKILL has been sent to. */
void child_await_killed(struct child *c);

void child_destroy(struct child *c);

/* Common things to do. */
child_fn child_read;       /* one read() of the whole buffer */
child_fn child_write;      /* one write() of the message that arg is */
child_fn child_poll_in;    /* one poll() for POLLIN without end; count: the revents */
child_fn child_poll_out;   /* the same for POLLOUT */
child_fn child_read_eintr; /* child_read with a handler of SIGUSR1 without SA_RESTART */
child_fn child_write_eintr;

/* A handler of SIGUSR1 that does nothing, with these sa_flags, in the calling process. */
void child_handle_usr1(int flags);

#endif

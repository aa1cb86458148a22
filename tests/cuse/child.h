/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Child processes, for blocking calls and for concurrent clients. A child has only the
 * one descriptor it is given, so that a close in the test really closes a file. It
 * reports one outcome. It must not use assertions.
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
	pid_t pid; /* 0: not running, or already waited for */
	int report;
};

/* The function that a child runs. It sees *arg as it was when the child was started. */
typedef void child_fn(int fd, const void *arg, struct outcome *outcome);

void child_start(struct child *c, child_fn *fn, int fd, const void *arg);

/* Waits until the child sleeps in a system call, which must be the only blocking one in fn. */
void child_await_blocked(struct child *c);
bool child_has_reported(struct child *c);

void child_signal(struct child *c, int signo);

/* Waits for the outcome. */
void child_finish(struct child *c, struct outcome *outcome);

/* Waits for the end of a child after SIGKILL. */
void child_await_killed(struct child *c);

void child_destroy(struct child *c);

/* Common child functions. */
child_fn child_read;       /* one read() of the whole buffer */
child_fn child_write;      /* one write() of the message at arg */
child_fn child_poll_in;    /* one poll() for POLLIN without timeout; count: the revents */
child_fn child_poll_out;   /* the same for POLLOUT */
child_fn child_read_eintr; /* child_read with a SIGUSR1 handler without SA_RESTART */
child_fn child_write_eintr;

/* Installs an empty SIGUSR1 handler with these sa_flags in the calling process. */
void child_handle_usr1(int flags);

/* Begins to interrupt the calling process every ms, or ends it. */
void child_interrupt_itself(bool often);

#endif

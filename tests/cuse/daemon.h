/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A daemon under test: the program CUSE_QMUX (default build/cuse-qmux), run under
 * CUSE_QMUX_WRAP if that is set, with its output captured. It dies with the test
 * process.
 */
#ifndef DAEMON_H
#define DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DAEMON_OUTPUT_MAX 65536

struct daemon {
	pid_t pid; /* 0: not running */
	int pidfd;
	int out;
	int err;
	int notify;
	char notify_path[64];
};

bool daemon_is_wrapped(void);

/* args: the command line without the program name, terminated by NULL. */
void daemon_spawn(struct daemon *d, const char *const args[]);

/* The same, but calls prepare() in the new process before exec. */
void daemon_spawn_prepared(struct daemon *d, const char *const args[], void (*prepare)(void));

/* The same with the program that the environment variable names, or the usual one. */
void daemon_spawn_program(struct daemon *d, const char *variable, const char *usual,
			  const char *const args[]);

/* The same with the NOTIFY_SOCKET in the abstract namespace. */
void daemon_spawn_abstract(struct daemon *d, const char *const args[]);

/* Waits for READY=1. Fails the test if it does not come. */
void daemon_await_ready(struct daemon *d, int64_t deadline);

/* True if the daemon has sent any notification. */
bool daemon_has_notified(struct daemon *d);

void daemon_signal(struct daemon *d, int signo);

/* Waits for the end and returns the exit status. Fails the test at the deadline. */
int daemon_wait(struct daemon *d, int64_t deadline);

/* The output so far, as a string. */
void daemon_stdout(const struct daemon *d, char output[DAEMON_OUTPUT_MAX]);
void daemon_stderr(const struct daemon *d, char output[DAEMON_OUTPUT_MAX]);
size_t daemon_stderr_size(const struct daemon *d);
void daemon_show_stderr(const struct daemon *d);
unsigned int daemon_lines(const struct daemon *d); /* of the error output */
bool daemon_said(const struct daemon *d, const char *text);

/* Messages with this text, counting those of "N more like it"; and, unless NULL, lines. */
unsigned int daemon_told(const struct daemon *d, const char *text, unsigned int *lines);

/* Sends SIGUSR1 and returns the number before these words in the log line that follows. */
unsigned long daemon_counter(struct daemon *d, const char *words);

/* Kills the daemon if it is running, and releases everything. */
void daemon_destroy(struct daemon *d);

#endif

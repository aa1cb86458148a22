/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket. A command is one line. The reply is one or more lines, the last
 * of which is "ok" or begins with "error: ". A connection can carry any number of
 * commands, one after another.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#define CONTROL_CLIENTS_MAX 16
#define CONTROL_FDS         (1 + CONTROL_CLIENTS_MAX)
#define CONTROL_LINE_MAX    256

struct simulator;

struct control_client {
	int fd; /* -1: free */
	size_t len;
	char line[CONTROL_LINE_MAX];
};

struct control {
	int fd;
	const char *path; /* NULL if there is no control socket */
	struct control_client clients[CONTROL_CLIENTS_MAX];
};

/*
 * Opens the socket at path, which must outlive it. Does nothing if path is NULL. On false,
 * errno says why.
 */
bool control_open(struct control *control, const char *path);
void control_close(struct control *control);
/* Fill CONTROL_FDS entries for poll(), and handle them after it. */
void control_prepare(const struct control *control, struct pollfd *fds);
void control_handle(struct control *control, const struct pollfd *fds, struct simulator *sim);

/*
 * The client side: sends the words to the control socket at path, prints the reply
 * and returns the exit status.
 */
int control_ask(const char *path, char *const *words, int count);

#endif

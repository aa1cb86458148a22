/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions of nodes for the commands of system-client. Whatever goes wrong ends the process. */
#ifndef SYSTEM_CLIENT_H
#define SYSTEM_CLIENT_H

#include <stdint.h>
#include <sys/types.h>

#include "frame.h"

#define FRAME_MAX 4200

struct client {
	int fd;
	const char *imei;
	uint8_t cid;
	uint16_t tid;
};

struct frame {
	uint8_t data[FRAME_MAX];
};

void die(const char *what); /* with errno */
void wrong(const char *what);

int open_node(const char *node, int flags);

/* Allocates a client of the service. Returns 0 or -errno. */
int allocate(struct client *client, uint8_t service);

/* These expect O_NONBLOCK, and return 0 or -errno. */
int send_frame(const struct client *client, const struct frame *frame);
int receive_frame(const struct client *client, struct frame *frame);
int ask(const struct client *client, const struct frame *request, struct frame *answer);

/* Adds a TLV so that the frame has this many bytes, which must be at least 3 more. */
void pad(struct frame *frame, size_t size);

bool answers(const struct frame *answer, const struct frame *request);

/* Sets an alarm again, because a child does not inherit it. */
void fork_or_die(pid_t *pid);

/* sleeper NODE HOW: see sleeper.c */
int sleeper(char **args);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections to libqmi's proxy socket (V26): sessions beside those of nodes. */
#ifndef PROXIED_H
#define PROXIED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../cuse/daemon.h"

/* As the number of a node: not a node, but the socket. */
#define NODE_PROXY (~0U)

/*
 * Starts a broker, and waits until it listens. path: the port that connections ask for,
 * here and in processes forked later.
 */
void proxied_start(struct daemon *broker, const char *path);

/* Writes the Internal Proxy Open; frame must have FRAME_ROOM bytes. */
void proxied_begin(uint8_t *frame);

/* Opens the port with O_NONBLOCK or 0. Returns a descriptor, or -1. */
int proxied_open(int flags);

/* Reads one frame, as read() does on a node: -1 with EAGAIN until all of it is there. */
ssize_t proxied_read(int fd, uint8_t *frame, size_t room);

/* The same for a node, or if it is NODE_PROXY, for a connection. */
int either_open(unsigned int node, int flags);
ssize_t either_read(unsigned int node, int fd, uint8_t *frame, size_t room);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections to libqmi's proxy socket, for tests of V26. A test has a bench of
 * tests/cuse, whose instances need no nodes here, and a broker: the program
 * CUSE_QMUX_PROXY (default build/cuse-qmux-proxy). A connection is a session of the
 * bench: a non-blocking descriptor.
 */
#ifndef PROXY_BENCH_H
#define PROXY_BENCH_H

#include "app_session.h"

/* Starts another broker, and an instance without nodes with these options up to NULL. */
void proxy_start(struct bench *b, ...);

/* Starts a broker, and ends the one before. */
void broker_start(void);
void broker_kill(void);
struct daemon *broker_daemon(void);

/* Connects as root, or as this user and group, who may be in a further group. */
int proxy_connect(struct bench *b);
int proxy_connect_as(struct bench *b, uid_t uid, gid_t gid, gid_t further);

/* Makes an Internal Proxy Open for this path, or one without a path for NULL. */
void message_open(struct message *m, uint8_t tid, const char *path);

/* Connects, opens the first instance's port, and expects success. */
int proxy_open(struct bench *b);
int proxy_open_as(struct bench *b, uid_t uid);

/*
 * Does what the broker does: passes one end of a pair of sockets to the first instance.
 * Stores a further descriptor of that end, and returns the other end.
 */
int proxy_pass(struct bench *b, int *passed);

/* Opens a path on a connection, and expects this outcome; if it is an error, the end, too. */
void proxy_ask(int fd, const char *path, uint16_t error);

/* Reads whole frames only, even if more have arrived. */
void proxy_read(int fd, struct message *got);
void proxy_expect(int fd, const struct message *want);

/* Waits for the end of the connection, and drops what comes before. */
void proxy_expect_end(int fd);

/* Waits until the text is in this log. */
void await_said(struct daemon *d, const char *text);

/* Waits until an instance has so many sessions. */
void await_sessions(struct daemon *d, unsigned long count);

#endif

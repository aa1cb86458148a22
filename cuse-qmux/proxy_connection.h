/* SPDX-License-Identifier: GPL-2.0-or-later */
/* V26: a connection to libqmi's proxy socket: moves bytes between it and its session. */
#ifndef PROXY_CONNECTION_H
#define PROXY_CONNECTION_H

#include <stdint.h>

#include "connections.h"
#include "owner.h"

struct connection {
	struct owner owner; /* interface for the session */
	struct connections *host;
	struct session *session;
	int fd;
	uint32_t watched;   /* EPOLL* flags; 0: not in the epoll instance */
	bool full;          /* the client does not read: wait until it does */
	bool deaf;          /* it never will again */
	uint64_t gives_up;  /* ms; if in ending */
	struct list link;   /* in host->all */
	struct list ending; /* in host->ending */
};

/*
 * Makes a connection with a new session of the client's, and answers its open; if that
 * is impossible, with an error. Takes the descriptor in either case.
 */
void proxy_connection_create(struct connections *host, const struct handover *handover);

/* Handles EPOLL* events. May free it. */
void proxy_connection_ready(struct connection *connection, uint32_t events);

/* Watches for what is of interest now. */
void proxy_connection_watch(struct connection *connection);

/* Frees it. What its session has written is still sent: V6. */
void proxy_connection_destroy(struct connection *connection);

#endif

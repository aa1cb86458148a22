/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V26: the connections to libqmi's proxy socket that cuse-qmux-proxy passes on, which
 * share a CID space. It has an epoll instance of its own, so that a connection costs one
 * descriptor and no buffer.
 */
#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "handover.h"
#include "list.h"
#include "loop.h"
#include "mux.h"

#define CONNECTIONS_READ_MAX 16384

struct connections {
	struct loop *loop;
	struct mux *mux;
	unsigned space; /* CID space in the mux */
	dev_t port;
	bool listening;
	bool serving;          /* requests are passed on; until then only opens are answered */
	struct watch arrivals; /* the socket to which connections are passed */
	struct watch events;   /* the epoll instance */
	struct list all;
	struct list ending;       /* those that the client has closed, the oldest first */
	uint64_t restarts;        /* of the modem, as far as connections were closed for them */
	struct handover handover; /* the one being received */
	uint8_t data[CONNECTIONS_READ_MAX];
};

/*
 * Begins to take connections for the port with these numbers, and to answer their opens.
 * *connections must stay where it is until connections_stop(). On false the reason has
 * been logged, and the other functions do nothing.
 */
bool connections_start(struct connections *connections, struct loop *loop, struct mux *mux,
		       unsigned space, dev_t port);

/* Lets clients name this node, too, until handover_unlink(). A failure is logged. */
void connections_serve_node(const struct connections *connections, dev_t node, const char *name);

/* Begins to pass on what they send. */
void connections_serve(struct connections *connections);

/* Takes no further ones. Does nothing if that is so already. */
void connections_refuse(struct connections *connections);

/* Closes all of them. Does nothing if connections_start() failed, or was not called. */
void connections_stop(struct connections *connections);

/* Closes those that must be closed now. Call it when nothing is left to be read from sessions. */
void connections_check(struct connections *connections);

/* The time in ms by which to call connections_check(), or UINT64_MAX. */
uint64_t connections_deadline(const struct connections *connections);

#endif

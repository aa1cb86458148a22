/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How cuse-qmux-proxy passes a connection to the instance that serves its port (V26): a
 * datagram with the descriptor, to a socket that is named after the port's device
 * numbers. A link for each node, named after the node's numbers, leads to it.
 */
#ifndef HANDOVER_H
#define HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proxy_open.h"

struct handover {
	int fd;                        /* the connection */
	uint8_t frame[PROXY_OPEN_MAX]; /* its Internal Proxy Open, a whole request */
	bool answered;                 /* with success */
};

/*
 * Passes a connection to the instance of the port or node with these numbers. Does not
 * wait. Returns 0, and the caller closes its descriptor; -ENOENT if there is no such
 * instance, -EAGAIN if it has too many to take, or another -errno.
 */
int handover_send(dev_t device, struct handover *handover);

/* The instance's side. */

/* Returns a non-blocking socket for the port with these numbers, or -errno. */
int handover_listen(dev_t port);

/* Takes the next connection. Returns 0, -EAGAIN if there is none, or another -errno. */
int handover_receive(int socket, struct handover *handover);

/* Nothing arrives any more. */
void handover_unlisten(dev_t port);

/* The node leads to the port's instance, or not any more. Returns 0 or -errno. */
int handover_link(dev_t node, dev_t port);
void handover_unlink(dev_t node);

#endif

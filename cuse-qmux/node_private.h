/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What node.c and node_restart.c share. */
#ifndef NODE_PRIVATE_H
#define NODE_PRIVATE_H

#include "node.h"

enum served {
	SERVED,
	SERVED_NONE, /* there was no request */
	SERVED_LAST, /* the kernel has ended the connection */
};

/* Has libfuse read a request, and serves it. */
enum served node_serve(struct node *node);

/* The same once the node's watch is on the loop. */
void node_ready(struct watch *watch, uint32_t events);

/* NULL if out of memory. On success the session owns the descriptor. */
struct fuse_session *node_make_session(struct node *node, int fd);

#endif

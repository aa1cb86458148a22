/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual node: a CUSE device with the files that are open on it. It
 * translates between the kernel's requests and sessions, and knows no QMI.
 */
#ifndef NODE_H
#define NODE_H

#include <stdbool.h>
#include <sys/types.h>

#define FUSE_USE_VERSION 31
#include <cuse_lowlevel.h>

#include "alias.h"
#include "identity.h"
#include "loop.h"
#include "mux.h"
#include "open_files.h"

#define NODE_NAME_MAX 48

/* What the nodes of an instance share. */
struct node_host {
	struct loop *loop;
	struct mux *mux;
	const char *prefix; /* of the nodes' names */
	const char *port_path;
	const char *port_name; /* its basename */
	const struct identity *modem;
	size_t frame_max;
	unsigned major; /* of the first node; 0 until there is one */
	struct fuse_buf buffer;
	bool broken; /* the kernel has taken a node away */
};

struct node {
	struct node_host *host;
	struct watch watch; /* of /dev/cuse */
	struct fuse_session *fuse;
	struct open_files files;
	unsigned space;  /* of CIDs, in the core */
	unsigned index;  /* in the instance */
	unsigned number; /* on the machine: V25 */
	char name[NODE_NAME_MAX];
	struct alias alias;
};

/*
 * Whether nodes can be made here at all. If not, what prevents it has been logged;
 * unsuitable: it always will.
 */
bool node_check_cuse(bool *unsuitable);

/*
 * Publishes a node under the lowest number that is free, for sessions in the space
 * of CIDs. False: what prevents it
 * has been logged, and nothing is left.
 */
bool node_create(struct node *node, struct node_host *host, unsigned index, unsigned space);

/* Takes the node away; whoever has it open gets ENOTCONN from the kernel. */
void node_destroy(struct node *node);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual node: a CUSE device and its open files. It translates between the
 * kernel's requests and sessions, and knows nothing of QMI.
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
#include "pace.h"
#include "pack.h"

#define NODE_NAME_MAX 48

/* What all nodes of an instance share. */
struct node_host {
	struct loop *loop;
	struct mux *mux;
	const char *prefix; /* of the node names */
	const char *port_path;
	const char *port_name; /* basename of port_path */
	const struct identity *modem;
	size_t frame_max;
	unsigned major; /* device major of the first node; 0 before it exists */
	struct fuse_buf buffer;
	struct pace pace;
	bool broken; /* the kernel has closed a node's connection */
};

struct node {
	struct node_host *host;
	struct watch watch; /* of /dev/cuse */
	struct fuse_session *fuse;
	struct open_files files;
	unsigned space;  /* CID space in the mux */
	unsigned index;  /* within the instance */
	unsigned number; /* across the machine: V25 */
	dev_t device;
	char name[NODE_NAME_MAX];
	struct alias alias;
	bool exists;
	uint32_t protocol[2]; /* of the kernel: FUSE's major and minor version */
	const void *made_up;  /* V29: a request to read instead of one of the kernel's */
	size_t made_up_size;
	bool silent; /* V29: the kernel gets no reply */
};

/*
 * True if this machine can have nodes. On false the reason has been logged, and
 * *unsuitable says whether trying again is useless.
 */
bool node_check_cuse(bool *unsuitable);

/*
 * Publishes a node under the lowest free number, for sessions in this CID space.
 * Neither *node nor *host may move while the node exists. On false the reason has
 * been logged and nothing is left behind.
 */
bool node_create(struct node *node, struct node_host *host, unsigned index, unsigned space);

/*
 * V29, a restart: the process that goes calls node_drain(), which handles the requests that
 * were read already and reads no more, and then node_save(). The next one passes on what was
 * saved, and the node's descriptor, which belongs to node_resume(). On false the reason has
 * been logged, and the node is gone.
 */
void node_drain(struct node *node);
void node_save(const struct node *node, struct pack *pack);
bool node_resume(struct node *node, struct node_host *host, struct unpack *saved, int fd);

/* Removes the node. Programs that still have it open get ENOTCONN from the kernel. */
void node_destroy(struct node *node);

#endif

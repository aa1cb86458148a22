/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What instance.c and restart.c share. */
#ifndef INSTANCE_PRIVATE_H
#define INSTANCE_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "chores.h"
#include "connections.h"
#include "loop.h"
#include "mux.h"
#include "node.h"
#include "options.h"
#include "port.h"
#include "takeover.h"

enum instance_state {
	INSTANCE_STARTING, /* waiting for the modem's response to Sync */
	INSTANCE_SERVING,
	INSTANCE_STOPPING, /* releasing its clients */
	INSTANCE_CLOSING,  /* every call fails; waiting for the sessions to close */
	INSTANCE_ENDED,
};

/* V29: how the process gives way to another. */
enum instance_departure {
	DEPARTURE_NONE,
	DEPARTURE_EXECUTE, /* it becomes the program anew */
	DEPARTURE_EXIT,    /* the supervisor starts another */
};

struct instance {
	struct options options;
	enum instance_state state;
	uint64_t state_deadline; /* ms, when the state times out */
	bool told_to_stop;       /* by SIGTERM or SIGINT; a second one ends it at once */
	enum instance_departure departure;
	uint64_t departs_at; /* ms, even if the port is busy */
	bool resumed;        /* from another process */
	int status;
	struct loop loop;
	struct port port;
	struct mux *mux;
	struct watch signals;
	struct node_host host;
	struct node nodes[MUX_NODES_MAX];
	const char *space_names[MUX_NODES_MAX + 1]; /* the node that each CID space belongs to */
	struct takeover takeover;
	struct connections connections;
	struct chores chores;
	uint64_t idle_since; /* ms */
};

struct mux_config;

/* The core's configuration, according to the options and the port. */
struct mux_config instance_mux_config(struct instance *instance);

/*
 * Adds the options that udev has for the port's modem. On false the error has been logged.
 */
bool instance_add_options(struct instance *instance);

/* Once there are a port and a mux. */
void instance_make_host(struct instance *instance);

/* Passes on what sessions have to be told. */
void instance_tell_owners(struct instance *instance);

#endif

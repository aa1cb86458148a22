/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core and the model side by side. Each step goes to both, and they are compared. */
#ifndef WORLD_H
#define WORLD_H

#include "model.h"
#include "operation.h"

struct world_config {
	unsigned nodes;
	size_t frame_max;
	size_t queue_bytes;
	uint64_t transaction_timeout;
	uint64_t ctl_timeout;
	uint64_t orphan_timeout;
	unsigned modem_clients; /* per service */
	uint8_t modem_first_cid;
	bool share_node;
	bool start_sync;
	bool proxy;      /* sessions in odd slots are connections to the proxy's socket */
	bool silent_end; /* the modem stops answering before the stop */
	bool checked;    /* mux_check() after every step */
};

struct world;

struct world *world_create(const struct world_config *config);
void world_destroy(struct world *world);

/* Both return false once a rule is broken. */
bool world_do(struct world *world, const struct operation *op);
/* Lets all requests end, then stops the instance: V15, V18. */
bool world_finish(struct world *world);

const struct model *world_model(const struct world *world);
const struct modem *world_modem(const struct world *world);
const struct world_config *world_config(const struct world *world);

#endif

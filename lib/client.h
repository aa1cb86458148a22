/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QMI clients: what the modem has allocated through this instance, on which
 * node each lives and which session holds it.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "cid_map.h"
#include "list.h"

struct session;
struct transaction;

struct client {
	uint8_t service;
	uint8_t cid;        /* virtual: the node's */
	uint8_t device_cid; /* the modem's */
	unsigned node;
	struct session *holder;        /* V8; NULL: an orphan */
	uint64_t orphaned_at;          /* ms */
	struct transaction *releasing; /* its Release CID, under way: gone for the application */
	bool call_up;                  /* WDS: a data call was started and not stopped: V9 */
	struct list transactions;      /* its requests in flight, and those that expired */
	struct list link;              /* in the clients, the least recently used first */
};

struct clients {
	struct list all;
	struct cid_map device; /* by the modem's CID */
	struct cid_map *nodes; /* by the virtual CID, a map for each node */
	unsigned node_count;
};

/* 0, or -ENOMEM. clients_finish() takes either. */
int clients_init(struct clients *clients, unsigned node_count);
void clients_finish(struct clients *clients);

/*
 * Makes a client at the node's lowest free CID; the modem's CID must not be
 * known yet. NULL with errno EMFILE (the node holds all 254) or ENOMEM.
 */
struct client *clients_add(struct clients *clients, unsigned node, uint8_t service,
			   uint8_t device_cid, struct session *holder);

/* Forgets a client that has no transaction any more. */
void clients_remove(struct clients *clients, struct client *client);

struct client *clients_of_node(const struct clients *clients, unsigned node, uint8_t service,
			       uint8_t cid);
struct client *clients_of_modem(const struct clients *clients, uint8_t service, uint8_t device_cid);
bool clients_exhausted(const struct clients *clients, unsigned node, uint8_t service);

/* The session, or NULL for one that has closed, sends a request with it: V7, V8. */
void client_use(struct clients *clients, struct client *client, struct session *session);
void client_orphan(struct client *client, uint64_t now);

/* The least recently used orphan of the service that may be given up, or NULL: V9. */
struct client *clients_reclaimable(const struct clients *clients, uint8_t service);
bool client_reclaimable(const struct client *client);

#endif

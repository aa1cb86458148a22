/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The QMI clients that the modem has allocated through this instance: the node
 * each belongs to, and the session that holds it.
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
	struct transaction *releasing; /* its Release CID in flight; it is unusable then */
	bool call_up;                  /* V9, WDS: a data call was started and not stopped */
	struct list transactions;      /* its requests, in flight and expired */
	struct list link;              /* in clients->all */
};

struct clients {
	struct list all; /* least recently used first */
	unsigned count;
	unsigned orphans;
	uint64_t orphan_timeout;  /* ms; 0: orphans never get too old */
	uint64_t orphan_deadline; /* ms: no orphan gets too old before this */
	struct cid_map device;    /* by device CID */
	struct cid_map *nodes;    /* by virtual CID, one map per node */
	unsigned node_count;
};

/* 0, or -ENOMEM. clients_finish() takes either. */
int clients_init(struct clients *clients, unsigned node_count, uint64_t orphan_timeout);
void clients_finish(struct clients *clients);

/*
 * Adds a client at the node's lowest free CID; device_cid must not be in use.
 * NULL with errno EMFILE (all 254 CIDs are taken) or ENOMEM.
 */
struct client *clients_add(struct clients *clients, unsigned node, uint8_t service,
			   uint8_t device_cid, struct session *holder);

/* Frees a client, which must have no transactions left. */
void clients_remove(struct clients *clients, struct client *client);

struct client *clients_of_node(const struct clients *clients, unsigned node, uint8_t service,
			       uint8_t cid);
struct client *clients_of_modem(const struct clients *clients, uint8_t service, uint8_t device_cid);
bool clients_exhausted(const struct clients *clients, unsigned node, uint8_t service);

/* V7, V8: the session, NULL if it has closed, sends a request with the client. */
void client_use(struct clients *clients, struct client *client, struct session *session);

/* Makes orphans of all clients that the session holds. */
void clients_orphan(struct clients *clients, const struct session *session, uint64_t now);

/* V9: the least recently used reclaimable orphan of the service, or NULL. */
struct client *clients_reclaimable(const struct clients *clients, uint8_t service);

/*
 * V9, --orphan-timeout. To find the orphans that are too old: if
 * clients_begin_ageing() returns true, walk over all clients; clients_age()
 * is true for those to release.
 */
bool clients_begin_ageing(struct clients *clients, uint64_t now);
bool clients_age(struct clients *clients, const struct client *client, uint64_t now);

/* Call this when a client may have become reclaimable: the next walk starts at once. */
void clients_check_ages(struct clients *clients);

#endif

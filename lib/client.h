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
	struct list link;              /* in the clients' list of all */
};

struct clients {
	struct list all; /* the least recently used first */
	unsigned count;
	unsigned orphans;
	uint64_t orphan_timeout;  /* ms; 0: orphans do not age */
	uint64_t orphan_deadline; /* ms: no orphan is too old before */
	struct cid_map device;    /* by the modem's CID */
	struct cid_map *nodes;    /* by the virtual CID, a map for each node */
	unsigned node_count;
};

/* 0, or -ENOMEM. clients_finish() takes either. */
int clients_init(struct clients *clients, unsigned node_count, uint64_t orphan_timeout);
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

/* Those that the session holds are orphans from now on. */
void clients_orphan(struct clients *clients, const struct session *session, uint64_t now);

/* The least recently used orphan of the service that may be given up, or NULL: V9. */
struct client *clients_reclaimable(const struct clients *clients, uint8_t service);

/*
 * V9: the orphans that are too old, and may be given up, are those for which
 * clients_age() says so between clients_begin_ageing(), which is false if there
 * can be none yet, and the end of a walk over all.
 */
bool clients_begin_ageing(struct clients *clients, uint64_t now);
bool clients_age(struct clients *clients, const struct client *client, uint64_t now);

/* One may have become one that can be given up: the ages of all are looked at again. */
void clients_check_ages(struct clients *clients);

#endif

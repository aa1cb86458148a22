/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The QMI clients that the modem has allocated through this instance: the node
 * and the user each belongs to, and the sessions that hold it.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "calls.h"
#include "cid_map.h"
#include "kept.h"
#include "list.h"
#include "table.h"
#include "user.h"

struct session;
struct transaction;

struct client {
	uint8_t service;
	uint8_t cid;        /* virtual: the node's */
	uint8_t device_cid; /* the modem's */
	unsigned node;
	struct user *user;             /* V28: whose session allocated it */
	uint64_t orphaned_at;          /* ms */
	struct transaction *releasing; /* its Release CID in flight; it is unusable then */
	struct calls calls;            /* V9: of a WDS client */
	unsigned kept;                 /* V29: its slot */
	uint32_t number;               /* V29: while it is saved */
	uint64_t asker;                /* V29: who may await answers from before a crash, or 0 */
	bool overdue;                  /* V9: an orphan too old, but not reclaimable yet */
	struct list holders;           /* V8: holdings, the last user first; empty: an orphan */
	struct list heads;             /* sessions whose next frame names it */
	struct list transactions;      /* its requests, in flight and expired */
	struct list link;              /* in the clients of its service */
	struct list orphan;            /* in its user's orphans */
	struct list age;               /* in clients->orphans_by_age, unless overdue */
};

/* V8: that a session holds a client. */
struct holding {
	struct session *session;
	struct client *client;
	unsigned kept; /* V29: its slot */
	struct list of_session;
	struct list of_client;
	struct table_entry entry; /* in clients->holdings */
};

struct service_clients {
	struct list clients; /* least recently used first */
	unsigned count;
	unsigned leaving;   /* further ones, which the mux is releasing on the modem */
	unsigned modem_has; /* V28: how many of both there were when the modem had no more */
	bool exhausted;     /* V28: the modem has said so */
};

struct clients {
	struct service_clients services[256];
	struct list orphans; /* all of them by age, but those overdue */
	struct table holdings;
	unsigned count;
	unsigned orphan_count;
	uint64_t orphan_timeout; /* ms; 0: orphans never get too old */
	struct cid_map device;   /* by device CID */
	struct cid_map *nodes;   /* by virtual CID, one map per node */
	unsigned node_count;
	struct kept *kept; /* or NULL */
};

/* 0, or -ENOMEM. clients_finish() takes either; their transactions and holders must be gone. */
int clients_init(struct clients *clients, unsigned node_count, uint64_t orphan_timeout);
void clients_finish(struct clients *clients);

/*
 * Adds a client at the node's lowest free CID, held by the session; device_cid
 * must not be in use. NULL with errno EMFILE (all 254 CIDs are taken) or ENOMEM.
 */
struct client *clients_add(struct clients *clients, struct session *session, uint8_t service,
			   uint8_t device_cid);

/*
 * V29: one from before a restart, in a slot where it is kept, without holders as yet. NULL
 * with errno EINVAL (its numbers are another's, or impossible) or ENOMEM.
 */
struct client *clients_restore(struct clients *clients, struct user *user,
			       const struct kept_client *from, unsigned kept);

/* V29: false with errno EINVAL (it holds it already, or is of another node) or ENOMEM. */
bool client_restore_holder(struct clients *clients, struct client *client, struct session *session,
			   unsigned kept);

/* It has no holder any more, or none was restored. */
void client_orphan(struct clients *clients, struct client *client, uint64_t now);

/* That this session holds the client, or NULL. */
struct holding *clients_holding(const struct clients *clients, const struct client *client,
				const struct session *session);

/* Frees a client, which must have no transactions and no heads left. */
void clients_remove(struct clients *clients, struct client *client);

struct client *clients_of_node(const struct clients *clients, unsigned node, uint8_t service,
			       uint8_t cid);
struct client *clients_of_modem(const struct clients *clients, uint8_t service, uint8_t device_cid);
bool clients_exhausted(const struct clients *clients, unsigned node, uint8_t service);

/* V8: a session, NULL if it has closed, sends a request with the client. False if out of memory. */
bool client_use(struct clients *clients, struct client *client, struct session *session);

/* Keeps which of its calls are up, after a change. */
void client_keep_calls(struct clients *clients, const struct client *client);

/* Ends one holding; a client without any is an orphan. */
void holding_end(struct clients *clients, struct holding *holding, uint64_t now);

static inline bool client_is_orphan(const struct client *client)
{
	return list_empty(&client->holders);
}

/* The session that alone holds it, or NULL. */
struct session *client_only_holder(const struct client *client);

/* True if only this session holds it. */
bool client_is_held_by_only(const struct client *client, const struct session *session);

/* V9: true if it is an orphan without a data call, and not being released. */
bool client_is_reclaimable(const struct client *client);

/*
 * V9, V28: the reclaimable client of the service to give up for a user's Allocate
 * CID, or NULL: its own before those of the user with the most, and of one user
 * the least recently used. On this node, or on any if it is NODE_ANY.
 */
#define NODE_ANY UINT32_MAX
struct client *clients_reclaimable(const struct clients *clients, const struct user *user,
				   uint8_t service, unsigned node);
struct client *clients_reclaimable_own(const struct clients *clients, const struct user *user,
				       uint8_t service);

/*
 * V28: the client of the service to take from another user, who has more than half
 * of those that the modem has, or at least 2 while this user has none; or NULL.
 */
struct client *clients_revocable(const struct clients *clients, struct user *user, uint8_t service);

/* The mux begins, or ends, to release a client that it does not know any more. */
void clients_begin_leaving(struct clients *clients, uint8_t service);
void clients_end_leaving(struct clients *clients, uint8_t service);

/* V28: the modem has no more clients of this service. */
void clients_note_exhaustion(struct clients *clients, uint8_t service);

/* V28: how many clients of a service the user may have. */
unsigned clients_limit(const struct clients *clients, const struct user *user, uint8_t service);

/*
 * V9, --orphan-timeout: the next orphan that is too old, or NULL. One that is not
 * reclaimable yet becomes overdue, and client_is_overdue() once it is.
 */
bool client_is_overdue(const struct client *client);
struct client *clients_too_old(struct clients *clients, uint64_t now);
uint64_t clients_deadline(const struct clients *clients); /* when to ask again, or UINT64_MAX */

#endif

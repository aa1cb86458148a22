/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions: the requests that the modem has been sent and has not
 * answered, and the mux's own ones that wait for their turn. They are recycled,
 * so that forwarding allocates nothing in steady state.
 *
 * One that expires stays without a session: a late answer has to find it, not
 * a newer request that reuses its tid (V15). A newer request that the answer
 * could be mistaken for contends with it: it waits for the late answer, but not
 * for long.
 */
#ifndef TRANSACTION_H
#define TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"

#define CTL_TIDS 255 /* 1 to 255; tid 0 is never used for a request: V4 */

struct client;
struct session;

enum transaction_purpose {
	PURPOSE_FORWARD,      /* an application's request like most */
	PURPOSE_ALLOCATE,     /* an application's Allocate CID */
	PURPOSE_RELEASE,      /* an application's Release CID */
	PURPOSE_CLEAN,        /* own Release CID: of a client that nobody has any more */
	PURPOSE_RECLAIM,      /* own Release CID: makes room for an Allocate CID */
	PURPOSE_SYNC_RELEASE, /* own Release CID: a part of a session's Sync */
	PURPOSE_START,        /* own Sync: while there is no client */
};

struct transaction {
	enum transaction_purpose purpose;
	struct session *session; /* who gets the answer; NULL: nobody */
	struct client *client;   /* NULL for CTL */
	struct client *released; /* whom a PURPOSE_RELEASE is about; NULL: it is gone already */
	uint64_t deadline;       /* ms */
	uint16_t message;
	uint16_t tid;        /* the application's */
	uint16_t device_tid; /* the modem's */
	uint8_t service;     /* of its client, or of the one that the CTL request is about */
	uint8_t cid;         /* that client's, virtual; unset in the mux's own */
	uint8_t device_cid;
	uint8_t attempts; /* to send it, that failed */
	bool expired;
	bool contended;        /* expired, and to be forgotten at its deadline */
	struct list of_client; /* in the client's transactions */
	struct list by_tid;    /* of a client's: in the table */
	struct list age;       /* in flight, expired, waiting or spare: in one of these lists */
};

#define TRANSACTION_BUCKETS 256

struct transactions {
	struct list
		table[TRANSACTION_BUCKETS]; /* of clients', by client and tid, the oldest first */
	struct list in_flight;              /* the oldest, which has the first deadline, first */
	struct list expired;                /* likewise */
	struct list spare;
	struct list waiting;          /* the mux's own, for the port */
	uint64_t contention_deadline; /* ms: no contended one is to be forgotten before */
	unsigned expired_count;
	unsigned expired_ctl_count;
	struct transaction *ctl[CTL_TIDS + 1]; /* by device tid, expired ones too */
	uint8_t resting[CTL_TIDS];             /* device tids not in flight, a ring */
	unsigned resting_first;
	unsigned resting_count;
	struct transaction *sending; /* the port has its request; NULL if it has ended since */
	struct transaction *sent;    /* it had this one's before; likewise */
};

void transactions_init(struct transactions *transactions);
void transactions_finish(struct transactions *transactions);

/* A blank one, in no list; NULL if there is no memory. */
struct transaction *transaction_create(struct transactions *transactions);

/*
 * Whether a CTL request has to wait: every tid is in flight or may still get a
 * late answer. In the latter case the request contends with the expired ones, so
 * that it does not wait for ever.
 */
bool transactions_lack_ctl_tid(struct transactions *transactions, uint64_t now);

/* Puts it in flight under the free CTL tid that rested longest; there must be one. */
void transaction_begin_ctl(struct transactions *transactions, struct transaction *transaction,
			   uint64_t deadline);

/* Puts it in flight for a client, under its own tid: V5. */
void transaction_begin(struct transactions *transactions, struct transaction *transaction,
		       struct client *client, uint64_t deadline);

/* The client's transaction that this answer is for, an expired one first, or NULL. */
struct transaction *transaction_answered(const struct transactions *transactions,
					 const struct client *client, uint16_t tid,
					 uint16_t message);

/* The one in flight that the application knows by this tid, or NULL. */
struct transaction *transaction_in_flight(const struct transactions *transactions,
					  const struct client *client, uint16_t tid);

/* The client's expired one whose late answer could be taken for one to this request, or NULL. */
struct transaction *transaction_expired(const struct transactions *transactions,
					const struct client *client, uint16_t tid,
					uint16_t message);

/* A request waits for this expired one, from now on or longer already. */
void transaction_contend(struct transactions *transactions, struct transaction *transaction,
			 uint64_t now);

/* Takes one that is in flight back, so that it can be sent once more. CTL only. */
void transaction_withdraw(struct transactions *transactions, struct transaction *transaction);

/* Frees its slot, but waits on for a late answer. */
void transaction_expire(struct transactions *transactions, struct transaction *transaction);

/* Ends it, wherever it stands; the pointer is dead then. */
void transaction_end(struct transactions *transactions, struct transaction *transaction);

/* One in flight whose time is over, or NULL. */
struct transaction *transactions_due(const struct transactions *transactions, uint64_t now);

/* Forgets the expired ones that were contended with for long enough. */
void transactions_end_contention(struct transactions *transactions, uint64_t now);

/* When one of the two above has something to do, or UINT64_MAX. */
uint64_t transactions_deadline(const struct transactions *transactions);

/* Whether an answer is to come that a client on the modem depends on. */
bool transactions_await_clients(const struct transactions *transactions);

#endif

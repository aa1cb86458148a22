/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions: requests that were sent to the modem and are not answered yet,
 * and the mux's own requests that wait for their turn. They are recycled, so
 * forwarding allocates no memory in steady state.
 *
 * V15: an expired transaction stays, without a session, so that a late response
 * matches it and not a newer request with the same tid. A newer request that
 * could be given that response contends with it: it waits for the late response,
 * but only briefly.
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
	PURPOSE_FORWARD,      /* an application's ordinary request */
	PURPOSE_ALLOCATE,     /* an application's Allocate CID */
	PURPOSE_RELEASE,      /* an application's Release CID */
	PURPOSE_CLEAN,        /* own Release CID: no session waits for it */
	PURPOSE_RECLAIM,      /* own Release CID: makes room for an Allocate CID */
	PURPOSE_SYNC_RELEASE, /* own Release CID: a part of a session's Sync */
	PURPOSE_START,        /* own Sync, while there are no clients */
};

struct transaction {
	enum transaction_purpose purpose;
	struct session *session; /* gets the response; NULL: no session does */
	struct client *client;   /* NULL for CTL */
	struct client *released; /* PURPOSE_RELEASE: its client, until forgotten or kept */
	uint64_t deadline;       /* ms */
	uint16_t message;
	uint16_t tid;        /* virtual: the application's */
	uint16_t device_tid; /* the modem's */
	uint8_t service;     /* of its client, or of the client that a CTL request is about */
	uint8_t cid;         /* that client's virtual CID; unset in own requests */
	uint8_t device_cid;
	uint8_t attempts; /* own requests: failed attempts to send it */
	bool expired;
	bool contended;        /* expired, and ends at its deadline: a request waits for it */
	struct list of_client; /* in the client's transactions */
	struct list by_tid;    /* in the table, if it is of a client */
	struct list age;       /* in one of the lists in_flight, expired, waiting, spare */
};

#define TRANSACTION_BUCKETS 256

struct transactions {
	struct list table[TRANSACTION_BUCKETS]; /* those of clients, by client and tid */
	struct list in_flight;                  /* oldest, and so earliest deadline, first */
	struct list expired;                    /* oldest first */
	struct list spare;
	struct list waiting;          /* own requests, for their turn */
	uint64_t contention_deadline; /* ms: no contended one ends before this */
	unsigned expired_count;
	unsigned expired_ctl_count;
	bool ctl_contended;                    /* every expired one of CTL is contended */
	struct transaction *ctl[CTL_TIDS + 1]; /* by device tid, including expired ones */
	uint8_t resting[CTL_TIDS];             /* device tids not in flight, a ring buffer */
	unsigned resting_first;
	unsigned resting_count;
	struct transaction *sending; /* the port is sending it; NULL: none, or it has ended */
	struct transaction *sent;    /* the last one that the port has sent; NULL likewise */
};

void transactions_init(struct transactions *transactions);
void transactions_finish(struct transactions *transactions);

/* A zeroed transaction, in no list; NULL if out of memory. */
struct transaction *transaction_create(struct transactions *transactions);

/*
 * True if a CTL request must wait, because every device tid is in flight or may
 * still get a late response. Then the request contends with all expired CTL
 * requests, so the wait is bounded.
 */
bool transactions_lack_ctl_tid(struct transactions *transactions, uint64_t now);

/* Puts it in flight under the free device tid that has rested longest; one must be free. */
void transaction_begin_ctl(struct transactions *transactions, struct transaction *transaction,
			   uint64_t deadline);

/* V5: puts it in flight for a client, under its own tid. */
void transaction_begin(struct transactions *transactions, struct transaction *transaction,
		       struct client *client, uint64_t deadline);

/* The client's transaction that a response belongs to, expired ones first, or NULL. */
struct transaction *transaction_answered(const struct transactions *transactions,
					 const struct client *client, uint16_t tid,
					 uint16_t message);

/* The client's transaction in flight with this tid, or NULL. */
struct transaction *transaction_in_flight(const struct transactions *transactions,
					  const struct client *client, uint16_t tid);

/* The client's expired transaction whose late response a request could be given, or NULL. */
struct transaction *transaction_expired(const struct transactions *transactions,
					const struct client *client, uint16_t tid,
					uint16_t message);

/* A request waits for this expired transaction: it ends 1 s after the first such call. */
void transaction_contend(struct transactions *transactions, struct transaction *transaction,
			 uint64_t now);

/* Moves a CTL transaction from in flight back to waiting, to be sent again. */
void transaction_withdraw(struct transactions *transactions, struct transaction *transaction);

/* Detaches it from its session; it stays to recognise a late response. */
void transaction_expire(struct transactions *transactions, struct transaction *transaction);

/* Ends a transaction in any state, and invalidates the pointer. */
void transaction_end(struct transactions *transactions, struct transaction *transaction);

/* A transaction in flight that has timed out, or NULL. */
struct transaction *transactions_due(const struct transactions *transactions, uint64_t now);

/* Ends the expired transactions that requests have waited for long enough. */
void transactions_end_contention(struct transactions *transactions, uint64_t now);

/* The time at which one of the two above has something to do, or UINT64_MAX. */
uint64_t transactions_deadline(const struct transactions *transactions);

/* True if a CTL request in flight allocates or releases a client. */
bool transactions_await_clients(const struct transactions *transactions);

#endif

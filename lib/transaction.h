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

#include "kept.h"
#include "list.h"
#include "table.h"
#include "user.h"
#include "window.h"

#define CTL_TIDS 255 /* 1 to 255; tid 0 is never used for a request: V4 */

/* V28: CTL tids that are only for the mux itself and for Allocate and Release CID. */
#define CTL_TIDS_RESERVED 32

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
	struct user *user;       /* whom it counts for */
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
	uint32_t number;  /* V29: while it is saved */
	uint8_t attempts; /* own requests: failed attempts to send it */
	bool charged;     /* to its user */
	bool in_flight;   /* with the modem, and not expired */
	bool expired;
	bool contended;            /* expired, and ends at its deadline: a request waits for it */
	bool resumed;              /* V29: in flight when the process crashed */
	bool has_slot;             /* V28: it takes one of its user's CTL slots */
	uint32_t subject;          /* V9: see calls_subject() */
	bool retried;              /* V9: an Allocate CID after a client was reclaimed for it */
	bool allocating;           /* V28: it counts as a client of its user */
	bool leaving;              /* V28: its client counts as one that the modem still has */
	struct list of_client;     /* in the client's transactions */
	struct list of_session;    /* in the session's transactions */
	struct table_entry by_tid; /* in the table, if it is of a client */
	struct list age;           /* in a list of those in flight, expired, own or spare */
	struct list contention;    /* in transactions.contended */
	struct list waiters;       /* sessions whose next frame waits for its end */
	struct window_entry young;
};

struct transactions {
	struct table table;        /* those of clients, by client and tid */
	struct list in_flight;     /* to services; oldest, and so earliest deadline, first */
	struct list ctl_in_flight; /* likewise */
	struct list contended;     /* likewise, of expired ones */
	struct list spare;
	unsigned spare_count;
	bool ctl_contended;                    /* every expired one of CTL is contended */
	struct transaction *ctl[CTL_TIDS + 1]; /* by device tid, including expired ones */
	unsigned ctl_count;                    /* those */
	uint8_t resting[CTL_TIDS];             /* device tids not in flight, a ring buffer */
	unsigned resting_first;
	unsigned resting_count;
	struct transaction *sending; /* the port is sending it; NULL: none, or it has ended */
	struct transaction *sent;    /* the last one that the port has sent; NULL likewise */
	struct kept *kept;           /* or NULL */
};

int transactions_init(struct transactions *transactions); /* 0, or -ENOMEM */
void transactions_finish(struct transactions *transactions);

/*
 * A zeroed transaction, in no list, that counts for the user. NULL with errno
 * EDQUOT (the user is over its limit on memory) or ENOMEM. For one of the mux's
 * own, which must be sent, there is no limit.
 */
struct transaction *transaction_create(struct transactions *transactions, struct user *user);
struct transaction *transaction_create_own(struct transactions *transactions, struct user *user);

static inline bool transactions_have_ctl_tid(const struct transactions *transactions)
{
	return transactions->ctl_count < CTL_TIDS;
}

/* Puts it in flight under the free device tid that has rested longest; there must be one. */
void transaction_begin_ctl(struct transactions *transactions, struct transaction *transaction,
			   uint64_t deadline);

/*
 * V29: puts it back under its device tid, in flight or expired. False if another one has
 * that, or there is none such.
 */
bool transaction_restore_ctl(struct transactions *transactions, struct transaction *transaction);

/* V29: the same for a client's. */
void transaction_restore(struct transactions *transactions, struct transaction *transaction,
			 struct client *client);

/* V29: the tids that no request in flight has, from the one behind this one on, rest. */
void transactions_restore_tids(struct transactions *transactions, uint8_t last);

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

/* The same for all expired CTL requests, of a user or (NULL) of everybody. */
void transactions_contend_ctl(struct transactions *transactions, struct user *user, uint64_t now);

/* Takes a CTL transaction out of flight, to be sent again. */
void transaction_withdraw(struct transactions *transactions, struct transaction *transaction);

/* Detaches it from its session; it stays to recognise a late response. */
void transaction_expire(struct transactions *transactions, struct transaction *transaction);

/* Ends a transaction in any state, and invalidates the pointer. Nothing may wait for it. */
void transaction_end(struct transactions *transactions, struct transaction *transaction);

/* A transaction in flight that has timed out, or NULL. */
struct transaction *transactions_due(const struct transactions *transactions, uint64_t now);

/* An expired transaction that requests have waited for long enough, or NULL. */
struct transaction *transactions_outwaited(const struct transactions *transactions, uint64_t now);

/* The time at which one of the two above has something to do, or UINT64_MAX. */
uint64_t transactions_deadline(const struct transactions *transactions);

/* Of one of the two lists of those in flight: when the first times out, or UINT64_MAX. */
uint64_t transactions_first_deadline(const struct list *in_flight);

unsigned transactions_count_in_flight(const struct transactions *transactions);

/* True if a CTL request in flight allocates or releases a client. */
bool transactions_await_clients(const struct transactions *transactions);

#endif

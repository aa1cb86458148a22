/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V28: users, each a uid, with what counts against each one's limits, and the
 * rotations in which they take turns. A user exists while anything belongs to it.
 */
#ifndef USER_H
#define USER_H

#include <stdbool.h>
#include <stdint.h>

#include "account.h"
#include "list.h"
#include "rotation.h"
#include "table.h"

/* Limits of a user other than root. */
#define USER_SESSIONS  1024
#define USER_LINGERING 8
#define USER_CLIENTS   16 /* of one service */
#define USER_CTL_SLOTS 32
#define USER_OWN       1 /* young requests of the mux's own */

/* V15: expired requests remembered for a user; for root too. */
#define USER_EXPIRED 1024

#define SESSIONS_MAX  4096
#define ROOT_SESSIONS 64 /* those of SESSIONS_MAX that only root gets */

/* Classes of queues by their size: the longest loses indications first. */
#define QUEUE_CLASSES 24

struct session;

/* One that takes turns at the port: an open or lingering session, or a user for its closed ones. */
struct turn {
	struct user *user;
	struct session *session; /* NULL: a user's own */
	struct list own;         /* the mux's own requests on its behalf that wait */
	struct place own_place;  /* in user->own while there are any */
	struct place head_place; /* in user->heads while its session's next frame can be sent */
};

struct user {
	struct users *all;
	uint32_t uid;
	unsigned references;
	uint32_t number; /* V29: while it is saved */
	struct account account;
	unsigned sessions;     /* open and lingering */
	unsigned lingering;    /* V6 */
	unsigned ctl_slots;    /* CTL requests sent or about to be, and expired ones with a tid */
	bool ctl_contended;    /* every expired one is contended */
	uint16_t clients[256]; /* of each service, with those that are being allocated */
	unsigned tally;        /* of a search among clients */
	unsigned expired_count;
	struct list expired;               /* its expired transactions, oldest first */
	struct list orphans;               /* its orphans, oldest first */
	struct list ctl_waiting;           /* sessions that wait for one of its slots */
	struct list queues[QUEUE_CLASSES]; /* its sessions with indications to read, by size */
	unsigned young;                    /* its requests in the window */
	unsigned own_young;                /* the mux's own on its behalf, as young */
	struct turn turn;
	struct line own, heads, local;
	struct table_entry entry; /* in all->table */
};

struct users {
	struct table table; /* by uid */
	struct account everybody;
	struct account all_but_root;
	unsigned sessions;     /* open and lingering */
	struct rotation own;   /* requests of the mux's own */
	struct rotation held;  /* the same, of users that have as many at the modem as they may */
	struct rotation heads; /* sessions' next frames, for the port, while the window is open */
	struct rotation first; /* those of users without a request in the window, at any time */
	struct rotation local; /* sessions' next frames, to be looked at */
	uint64_t clock;
	bool ending;    /* V18: nobody's own requests are held */
	bool overdrawn; /* V29: the limits were higher before a restart */
};

/* 0, or -ENOMEM. memory: everybody's limit, in bytes. users_finish() takes either. */
int users_init(struct users *users, size_t memory);
void users_finish(struct users *users);

/* The user of this uid, or NULL. */
struct user *user_find(const struct users *users, uint32_t uid);

/* The same with one more reference, made if necessary; NULL if out of memory. */
struct user *user_get(struct users *users, uint32_t uid);
struct user *user_hold(struct user *user); /* one more reference; returns user */
void user_put(struct user *user);          /* one less; the last one frees it */

static inline bool user_is_root(const struct user *user)
{
	return user->uid == 0;
}

/* True if the user may have one more. */
bool user_may_open(const struct user *user);
bool user_may_linger(const struct user *user);

/* It has one more request in the window, or one less: without any it need not wait for one. */
void user_add_young(struct user *user);
void user_drop_young(struct user *user);

/* The same of the mux's own requests on its behalf: root's are never held. */
void user_add_own_young(struct user *user);
void user_drop_own_young(struct user *user);
bool user_may_send_own(const struct user *user);

/* The rotations of its lines heads and own. */
struct rotation *user_heads(const struct user *user);
struct rotation *user_owns(const struct user *user);

/* V29: sets everybody's limit, even below what is used. */
void users_set_memory(struct users *users, size_t memory);

/* V18: no own requests are held any more. */
void users_release_held(struct users *users);

void turn_init(struct turn *turn, struct user *user, struct session *session);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a mux: one object for each file. lib/floors says which file may
 * call which.
 */
#ifndef MUX_PRIVATE_H
#define MUX_PRIVATE_H

#include "client.h"
#include "device_sync.h"
#include "input.h"
#include "kept.h"
#include "list.h"
#include "mux.h"
#include "own.h"
#include "resume.h"
#include "session.h"
#include "stand.h"
#include "transaction.h"
#include "turns.h"
#include "user.h"
#include "window.h"

struct mux {
	struct mux_config config;
	struct mux_counters counters;
	struct users users;
	struct sessions sessions;
	struct clients clients;
	struct transactions transactions;
	struct window window;
	struct slots slots;
	struct input input;
	struct own own;
	struct device_sync device_sync;
	struct turns turns;
	struct kept kept;
	struct resumption resumption;
	uint64_t now; /* ms: the last time that the caller has given */
	uint64_t broadcasts_seen;
	uint64_t responses; /* from the modem */
	uint64_t unasked;   /* those to no request */
	bool stopping;
	bool unplugged;
};

static inline struct mux *mux_of(const struct session *session)
{
	return container_of(session->all, struct mux, sessions);
}

#endif

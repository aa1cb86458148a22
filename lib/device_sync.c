/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device_sync.h"

#include <errno.h>

#include "ledger.h"

#define REPEAT_MS 2000

/* How long after the answer an indication may come with it. */
#define FRESH_MS 1000

void device_sync_init(struct device_sync *sync)
{
	*sync = (struct device_sync){.again_at = MUX_NEVER};
}

/* The one that waits to be sent, or NULL: always the first of root's. */
static struct transaction *device_sync_waiting(const struct mux *mux)
{
	const struct user *root = user_find(&mux->users, 0);
	struct transaction *first;

	if (!root || list_empty(&root->turn.own))
		return NULL;
	first = container_of(root->turn.own.next, struct transaction, age);
	return first->purpose == PURPOSE_START ? first : NULL;
}

static bool device_sync_is_in_flight(const struct mux *mux, enum transaction_purpose purpose)
{
	list_for_each (link, &mux->transactions.ctl_in_flight) {
		if (container_of(link, struct transaction, age)->purpose == purpose)
			return true;
	}
	return false;
}

static bool device_sync_is_harmless(const struct mux *mux)
{
	return mux->clients.count == 0 && !device_sync_is_in_flight(mux, PURPOSE_ALLOCATE);
}

void device_sync_queue(struct mux *mux, struct transaction *transaction)
{
	struct user *root = transaction->user;

	list_prepend(&root->turn.own, &transaction->age);
	rotation_join(&mux->users.own, &root->own, &root->turn.own_place);
}

/* 0 or -ENOMEM. */
static int device_sync_send(struct mux *mux)
{
	struct user *root;
	struct transaction *transaction;

	if (device_sync_waiting(mux))
		return 0;
	root = user_get(&mux->users, 0);
	if (!root)
		return -ENOMEM;
	transaction = transaction_create_own(&mux->transactions, root);
	user_put(root);
	if (!transaction)
		return -ENOMEM;
	mux->device_sync.clean = true;
	transaction->purpose = PURPOSE_START;
	transaction->message = QMI_CTL_SYNC;
	device_sync_queue(mux, transaction);
	return 0;
}

static void device_sync_try(struct mux *mux)
{
	if (device_sync_send(mux) < 0)
		ledger_log(mux, MUX_WARNING,
			   "out of memory: clients may stay allocated on the modem");
}

int device_sync_start(struct mux *mux)
{
	mux->device_sync.again_at = mux->now + REPEAT_MS;
	mux->device_sync.gives_up_at = mux->now + MUX_SYNC_PATIENCE;
	return device_sync_send(mux);
}

/* It need not be repeated. */
static void device_sync_end(struct device_sync *sync)
{
	sync->answered = true;
	sync->owed = false;
	sync->again_at = MUX_NEVER;
}

void device_sync_answer(struct mux *mux)
{
	device_sync_end(&mux->device_sync);
	mux->device_sync.fresh_until = mux->now + FRESH_MS;
}

void device_sync_restart(struct mux *mux)
{
	device_sync_end(&mux->device_sync);
	if (mux->config.sync && !mux->stopping)
		device_sync_try(mux);
}

struct turn *device_sync_turn(const struct mux *mux)
{
	const struct transaction *transaction = device_sync_waiting(mux);

	return transaction ? &transaction->user->turn : NULL;
}

void device_sync_cancel(struct mux *mux)
{
	struct transaction *transaction = device_sync_waiting(mux);
	struct user *root;

	if (!transaction)
		return;
	root = transaction->user;
	list_remove(&transaction->age);
	if (list_empty(&root->turn.own))
		rotation_leave(&root->own, &root->turn.own_place);
	ledger_end(mux, transaction);
}

bool device_sync_explains_indication(const struct mux *mux)
{
	const struct device_sync *sync = &mux->device_sync;

	return sync->clean &&
	       (mux->now < sync->fresh_until || device_sync_is_in_flight(mux, PURPOSE_START));
}

void device_sync_note_client(struct mux *mux)
{
	mux->device_sync.clean = false;
	mux->device_sync.owed = false;
	mux->device_sync.again_at = MUX_NEVER;
}

void device_sync_hear(struct mux *mux)
{
	struct device_sync *sync = &mux->device_sync;

	if (!sync->owed || mux->stopping || !device_sync_is_harmless(mux))
		return;
	sync->owed = false;
	ledger_log(mux, MUX_INFO, "the modem has answered no Sync, but is there: sending another");
	device_sync_try(mux);
}

void device_sync_tick(struct mux *mux)
{
	struct device_sync *sync = &mux->device_sync;

	if (mux->now < sync->again_at)
		return;
	if (mux->now >= sync->gives_up_at) {
		sync->again_at = MUX_NEVER;
		sync->owed = true;
		return;
	}
	if (!mux->stopping && device_sync_is_harmless(mux))
		device_sync_try(mux);
	sync->again_at = mux->now + REPEAT_MS;
	if (sync->again_at > sync->gives_up_at)
		sync->again_at = sync->gives_up_at;
}

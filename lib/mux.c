/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of mux.h, in its order. */
#include "mux.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "answers.h"
#include "frame.h"
#include "ledger.h"

struct mux *mux_create(const struct mux_config *config)
{
	struct mux *mux = calloc(1, sizeof(*mux));
	int err = 0;

	assert(config->nodes >= 1 && config->nodes <= MUX_NODES_MAX);
	assert(config->frame_max <= QMUX_SIZE_MAX);
	if (!mux)
		return NULL;
	mux->config = *config;
	sessions_init(&mux->sessions, config->frame_max, config->queue_bytes);
	transactions_init(&mux->transactions);
	own_init(&mux->own);
	err |= clients_init(&mux->clients, config->nodes, config->orphan_timeout);
	err |= input_init(&mux->input);
	err |= turns_init(&mux->turns, config->frame_max);
	if (err) {
		mux_destroy(mux);
		return NULL;
	}
	return mux;
}

void mux_destroy(struct mux *mux)
{
	turns_finish(&mux->turns);
	sessions_finish(&mux->sessions);
	transactions_finish(&mux->transactions);
	clients_finish(&mux->clients);
	input_finish(&mux->input);
	free(mux);
}

const struct mux_counters *mux_counters(const struct mux *mux)
{
	return &mux->counters;
}

unsigned mux_session_count(const struct mux *mux)
{
	return mux->sessions.count;
}

unsigned mux_client_count(const struct mux *mux)
{
	return mux->clients.count;
}

unsigned mux_orphan_count(const struct mux *mux)
{
	return mux->clients.orphans;
}

struct session *mux_open(struct mux *mux, unsigned node, void *owner)
{
	assert(node < mux->config.nodes);
	if (mux->unplugged || mux->stopping) {
		errno = ENODEV;
		return NULL;
	}
	return session_create(&mux->sessions, node, owner);
}

void mux_close(struct session *session, uint64_t now)
{
	struct mux *mux = mux_of(session);

	ledger_forget_asker(mux, session);
	clients_orphan(&mux->clients, session, now);
	turns_settle(mux, turns_linger(mux, session));
}

void *mux_session_owner(const struct session *session)
{
	return session->owner;
}

unsigned mux_session_node(const struct session *session)
{
	return session->node;
}

uint64_t mux_session_id(const struct session *session)
{
	return session->id;
}

ssize_t mux_write(struct session *session, const uint8_t *data, size_t size)
{
	struct mux *mux = mux_of(session);
	ssize_t taken;

	if (mux->unplugged || mux->stopping)
		return -ENODEV;
	taken = session_accept(session, data, size);
	turns_join(mux, session);
	turns_settle(mux, session);
	return taken;
}

ssize_t mux_peek(struct session *session, const uint8_t **data)
{
	if (mux_of(session)->unplugged)
		return -ENODEV;
	return session_peek(session, data);
}

void mux_consume(struct session *session, size_t size)
{
	session_consume(session, size);
}

unsigned mux_session_state(const struct session *session)
{
	const struct mux *mux = mux_of(session);
	unsigned state = 0;

	if (mux->unplugged)
		return SESSION_DEAD;
	if (session_readable(session))
		state |= SESSION_READABLE;
	if (!mux->stopping && session_writable(session))
		state |= SESSION_WRITABLE;
	return state;
}

struct session *mux_next_changed(struct mux *mux)
{
	return sessions_next_changed(&mux->sessions);
}

bool mux_has_changed(const struct mux *mux)
{
	return !list_empty(&mux->sessions.changed);
}

const uint8_t *mux_port_next(struct mux *mux, uint64_t now, size_t *size)
{
	return mux->unplugged ? NULL : turns_next(mux, now, size);
}

void mux_port_sent(struct mux *mux)
{
	turns_sent(mux);
}

void mux_port_failed(struct mux *mux, uint64_t now)
{
	turns_failed(mux, now);
	turns_settle(mux, NULL);
}

void mux_port_lost(struct mux *mux, uint64_t now)
{
	turns_lost(mux, now);
	turns_settle(mux, NULL);
}

void mux_port_received(struct mux *mux, const uint8_t *data, size_t size, uint64_t now)
{
	answers_receive(mux, data, size, now);
	turns_settle(mux, NULL);
}

void mux_port_reset(struct mux *mux)
{
	input_discard(&mux->input);
	answers_restart(mux);
	turns_settle(mux, NULL);
}

void mux_port_unplugged(struct mux *mux)
{
	mux->unplugged = true;
	turns_unplugged(mux);
	sessions_mark_all_changed(&mux->sessions);
}

int mux_start_sync(struct mux *mux)
{
	int err = own_start_sync(mux);

	if (err < 0)
		return err;
	turns_own_first(mux);
	turns_settle(mux, NULL);
	return 0;
}

bool mux_sync_answered(const struct mux *mux)
{
	return mux->own.sync_answered;
}

void mux_stop(struct mux *mux)
{
	mux->stopping = true;
	list_for_each (link, &mux->sessions.open)
		ledger_forget_asker(mux, container_of(link, struct session, link));
	turns_discard(mux);
	own_release_all(mux);
	turns_settle(mux, NULL);
}

bool mux_stopped(const struct mux *mux)
{
	if (mux->unplugged)
		return true;
	return !mux->turns.port_busy && !own_is_waiting(mux) &&
	       !transactions_await_clients(&mux->transactions);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t mux_deadline(const struct mux *mux)
{
	uint64_t deadline = transactions_deadline(&mux->transactions);

	if (mux->unplugged)
		return MUX_NEVER;
	deadline = earlier(deadline, mux->clients.orphan_deadline);
	deadline = earlier(deadline, mux->input.deadline);
	return earlier(deadline, mux->own.retry_at);
}

void mux_tick(struct mux *mux, uint64_t now)
{
	struct transaction *transaction;

	while ((transaction = transactions_due(&mux->transactions, now)))
		ledger_time_out(mux, transaction);
	transactions_end_contention(&mux->transactions, now);
	answers_end_partial(mux, now);
	/* After the partial frame: a response behind its start may let go of an old orphan. */
	own_release_old_orphans(mux, now);
	own_end_pause(mux, now);
	turns_settle(mux, NULL);
}

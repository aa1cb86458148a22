/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of mux.h, in its order. */
#include "mux.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "answers.h"
#include "frame.h"
#include "ledger.h"

/* V28: local turns in one call: enough for a program's next request, too few to stall others. */
#define TURNS_AT_ONCE 64

struct mux *mux_create(const struct mux_config *config)
{
	struct mux *mux = calloc(1, sizeof(*mux));
	int err = 0;

	assert(config->nodes + config->proxy >= 1 && config->nodes <= MUX_NODES_MAX);
	assert(config->frame_max >= FRAME_MAX_MIN && config->frame_max <= QMUX_SIZE_MAX);
	if (!mux)
		return NULL;
	mux->config = *config;
	sessions_init(&mux->sessions, config->frame_max, config->queue_bytes);
	window_init(&mux->window);
	slots_init(&mux->slots);
	own_init(&mux->own);
	device_sync_init(&mux->device_sync);
	resume_init(&mux->resumption);
	err |= users_init(&mux->users, config->memory);
	err |= transactions_init(&mux->transactions);
	err |= clients_init(&mux->clients, config->nodes + config->proxy, config->orphan_timeout);
	err |= input_init(&mux->input);
	err |= turns_init(&mux->turns, config->frame_max);
	mux->sessions.kept = &mux->kept;
	mux->clients.kept = &mux->kept;
	mux->transactions.kept = &mux->kept;
	if (err) {
		mux_destroy(mux);
		return NULL;
	}
	return mux;
}

static void mux_drop_session(struct mux *mux, struct session *session)
{
	ledger_forget_asker(mux, session);
	list_for_each (link, &session->holdings)
		holding_end(&mux->clients, container_of(link, struct holding, of_session), 0);
	stand_leave(mux, session);
	session_destroy(session);
}

void mux_destroy(struct mux *mux)
{
	kept_end(&mux->kept);
	mux->stopping = true;
	list_for_each (link, &mux->sessions.open)
		mux_drop_session(mux, container_of(link, struct session, link));
	list_for_each (link, &mux->sessions.lingering)
		mux_drop_session(mux, container_of(link, struct session, link));
	ledger_end_all(mux);
	own_abandon_all(mux);
	transactions_finish(&mux->transactions);
	clients_finish(&mux->clients);
	users_finish(&mux->users);
	turns_finish(&mux->turns);
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
	return mux->clients.orphan_count;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

unsigned mux_in_flight(const struct mux *mux)
{
	return transactions_count_in_flight(&mux->transactions);
}

uint64_t mux_oldest_in_flight(const struct mux *mux)
{
	uint64_t service = transactions_first_deadline(&mux->transactions.in_flight);
	uint64_t ctl = transactions_first_deadline(&mux->transactions.ctl_in_flight);

	if (service != MUX_NEVER)
		service -= mux->config.transaction_timeout;
	if (ctl != MUX_NEVER)
		ctl -= mux->config.ctl_timeout;
	return earlier(service, ctl);
}

uint64_t mux_responses(const struct mux *mux)
{
	return mux->responses;
}

uint64_t mux_unasked(const struct mux *mux)
{
	return mux->unasked;
}

struct session *mux_open(struct mux *mux, unsigned node, uint32_t uid, void *owner)
{
	struct user *user;
	struct session *session;

	assert(node < mux->config.nodes + mux->config.proxy);
	if (mux->unplugged || mux->stopping) {
		errno = ENODEV;
		return NULL;
	}
	user = user_get(&mux->users, uid);
	if (!user) {
		errno = ENOMEM;
		return NULL;
	}
	session = session_create(&mux->sessions, user, node, owner);
	user_put(user);
	return session;
}

bool mux_user_lingers(const struct mux *mux, uint32_t uid)
{
	const struct user *user = user_find(&mux->users, uid);

	return user && !user_may_linger(user);
}

void mux_close(struct session *session, uint64_t now)
{
	struct mux *mux = mux_of(session);

	mux->now = now;
	if (!mux->stopping)
		ledger_expire_ctl(mux, session);
	ledger_forget_asker(mux, session);
	list_for_each (link, &session->holdings)
		holding_end(&mux->clients, container_of(link, struct holding, of_session), now);
	turns_linger(mux, session);
}

void *mux_session_owner(const struct session *session)
{
	return session->owner;
}

unsigned mux_session_node(const struct session *session)
{
	return session->node;
}

uint32_t mux_session_user(const struct session *session)
{
	return session->user->uid;
}

uint64_t mux_session_id(const struct session *session)
{
	return session->id;
}

bool mux_charge(struct session *session, size_t bytes)
{
	return session_charge(session, bytes);
}

void mux_refund(struct session *session, size_t bytes)
{
	session_refund(session, bytes);
}

size_t mux_memory(const struct mux *mux)
{
	return mux->users.everybody.used;
}

ssize_t mux_write(struct session *session, const uint8_t *data, size_t size, uint64_t now)
{
	struct mux *mux = mux_of(session);
	bool waits = session_request(session) != NULL;
	ssize_t taken;

	if (mux->unplugged || mux->stopping)
		return -ENODEV;
	mux->now = now;
	taken = session_accept(session, data, size);
	/* Behind frames that wait, this write changes nobody's turn. */
	if (waits || !session_request(session))
		return taken;
	turns_join(mux, session);
	turns_work(mux, session, TURNS_AT_ONCE);
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
	mux->now = now;
	ledger_age(mux);
	return mux->unplugged ? NULL : turns_next(mux, size);
}

const uint8_t *mux_port_pending(const struct mux *mux, size_t *size)
{
	if (!mux->turns.port_busy)
		return NULL;
	*size = frame_size(mux->turns.frame);
	return mux->turns.frame;
}

void mux_port_sent(struct mux *mux)
{
	turns_sent(mux);
}

void mux_port_failed(struct mux *mux, uint64_t now)
{
	mux->now = now;
	turns_failed(mux);
}

void mux_port_lost(struct mux *mux, uint64_t now)
{
	mux->now = now;
	turns_lost(mux);
}

void mux_port_received(struct mux *mux, const uint8_t *data, size_t size, uint64_t now)
{
	mux->now = now;
	answers_receive(mux, data, size, now);
}

void mux_port_cut(struct mux *mux)
{
	answers_drop_partial(mux);
}

void mux_port_reset(struct mux *mux)
{
	input_discard(&mux->input);
	answers_restart(mux);
	device_sync_restart(mux);
}

void mux_port_unplugged(struct mux *mux)
{
	mux->unplugged = true;
	turns_unplugged(mux);
	sessions_mark_all_changed(&mux->sessions);
}

int mux_start_sync(struct mux *mux, uint64_t now)
{
	mux->now = now;
	return device_sync_start(mux);
}

bool mux_sync_answered(const struct mux *mux)
{
	return mux->device_sync.answered;
}

void mux_stop(struct mux *mux)
{
	mux->stopping = true;
	users_release_held(&mux->users);
	list_for_each (link, &mux->sessions.open)
		ledger_forget_asker(mux, container_of(link, struct session, link));
	turns_discard(mux);
	own_release_all(mux);
}

bool mux_stopped(const struct mux *mux)
{
	if (mux->unplugged)
		return true;
	return !mux->turns.port_busy && !own_is_waiting(mux) &&
	       !transactions_await_clients(&mux->transactions);
}

uint64_t mux_deadline(const struct mux *mux)
{
	uint64_t deadline = transactions_deadline(&mux->transactions);

	if (mux->unplugged)
		return MUX_NEVER;
	if (turns_are_left(mux))
		return 0;
	deadline = earlier(deadline, clients_deadline(&mux->clients));
	if (turns_await_window(mux))
		deadline = earlier(deadline, window_deadline(&mux->window));
	deadline = earlier(deadline, own_deadline(mux));
	deadline = earlier(deadline, mux->device_sync.again_at);
	deadline = earlier(deadline, turns_deadline(mux));
	deadline = earlier(deadline, mux->input.deadline);
	deadline = earlier(deadline, mux->resumption.waits_until);
	return earlier(deadline, mux->own.retry_at);
}

void mux_tick(struct mux *mux, uint64_t now)
{
	struct transaction *transaction;

	mux->now = now;
	resume_tick(mux);
	/* First, so that nothing that expires now is taken for something to wait for. */
	while ((transaction = transactions_outwaited(&mux->transactions, now)))
		ledger_end(mux, transaction);
	while ((transaction = transactions_due(&mux->transactions, now)))
		ledger_time_out(mux, transaction);
	ledger_age(mux);
	answers_end_partial(mux, now);
	/* After the partial frame: a response behind its start may let go of an old orphan. */
	own_release_old_orphans(mux);
	own_end_pause(mux);
	device_sync_tick(mux);
	turns_give_up(mux);
	turns_work(mux, NULL, TURNS_AT_ONCE);
}

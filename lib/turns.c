/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turns.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "frame.h"
#include "ledger.h"
#include "requests.h"

/* V6: limit on lingering sessions. A session that closes beyond it loses its frames. */
#define LINGERING_MAX 64

/* V15: attempts at an own request on a failing port before a session that waits is answered. */
#define ATTEMPTS_MAX 3

int turns_init(struct turns *turns, size_t frame_max)
{
	*turns = (struct turns){.frame = malloc(frame_max)};
	list_init(&turns->order);
	list_init(&turns->own);
	return turns->frame ? 0 : -ENOMEM;
}

void turns_finish(struct turns *turns)
{
	list_for_each (link, &turns->order) {
		if (link != &turns->own)
			session_destroy(container_of(link, struct session, turn));
	}
	free(turns->frame);
}

static void turns_bury(struct mux *mux, struct session *session)
{
	mux->turns.lingering--;
	session_destroy(session);
}

static void turns_settle_session(struct mux *mux, struct session *session)
{
	const uint8_t *frame = NULL;
	size_t size;

	while (session->sync_left == 0 && (frame = session_request(session, &size)) &&
	       requests_answer(mux, session, frame))
		session_pop_request(session);
	if (session_request(session, &size))
		return;
	list_remove(&session->turn);
	if (session->closed)
		turns_bury(mux, session);
}

void turns_settle(struct mux *mux, struct session *session)
{
	struct turns *turns = &mux->turns;

	if (session)
		turns_settle_session(mux, session);
	while (mux->heads_changed) {
		mux->heads_changed = false;
		list_for_each (link, &turns->order) {
			if (link != &turns->own)
				turns_settle_session(mux, container_of(link, struct session, turn));
		}
	}
	if (!own_is_waiting(mux))
		list_remove(&turns->own);
	else if (list_empty(&turns->own))
		list_append(&turns->order, &turns->own);
}

void turns_join(struct mux *mux, struct session *session)
{
	size_t size;

	if (session_request(session, &size) && list_empty(&session->turn))
		list_append(&mux->turns.order, &session->turn);
}

struct session *turns_linger(struct mux *mux, struct session *session)
{
	if (mux->unplugged || mux->turns.lingering == LINGERING_MAX) {
		session_destroy(session);
		return NULL;
	}
	session_close(session);
	mux->turns.lingering++;
	return session;
}

void turns_own_first(struct mux *mux)
{
	list_prepend(&mux->turns.order, &mux->turns.own);
}

void turns_discard(struct mux *mux)
{
	list_for_each (link, &mux->turns.order) {
		struct session *session = container_of(link, struct session, turn);

		if (link == &mux->turns.own)
			continue;
		session_discard_requests(session);
		list_remove(&session->turn);
		if (session->closed)
			turns_bury(mux, session);
	}
}

/* Takes the next frame of a session, or of the mux itself; false if it must wait. */
static bool turns_take(struct mux *mux, struct list *turn, uint64_t now)
{
	struct turns *turns = &mux->turns;
	struct session *session = container_of(turn, struct session, turn);
	bool own = turn == &turns->own;

	if (own ? !own_send(mux, turns->frame, now)
		: !requests_send(mux, session, turns->frame, now))
		return false;
	list_append(&turns->order, turn);
	turns_settle(mux, own ? NULL : session);
	return true;
}

const uint8_t *turns_next(struct mux *mux, uint64_t now, size_t *size)
{
	assert(!mux->turns.port_busy);
	list_for_each (link, &mux->turns.order) {
		if (!turns_take(mux, link, now))
			continue;
		mux->turns.port_busy = true;
		mux->counters.requests++;
		*size = frame_size(mux->turns.frame);
		return mux->turns.frame;
	}
	return NULL;
}

void turns_sent(struct mux *mux)
{
	mux->turns.port_busy = false;
	mux->transactions.sent = mux->transactions.sending;
	mux->transactions.sending = NULL;
}

void turns_unplugged(struct mux *mux)
{
	mux->turns.port_busy = false;
}

static bool turns_is_own(const struct transaction *transaction)
{
	return transaction->purpose >= PURPOSE_CLEAN;
}

/* Nothing else knows of the client: without this it would stay allocated on the modem. */
static void turns_go_on_releasing(struct mux *mux, struct transaction *transaction, uint64_t now)
{
	transaction->purpose = PURPOSE_CLEAN;
	transaction->session = NULL;
	transaction->attempts = 0;
	own_send_again(mux, transaction, now);
}

/*
 * V15: the port has failed to send this request, or has lost it after it was sent;
 * NULL if its transaction has ended. A lost request may have reached the modem after
 * all, so it expires, and its response counts as late.
 */
static void turns_fail(struct mux *mux, struct transaction *transaction, bool sent, uint64_t now)
{
	if (!transaction || transaction->expired)
		return;
	if (turns_is_own(transaction) && ++transaction->attempts < ATTEMPTS_MAX) {
		own_send_again(mux, transaction, now);
		return;
	}
	if (transaction->released)
		own_keep(mux, transaction->released);
	ledger_abandon(mux, transaction, QMI_ERROR_INTERNAL);
	if (turns_is_own(transaction) && transaction->message == QMI_CTL_RELEASE_CID)
		turns_go_on_releasing(mux, transaction, now);
	else if (sent)
		ledger_expire(mux, transaction);
	else
		ledger_end(mux, transaction);
}

void turns_failed(struct mux *mux, uint64_t now)
{
	struct transaction *transaction = mux->transactions.sending;

	mux->turns.port_busy = false;
	mux->transactions.sending = NULL;
	turns_fail(mux, transaction, false, now);
}

/* A loss may be reported long after it, when the next request is sent. */
void turns_lost(struct mux *mux, uint64_t now)
{
	struct transaction *transaction = mux->transactions.sent;

	mux->transactions.sent = NULL;
	if (transaction && transaction->expired && !transaction->client &&
	    transaction->message == QMI_CTL_RELEASE_CID)
		own_release(mux, transaction->service, transaction->device_cid);
	else
		turns_fail(mux, transaction, true, now);
}

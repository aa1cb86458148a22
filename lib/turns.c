/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turns.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "device_sync.h"
#include "frame.h"
#include "ledger.h"
#include "requests.h"

/* V6: how long a closed session's requests may wait for a modem that does not answer. */
#define LINGER_MS 10000

/* V15: attempts at an own request on a failing port before a session that waits is answered. */
#define ATTEMPTS_MAX 3

int turns_init(struct turns *turns, size_t frame_max)
{
	*turns = (struct turns){.frame = malloc(frame_max)};
	return turns->frame ? 0 : -ENOMEM;
}

void turns_finish(struct turns *turns)
{
	free(turns->frame);
}

/* A closed session goes with its last frame. */
static bool turns_bury(struct session *session)
{
	if (!session->closed || session_request(session))
		return false;
	session->user->lingering--;
	session_destroy(session);
	return true;
}

/* The session's next frame is dealt with. */
static void turns_pop(struct mux *mux, struct session *session)
{
	session_pop_request(session);
	stand_leave(mux, session);
	if (!turns_bury(session))
		stand_look(mux, session);
}

/* A frame that needs the modem costs only its turn at the port. */
static void turns_look_ahead(struct mux *mux, struct session *session)
{
	const uint8_t *frame = session_request(session);

	if (frame && session->sync_left == 0 && requests_need_modem(mux, session, frame))
		requests_stand(mux, session, frame);
	else
		stand_look(mux, session);
}

static void turns_look(struct mux *mux, struct session *session)
{
	const uint8_t *frame = session_request(session);

	rotation_pass(&mux->users.local, &session->user->local, &session->local);
	if (requests_need_modem(mux, session, frame)) {
		requests_stand(mux, session, frame);
		return;
	}
	requests_answer(mux, session, frame);
	turns_pop(mux, session);
}

void turns_work(struct mux *mux, const struct session *session, unsigned turns)
{
	const struct line *line;

	while (turns-- > 0 && (!session || place_is_taken(&session->local)) &&
	       (line = rotation_line(&mux->users.local)))
		turns_look(mux, container_of(line_place(line), struct session, local));
}

bool turns_are_left(const struct mux *mux)
{
	return rotation_line(&mux->users.local) != NULL;
}

bool turns_await_window(const struct mux *mux)
{
	return !window_is_open(&mux->window) && rotation_line(&mux->users.heads);
}

void turns_join(struct mux *mux, struct session *session)
{
	if (session_request(session) && session->sync_left == 0)
		stand_return(mux, session);
}

void turns_linger(struct mux *mux, struct session *session)
{
	struct user *user = session->user;

	if (mux->unplugged || mux->stopping || !session_request(session) ||
	    !user_may_linger(user)) {
		session_discard_requests(session);
		stand_leave(mux, session);
		session_destroy(session);
		return;
	}
	session_close(session);
	session->gives_up = mux->now + LINGER_MS;
	user->lingering++;
	list_append(&mux->sessions.lingering, &session->link);
	stand_return(mux, session);
}

static void turns_discard_session(struct mux *mux, struct session *session)
{
	session_discard_requests(session);
	stand_leave(mux, session);
	turns_bury(session);
}

uint64_t turns_deadline(const struct mux *mux)
{
	const struct list *lingering = &mux->sessions.lingering;

	if (list_empty(lingering))
		return MUX_NEVER;
	return container_of(lingering->next, struct session, link)->gives_up;
}

void turns_give_up(struct mux *mux)
{
	while (turns_deadline(mux) <= mux->now)
		turns_discard_session(
			mux, container_of(mux->sessions.lingering.next, struct session, link));
}

void turns_discard(struct mux *mux)
{
	list_for_each (link, &mux->sessions.open)
		turns_discard_session(mux, container_of(link, struct session, link));
	list_for_each (link, &mux->sessions.lingering)
		turns_discard_session(mux, container_of(link, struct session, link));
}

/* The earlier of two places, or NULL. */
static struct place *turns_earlier(struct place *a, struct place *b)
{
	if (!a || !b)
		return a ? a : b;
	return a->since <= b->since ? a : b;
}

/* V28: a user without a request in the window waits for no window. */
static bool turns_may_send(const struct mux *mux, const struct user *user)
{
	return !mux->resumption.holds && (user->young == 0 || window_is_open(&mux->window));
}

/* Among those whose next frame may be sent, the user who has waited longest. */
static struct line *turns_heads(const struct mux *mux)
{
	struct line *heads = window_is_open(&mux->window) ? rotation_line(&mux->users.heads) : NULL;
	struct line *first = rotation_line(&mux->users.first);

	if (mux->resumption.holds)
		return NULL;
	if (!heads || !first)
		return heads ? heads : first;
	return heads->place.since <= first->place.since ? heads : first;
}

/* Whose turn it is at the port, and with what: a request of the mux's own, or its next frame. */
static struct turn *turns_whose(struct mux *mux, bool *own)
{
	struct line *owns = own_may_send(mux) ? rotation_line(&mux->users.own) : NULL;
	struct line *heads = turns_heads(mux);
	struct place *first =
		turns_earlier(owns ? &owns->place : NULL, heads ? &heads->place : NULL);
	struct place *own_place;
	struct turn *turn;
	struct user *user;

	if (!first)
		return NULL;
	turn = owns ? device_sync_turn(mux) : NULL;
	if (turn) {
		*own = true;
		return turn;
	}
	user = owns && first == &owns->place ? container_of(owns, struct user, own)
					     : container_of(heads, struct user, heads);
	owns = user_may_send_own(user) ? owns : NULL;
	own_place = owns ? line_place(&user->own) : NULL;
	first = turns_earlier(own_place,
			      turns_may_send(mux, user) ? line_place(&user->heads) : NULL);
	assert(first);
	turn = first == own_place ? container_of(first, struct turn, own_place)
				  : container_of(first, struct turn, head_place);
	/* What is sent on its behalf goes before its next frame. */
	*own = owns && place_is_taken(&turn->own_place);
	return turn;
}

/* Whoever was served goes to the end of both rotations. */
static void turns_pass(struct turn *turn)
{
	struct user *user = turn->user;

	rotation_pass(user_owns(user), &user->own, &turn->own_place);
	rotation_pass(user_heads(user), &user->heads, &turn->head_place);
}

/* Sends the next frame of a session; false if nothing can be sent now. */
static bool turns_send_head(struct mux *mux, struct session *session, bool *sent)
{
	switch (requests_send(mux, session, mux->turns.frame)) {
	case REQUESTS_SENT:
		/* Only now: if this session must wait after all, the turn is another of its user's.
		 */
		turns_pass(&session->turn);
		*sent = true;
		if (!turns_bury(session))
			turns_look_ahead(mux, session);
		break;
	case REQUESTS_ANSWERED:
		turns_pop(mux, session);
		break;
	case REQUESTS_MOVED:
		break;
	case REQUESTS_NO_MEMORY:
		return false;
	}
	return true;
}

const uint8_t *turns_next(struct mux *mux, size_t *size)
{
	struct turn *turn;
	bool sent = false;
	bool own;

	assert(!mux->turns.port_busy);
	resume_go_on(mux);
	while (!sent && (turn = turns_whose(mux, &own))) {
		if (own) {
			turns_pass(turn);
			own_send(mux, turn, mux->turns.frame);
			sent = true;
		} else if (!turns_send_head(mux, turn->session, &sent)) {
			break;
		}
	}
	if (!sent)
		return NULL;
	mux->turns.port_busy = true;
	mux->counters.requests++;
	*size = frame_size(mux->turns.frame);
	return mux->turns.frame;
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
static void turns_go_on_releasing(struct mux *mux, struct transaction *transaction)
{
	ledger_detach(transaction);
	transaction->purpose = PURPOSE_CLEAN;
	transaction->attempts = 0;
	own_send_again(mux, transaction);
}

/*
 * V15: the port has failed to send this request, or has lost it after it was sent;
 * NULL if its transaction has ended. A lost request may have reached the modem after
 * all, so it expires, and its response counts as late.
 */
static void turns_fail(struct mux *mux, struct transaction *transaction, bool sent)
{
	if (!transaction || transaction->expired)
		return;
	if (turns_is_own(transaction) && ++transaction->attempts < ATTEMPTS_MAX) {
		own_send_again(mux, transaction);
		return;
	}
	if (transaction->released)
		own_keep(mux, transaction->released);
	ledger_abandon(mux, transaction, QMI_ERROR_INTERNAL);
	if (turns_is_own(transaction) && transaction->message == QMI_CTL_RELEASE_CID)
		turns_go_on_releasing(mux, transaction);
	else if (sent)
		ledger_expire(mux, transaction);
	else
		ledger_end(mux, transaction);
}

void turns_failed(struct mux *mux)
{
	struct transaction *transaction = mux->transactions.sending;

	mux->turns.port_busy = false;
	mux->transactions.sending = NULL;
	turns_fail(mux, transaction, false);
}

/* V15: its client was forgotten, and is still there, unless the modem has given it away again. */
static void turns_release_again(struct mux *mux, const struct transaction *transaction)
{
	uint8_t service = transaction->service;
	uint8_t device_cid = transaction->device_cid;

	if (!clients_of_modem(&mux->clients, service, device_cid))
		own_release(mux, transaction->user, service, device_cid);
}

/* A loss may be reported long after it, when the next request is sent. */
void turns_lost(struct mux *mux)
{
	struct transaction *transaction = mux->transactions.sent;

	mux->transactions.sent = NULL;
	if (transaction && transaction->expired && !transaction->client &&
	    transaction->message == QMI_CTL_RELEASE_CID)
		turns_release_again(mux, transaction);
	else
		turns_fail(mux, transaction, true);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stand.h"

#include "frame.h"
#include "mux_private.h"

void slots_init(struct slots *slots)
{
	*slots = (struct slots){0};
	for (unsigned line = 0; line < SLOT_LINES; line++)
		list_init(&slots->lines[line]);
}

/* Of those who wait, the one whose turn comes first, or NULL. */
static struct session *slots_first(const struct slots *slots)
{
	for (unsigned line = 0; line < SLOT_LINES; line++) {
		if (!list_empty(&slots->lines[line]))
			return container_of(slots->lines[line].next, struct session, waits);
	}
	return NULL;
}

bool slots_are_awaited(const struct slots *slots)
{
	return slots_first(slots) != NULL;
}

bool slots_are_free(const struct mux *mux)
{
	return mux->transactions.ctl_count + mux->slots.promised < CTL_TIDS;
}

/* The first in a line is looked at, with those behind it. */
static void stand_wake_line(struct mux *mux, struct list *line)
{
	struct session *first;

	if (list_empty(line))
		return;
	first = container_of(line->next, struct session, waits);
	list_remove(&first->waits);
	list_splice(&first->followers, line);
	stand_look(mux, first);
}

static void stand_drop_slot(struct mux *mux, struct session *session)
{
	enum session_slot slot = session->slot;

	if (slot == SLOT_NONE)
		return;
	session->slot = SLOT_NONE;
	session->user->ctl_slots--;
	mux->slots.promised -= slot == SLOT_BOTH;
	stand_fill_slots(mux, session->user);
}

/* Leaves its place; those behind it stay behind it. */
static void stand_move(struct mux *mux, struct session *session)
{
	struct user *user = session->user;

	rotation_leave(&user->local, &session->local);
	rotation_leave(&user->heads, &session->turn.head_place);
	list_remove(&session->waits);
	list_remove(&session->names);
	stand_drop_slot(mux, session);
}

void stand_look(struct mux *mux, struct session *session)
{
	stand_move(mux, session);
	if (session_request(session) && session->sync_left == 0)
		rotation_join(&mux->users.local, &session->user->local, &session->local);
}

/* Those who wait for the client of this frame's must know if it becomes unusable. */
static void stand_name_client(struct mux *mux, struct session *session)
{
	const uint8_t *frame = session_request(session);
	bool ctl = frame_service(frame) == QMI_SERVICE_CTL;
	const uint8_t *named = ctl ? frame_tlv(frame, QMI_TLV_FIRST, 2, NULL) : NULL;
	struct client *client = NULL;

	if (!ctl)
		client = clients_of_node(&mux->clients, session->node, frame_service(frame),
					 frame_cid(frame));
	else if (named && frame_message(frame) == QMI_CTL_RELEASE_CID)
		client = clients_of_node(&mux->clients, session->node, named[0], named[1]);
	if (client)
		list_append(&client->heads, &session->names);
}

void stand_ready(struct mux *mux, struct session *session)
{
	rotation_leave(&session->user->local, &session->local);
	stand_name_client(mux, session);
	rotation_join(user_heads(session->user), &session->user->heads, &session->turn.head_place);
}

/* True if the session's next frame has the tid of the transaction, and waits. */
static bool stand_waits_for_tid(const struct session *session,
				const struct transaction *transaction)
{
	const uint8_t *frame = session_request(session);

	return !list_empty(&session->waits) && frame &&
	       frame_service(frame) == transaction->service &&
	       frame_cid(frame) == transaction->cid && frame_tid(frame) == transaction->tid;
}

void stand_behind(struct mux *mux, struct session *session, struct transaction *transaction)
{
	struct session *owner = transaction->session;

	stand_move(mux, session);
	stand_name_client(mux, session);
	list_append(&transaction->waiters, &session->waits);
	list_splice(&transaction->waiters, &session->followers);
	/* V5: its own tid keeps nobody waiting, and it may be among those who followed. */
	if (owner && owner != session && stand_waits_for_tid(owner, transaction))
		stand_look(mux, owner);
}

static bool stand_is_about_client(const struct session *session)
{
	uint16_t message = frame_message(session_request(session));

	return message == QMI_CTL_ALLOCATE_CID || message == QMI_CTL_RELEASE_CID;
}

/*
 * How many tids its frame must leave free: the more its user has, the more, so that
 * no number of users takes all from one who has few.
 */
static unsigned stand_leaves_free(const struct session *session)
{
	return session->slot_rank + (stand_is_about_client(session) ? 0 : CTL_TIDS_RESERVED);
}

/* Takes one of everybody's places for a session that has one of its user's. */
static bool stand_take_tid(struct mux *mux, struct session *session)
{
	unsigned taken = mux->transactions.ctl_count + mux->slots.promised;

	if (taken + stand_leaves_free(session) >= CTL_TIDS)
		return false;
	mux->slots.promised++;
	session->slot = SLOT_BOTH;
	list_remove(&session->waits);
	rotation_join(user_heads(session->user), &session->user->heads, &session->turn.head_place);
	return true;
}

static bool stand_take_place(struct session *session)
{
	struct user *user = session->user;

	if (!user_is_root(user) && user->ctl_slots >= USER_CTL_SLOTS)
		return false;
	session->slot_rank = user_is_root(user) ? 0 : user->ctl_slots;
	user->ctl_slots++;
	session->slot = SLOT_USER;
	return true;
}

static void stand_take_slot(struct mux *mux, struct session *session)
{
	if (stand_take_tid(mux, session))
		return;
	list_append(&mux->slots.lines[stand_leaves_free(session)], &session->waits);
	transactions_contend_ctl(&mux->transactions, NULL, mux->now);
}

void stand_for_slot(struct mux *mux, struct session *session)
{
	struct user *user = session->user;

	stand_move(mux, session);
	stand_name_client(mux, session);
	if (stand_take_place(session)) {
		stand_take_slot(mux, session);
		return;
	}
	list_append(&user->ctl_waiting, &session->waits);
	transactions_contend_ctl(&mux->transactions, user, mux->now);
}

void stand_fill_slots(struct mux *mux, struct user *user)
{
	struct session *first;

	while (!list_empty(&user->ctl_waiting)) {
		struct session *session =
			container_of(user->ctl_waiting.next, struct session, waits);

		if (!stand_take_place(session))
			break;
		stand_take_slot(mux, session);
	}
	while ((first = slots_first(&mux->slots)) && stand_take_tid(mux, first))
		;
}

void stand_aside(struct mux *mux, struct session *session)
{
	stand_move(mux, session);
	stand_name_client(mux, session);
	stand_wake_line(mux, &session->followers);
}

void stand_return(struct mux *mux, struct session *session)
{
	if (place_is_taken(&session->local) || place_is_taken(&session->turn.head_place) ||
	    !list_empty(&session->waits))
		return;
	stand_look(mux, session);
}

void stand_sent(struct mux *mux, struct session *session, struct transaction *transaction)
{
	if (session->slot == SLOT_BOTH) {
		/* The user's place goes over to the transaction. */
		session->slot = SLOT_NONE;
		mux->slots.promised--;
		transaction->has_slot = true;
	}
	list_splice(&transaction->waiters, &session->followers);
	stand_move(mux, session);
}

void stand_leave(struct mux *mux, struct session *session)
{
	stand_move(mux, session);
	stand_wake_line(mux, &session->followers);
}

void stand_wake(struct mux *mux, struct transaction *transaction)
{
	stand_wake_line(mux, &transaction->waiters);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stand.h"

#include "frame.h"
#include "mux_private.h"

void slots_init(struct slots *slots)
{
	*slots = (struct slots){0};
	list_init(&slots->waiting);
	list_init(&slots->clients);
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

void stand_behind(struct mux *mux, struct session *session, struct transaction *transaction)
{
	stand_move(mux, session);
	stand_name_client(mux, session);
	list_append(&transaction->waiters, &session->waits);
	list_splice(&transaction->waiters, &session->followers);
}

static bool stand_is_about_client(const struct session *session)
{
	uint16_t message = frame_message(session_request(session));

	return message == QMI_CTL_ALLOCATE_CID || message == QMI_CTL_RELEASE_CID;
}

/* Takes one of everybody's places for a session that has one of its user's. */
static bool stand_take_tid(struct mux *mux, struct session *session)
{
	unsigned limit = CTL_TIDS - (stand_is_about_client(session) ? 0 : CTL_TIDS_RESERVED);

	if (mux->transactions.ctl_count + mux->slots.promised >= limit)
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
	user->ctl_slots++;
	session->slot = SLOT_USER;
	return true;
}

static void stand_take_slot(struct mux *mux, struct session *session)
{
	struct slots *slots = &mux->slots;

	if (stand_take_tid(mux, session))
		return;
	list_append(stand_is_about_client(session) ? &slots->clients : &slots->waiting,
		    &session->waits);
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

/* Gives free tids to those who wait for one. */
static void stand_fill_line(struct mux *mux, struct list *line)
{
	while (!list_empty(line) &&
	       stand_take_tid(mux, container_of(line->next, struct session, waits)))
		;
}

void stand_fill_slots(struct mux *mux, struct user *user)
{
	while (!list_empty(&user->ctl_waiting)) {
		struct session *session =
			container_of(user->ctl_waiting.next, struct session, waits);

		if (!stand_take_place(session))
			break;
		stand_take_slot(mux, session);
	}
	stand_fill_line(mux, &mux->slots.clients);
	stand_fill_line(mux, &mux->slots.waiting);
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

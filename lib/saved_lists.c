/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "saved_private.h"

static void saved_sessions_in(struct saved *saved, struct list *list, size_t at)
{
	saved_list(saved, &saved->sessions, list, at);
}

static void saved_transactions_in(struct saved *saved, struct list *list, size_t at)
{
	saved_list(saved, &saved->transactions, list, at);
}

static void saved_waiting(struct saved *saved, struct list *line)
{
	saved_sessions_in(saved, line, offsetof(struct session, waits));
}

/* --- what belongs to whom ------------------------------------------------------------- */

static void saved_holding(struct saved *saved, struct session *session,
			  const struct holding *holding)
{
	struct client *client =
		saved_owner(saved, &saved->clients, holding ? holding->client : NULL);
	uint32_t kept = holding ? holding->kept : 0;

	ARCHIVE(&saved->archive, kept);
	if (!saved->archive.reading || !archive_is_good(&saved->archive) ||
	    client_restore_holder(&saved->mux->clients, client, session, kept))
		return;
	if (errno == ENOMEM)
		archive_lack_memory(&saved->archive);
	else
		archive_fail(&saved->archive, "damaged: a client that a session cannot hold");
}

static void saved_holdings(struct saved *saved, struct session *session)
{
	uint32_t count = 0;
	struct list *link = session->holdings.next;

	list_for_each (each, &session->holdings)
		count++;
	ARCHIVE(&saved->archive, count);
	for (uint32_t i = 0; saved_goes_on(saved, i, count); i++) {
		saved_holding(saved, session,
			      saved->archive.reading
				      ? NULL
				      : container_of(link, struct holding, of_session));
		if (!saved->archive.reading)
			link = link->next;
	}
}

/* The holders of a client are known by now, but not their order. */
static void saved_holders(struct saved *saved, struct client *client)
{
	struct list *link = client->holders.next;
	uint32_t count = 0;

	list_for_each (each, &client->holders)
		count++;
	for (uint32_t i = 0; saved_goes_on(saved, i, count); i++) {
		struct holding *holding = container_of(link, struct holding, of_client);
		struct session *session = saved_owner(
			saved, &saved->sessions, saved->archive.reading ? NULL : holding->session);

		link = link->next;
		if (!saved->archive.reading || !session)
			continue;
		holding = clients_holding(&saved->mux->clients, client, session);
		link = client->holders.next;
		if (holding)
			list_append(&client->holders, &holding->of_client);
		else
			archive_fail(&saved->archive, "damaged: not a holder");
	}
}

static void saved_of_client(struct saved *saved, struct client *client)
{
	struct list *all = &client->transactions;
	struct list read;

	list_init(&read);
	saved_transactions_in(saved, saved->archive.reading ? &read : all,
			      offsetof(struct transaction, of_client));
	list_for_each (link, &read) {
		struct transaction *transaction = container_of(link, struct transaction, of_client);

		list_remove(link);
		transaction_restore(&saved->mux->transactions, transaction, client);
	}
}

static void saved_of_session(struct saved *saved, struct session *session)
{
	saved_transactions_in(saved, &session->transactions,
			      offsetof(struct transaction, of_session));
	list_for_each (link, &session->transactions)
		container_of(link, struct transaction, of_session)->session = session;
	saved_transactions_in(saved, &session->turn.own, offsetof(struct transaction, age));
	saved_waiting(saved, &session->followers);
	saved_holdings(saved, session);
}

static void saved_of_user(struct saved *saved, struct user *user)
{
	saved_transactions_in(saved, &user->expired, offsetof(struct transaction, age));
	saved_transactions_in(saved, &user->turn.own, offsetof(struct transaction, age));
	saved_waiting(saved, &user->ctl_waiting);
	saved_list(saved, &saved->clients, &user->orphans, offsetof(struct client, orphan));
}

/* --- those of the mux ----------------------------------------------------------------- */

static void saved_queues(struct saved *saved)
{
	struct list read;

	list_init(&read);
	for (unsigned class = 0; class < QUEUE_CLASSES; class ++)
		saved_sessions_in(
			saved, saved->archive.reading ? &read : &saved->mux->sessions.queues[class],
			offsetof(struct session, all_queues));
	list_for_each (link, &read)
		session_restore_queue(container_of(link, struct session, all_queues));
}

static void saved_young(struct saved *saved, struct window *window)
{
	saved_transactions_in(saved, &window->young,
			      offsetof(struct transaction, young) +
				      offsetof(struct window_entry, link));
}

/* The tids that are not in flight, in the order in which they are to be used. */
static void saved_tids(struct saved *saved)
{
	struct transactions *transactions = &saved->mux->transactions;
	bool seen[CTL_TIDS + 1] = {false};

	ARCHIVE(&saved->archive, transactions->resting_count);
	if (transactions->resting_count > CTL_TIDS) {
		archive_fail(&saved->archive, "damaged: too many tids");
		transactions->resting_count = 0;
	}
	if (saved->archive.reading)
		transactions->resting_first = 0;
	for (unsigned i = 0; i < transactions->resting_count; i++) {
		uint8_t *tid = &transactions->resting[(transactions->resting_first + i) % CTL_TIDS];

		archive_u8(&saved->archive, tid);
		if (*tid == 0 || seen[*tid])
			archive_fail(&saved->archive, "damaged: no such tid");
		seen[*tid] = true;
	}
}

static void saved_of_mux(struct saved *saved)
{
	struct mux *mux = saved->mux;
	struct transactions *transactions = &mux->transactions;

	saved_transactions_in(saved, &transactions->in_flight, offsetof(struct transaction, age));
	saved_transactions_in(saved, &transactions->ctl_in_flight,
			      offsetof(struct transaction, age));
	saved_transactions_in(saved, &transactions->contended,
			      offsetof(struct transaction, contention));
	saved_list(saved, &saved->clients, &mux->clients.orphans, offsetof(struct client, age));
	saved_sessions_in(saved, &mux->sessions.changed, offsetof(struct session, changed));
	saved_queues(saved);
	for (unsigned line = 0; line < SLOT_LINES; line++)
		saved_waiting(saved, &mux->slots.lines[line]);
	saved_young(saved, &mux->window);
	saved_young(saved, &mux->own.window);
	saved_tids(saved);
	transactions->sending = saved_ref(saved, &saved->transactions, transactions->sending);
	transactions->sent = saved_ref(saved, &saved->transactions, transactions->sent);
}

/* --- where sessions stand ------------------------------------------------------------- */

enum saved_place {
	PLACE_NONE,
	PLACE_LOCAL,
	PLACE_HEAD,
};

static void saved_place(struct saved *saved, struct session *session)
{
	struct user *user = session->user;
	uint8_t place = PLACE_NONE;

	if (place_is_taken(&session->local))
		place = PLACE_LOCAL;
	else if (place_is_taken(&session->turn.head_place))
		place = PLACE_HEAD;
	ARCHIVE(&saved->archive, place);
	if (!saved->archive.reading)
		return;
	if (place == PLACE_LOCAL)
		line_restore(&user->local, &session->local, session->local.since);
	else if (place == PLACE_HEAD)
		line_restore(&user->heads, &session->turn.head_place,
			     session->turn.head_place.since);
	else if (place != PLACE_NONE)
		archive_fail(&saved->archive, "damaged: no such place");
}

/* --- what follows ------------------------------------------------------------------- */

static void saved_count_transaction(struct saved *saved, struct transaction *transaction)
{
	struct mux *mux = saved->mux;
	struct session *session = transaction->session;
	struct user *user = transaction->user;

	user->expired_count += transaction->expired;
	user->ctl_slots += transaction->has_slot;
	if (transaction->allocating)
		user->clients[transaction->service]++;
	if (transaction->leaving)
		clients_begin_leaving(&mux->clients, transaction->service);
	if (session && transaction->purpose == PURPOSE_SYNC_RELEASE)
		session->sync_left++;
	if (session && transaction->in_flight && transaction->purpose < PURPOSE_CLEAN) {
		session->in_flight += transaction->client != NULL;
		session->ctl_in_flight += !transaction->client;
	}
	if (!transaction->client && (transaction->in_flight || transaction->expired) &&
	    !transaction_restore_ctl(&mux->transactions, transaction))
		archive_fail(&saved->archive, "damaged: two requests of one tid");
	if (list_empty(&transaction->age))
		archive_fail(&saved->archive, "damaged: a request that is nowhere");
}

static void saved_count_young(struct window *window, void (*add)(struct user *user))
{
	struct list young;

	list_init(&young);
	list_splice(&young, &window->young);
	list_for_each (link, &young) {
		struct window_entry *entry = container_of(link, struct window_entry, link);

		window_restore(window, entry);
		add(container_of(entry, struct transaction, young)->user);
	}
}

static void saved_restore_own(struct turn *turn)
{
	if (!list_empty(&turn->own))
		line_restore(&turn->user->own, &turn->own_place, turn->own_place.since);
}

static void saved_count(struct saved *saved)
{
	struct mux *mux = saved->mux;

	for (uint32_t i = 0; i < saved->transactions.count; i++)
		saved_count_transaction(saved, saved->transactions.all[i]);
	for (uint32_t i = 0; i < saved->clients.count; i++)
		mux->clients.orphan_count += client_is_orphan(saved->clients.all[i]);
	for (uint32_t i = 0; i < saved->sessions.count; i++) {
		struct session *session = saved->sessions.all[i];

		if (session->closed && !list_empty(&session->changed)) {
			list_remove(&session->changed);
			archive_fail(&saved->archive, "damaged: a closed session changes");
		}
		session->user->ctl_slots += session->slot != SLOT_NONE;
		mux->slots.promised += session->slot == SLOT_BOTH;
		saved_restore_own(&session->turn);
	}
	saved_count_young(&mux->window, user_add_young);
	saved_count_young(&mux->own.window, user_add_own_young);
	for (uint32_t i = 0; i < saved->users.count; i++) {
		struct user *user = saved->users.all[i];

		saved_restore_own(&user->turn);
		rotation_restore(user_owns(user), &user->own, user->own.place.since);
		rotation_restore(user_heads(user), &user->heads, user->heads.place.since);
		rotation_restore(&mux->users.local, &user->local, user->local.place.since);
	}
}

static void saved_undo_transaction(struct transaction *transaction)
{
	list_for_each (link, &transaction->waiters)
		list_remove(link);
	list_remove(&transaction->young.link);
	if (transaction->released)
		transaction->released->releasing = NULL;
	if (!transaction->client && transaction->device_tid > CTL_TIDS)
		transaction->device_tid = 0;
}

void saved_undo(struct saved *saved)
{
	for (uint32_t i = 0; i < saved->transactions.count; i++) {
		saved_undo_transaction(saved->transactions.all[i]);
		transaction_end(&saved->mux->transactions, saved->transactions.all[i]);
	}
	for (uint32_t i = 0; i < saved->sessions.count; i++) {
		struct session *session = saved->sessions.all[i];

		list_remove(&session->waits);
		list_remove(&session->names);
		list_for_each (link, &session->followers)
			list_remove(link);
		session->slot = SLOT_NONE;
	}
	for (uint32_t i = 0; i < saved->users.count; i++) {
		struct user *user = saved->users.all[i];

		rotation_leave(&user->own, &user->turn.own_place);
	}
}

void saved_lists(struct saved *saved)
{
	for (uint32_t i = 0; i < saved->users.count; i++)
		saved_of_user(saved, saved->users.all[i]);
	saved_of_mux(saved);
	for (uint32_t i = 0; i < saved->sessions.count; i++) {
		saved_of_session(saved, saved->sessions.all[i]);
		saved_place(saved, saved->sessions.all[i]);
	}
	for (uint32_t i = 0; i < saved->clients.count; i++) {
		struct client *client = saved->clients.all[i];

		saved_holders(saved, client);
		saved_of_client(saved, client);
		saved_sessions_in(saved, &client->heads, offsetof(struct session, names));
	}
	for (uint32_t i = 0; i < saved->transactions.count; i++) {
		struct transaction *transaction = saved->transactions.all[i];

		saved_waiting(saved, &transaction->waiters);
	}
	if (saved->archive.reading)
		saved_count(saved);
}

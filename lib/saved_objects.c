/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "saved_private.h"

/* --- numbers -------------------------------------------------------------------------- */

static void saved_number_sessions(struct saved *saved, struct list *sessions)
{
	list_for_each (link, sessions)
		saved_add(saved, &saved->sessions, container_of(link, struct session, link));
}

static void saved_number_age(struct saved *saved, struct list *transactions)
{
	list_for_each (link, transactions)
		saved_add(saved, &saved->transactions, container_of(link, struct transaction, age));
}

void saved_number(struct saved *saved)
{
	struct mux *mux = saved->mux;

	for (size_t i = 0; i < mux->users.table.size; i++) {
		list_for_each (link, &mux->users.table.buckets[i])
			saved_add(saved, &saved->users,
				  container_of(link, struct user, entry.link));
	}
	saved_number_sessions(saved, &mux->sessions.open);
	saved_number_sessions(saved, &mux->sessions.lingering);
	for (unsigned service = 0; service < 256; service++) {
		list_for_each (link, &mux->clients.services[service].clients)
			saved_add(saved, &saved->clients, container_of(link, struct client, link));
	}
	saved_number_age(saved, &mux->transactions.in_flight);
	saved_number_age(saved, &mux->transactions.ctl_in_flight);
	for (uint32_t i = 0; i < saved->users.count; i++) {
		struct user *user = saved->users.all[i];

		saved_number_age(saved, &user->expired);
		saved_number_age(saved, &user->turn.own);
	}
	for (uint32_t i = 0; i < saved->sessions.count; i++) {
		struct session *session = saved->sessions.all[i];

		saved_number_age(saved, &session->turn.own);
	}
}

/* The object to save, or NULL in reading. */
static void *saved_object(const struct saved *saved, const struct saved_kind *kind, uint32_t i)
{
	return saved->archive.reading ? NULL : kind->all[i];
}

/* --- users ---------------------------------------------------------------------------- */

static void saved_user(struct saved *saved, struct user *user)
{
	struct archive *archive = &saved->archive;
	uint32_t uid = user ? user->uid : 0;

	ARCHIVE(archive, uid);
	if (archive->reading) {
		user = user_get(&saved->mux->users, uid);
		if (!user) {
			archive_lack_memory(archive);
			return;
		}
		saved_add(saved, &saved->users, user);
	}
	ARCHIVE(archive, user->ctl_contended);
	ARCHIVE(archive, user->turn.own_place.since);
	ARCHIVE(archive, user->own.place.since);
	ARCHIVE(archive, user->heads.place.since);
	ARCHIVE(archive, user->local.place.since);
}

void saved_users(struct saved *saved)
{
	uint32_t count = saved->users.count;

	ARCHIVE(&saved->archive, count);
	for (uint32_t i = 0; saved_goes_on(saved, i, count); i++)
		saved_user(saved, saved_object(saved, &saved->users, i));
}

/* --- sessions ------------------------------------------------------------------------- */

static void saved_frame(struct saved *saved, struct queue *queue, const uint8_t *frame,
			uint32_t tag, enum frame_origin origin)
{
	struct archive *archive = &saved->archive;
	uint32_t bytes = frame ? (uint32_t)frame_size(frame) : 0;

	ARCHIVE(archive, bytes);
	ARCHIVE(archive, tag);
	if (!archive->reading) {
		archive_write(archive, frame, bytes);
		return;
	}
	frame = archive_take(archive, bytes);
	if (!frame)
		return;
	if (!saved_is_frame(frame, bytes, origin))
		archive_fail(archive, "damaged: no frame");
	else if (origin == FRAME_FROM_APP && bytes > saved->mux->config.frame_max)
		archive_fail(archive, "for a port that takes longer frames");
	else if (queue_push(queue, frame, tag) < 0)
		archive_lack_memory(archive);
}

static void saved_queue(struct saved *saved, struct queue *queue, enum frame_origin origin)
{
	struct archive *archive = &saved->archive;
	struct queue_cursor cursor = queue_begin(queue);
	uint32_t frames = (uint32_t)queue->frames;
	uint32_t offset = (uint32_t)queue->offset;
	const uint8_t *frame = NULL;
	uint32_t tag = 0;

	ARCHIVE(archive, frames);
	ARCHIVE(archive, offset);
	for (uint32_t i = 0; saved_goes_on(saved, i, frames); i++) {
		if (!archive->reading)
			frame = queue_next(queue, &cursor, &tag);
		saved_frame(saved, queue, frame, tag, origin);
	}
	if (!archive_is_good(archive) || !archive->reading || offset == 0)
		return;
	if (origin == FRAME_FROM_APP || frames == 0 || offset >= frame_size(queue_front(queue)))
		archive_fail(archive, "damaged: too much of a frame is read");
	else
		queue->offset = offset;
}

static void saved_partial(struct saved *saved, struct session *session)
{
	struct archive *archive = &saved->archive;
	uint32_t bytes = (uint32_t)session->partial_bytes;
	const uint8_t *partial;

	ARCHIVE(archive, bytes);
	if (!archive->reading) {
		archive_bytes(archive, session->partial, bytes);
		return;
	}
	partial = archive_take(archive, bytes);
	if (!partial || bytes == 0)
		return;
	if (session_accept(session, partial, bytes) != (ssize_t)bytes || session_request(session))
		archive_fail(archive, "damaged: no part of a frame");
}

static void saved_charge(struct saved *saved, struct session *session)
{
	uint64_t charged = session->charged;

	ARCHIVE(&saved->archive, charged);
	if (saved->archive.reading && charged > 0 && !session_charge(session, (size_t)charged))
		archive_fail(&saved->archive, "damaged: too much is charged");
}

static void saved_stand(struct archive *archive, struct session *session)
{
	uint32_t slot = session->slot;

	ARCHIVE(archive, session->local.since);
	ARCHIVE(archive, session->turn.head_place.since);
	ARCHIVE(archive, session->turn.own_place.since);
	ARCHIVE(archive, session->slot_rank);
	ARCHIVE(archive, slot);
	if (slot > SLOT_BOTH || session->slot_rank > USER_CTL_SLOTS)
		archive_fail(archive, "damaged: no such slot");
	else
		session->slot = (enum session_slot)slot;
}

static void saved_session_fields(struct saved *saved, struct session *session)
{
	struct archive *archive = &saved->archive;
	bool closed = session->closed;

	ARCHIVE(archive, closed);
	ARCHIVE(archive, session->kept);
	ARCHIVE(archive, session->sync_tid);
	ARCHIVE(archive, session->broadcast);
	ARCHIVE(archive, session->gives_up);
	ARCHIVE(archive, session->overflowed);
	ARCHIVE(archive, session->in_seen);
	saved_stand(archive, session);
	saved_charge(saved, session);
	saved_partial(saved, session);
	saved_queue(saved, &session->responses, FRAME_FROM_MODEM);
	saved_queue(saved, &session->indications, FRAME_FROM_MODEM);
	saved_queue(saved, &session->out, FRAME_FROM_APP);
	if (!archive->reading || !closed || !archive_is_good(archive))
		return;
	if (session->responses.frames + session->indications.frames > 0 || session->partial ||
	    session->charged > 0)
		archive_fail(archive, "damaged: a closed session has more than requests");
	else
		session_restore_closed(session);
}

static void saved_session(struct saved *saved, struct session *session)
{
	struct user *user = saved_owner(saved, &saved->users, session ? session->user : NULL);
	unsigned node = session ? session->node : 0;
	uint64_t id = session ? session->id : 0;

	saved_node(saved, &node);
	ARCHIVE(&saved->archive, id);
	if (!archive_is_good(&saved->archive))
		return;
	if (saved->archive.reading) {
		session = session_restore(&saved->mux->sessions, user, node, id);
		if (!session) {
			archive_lack_memory(&saved->archive);
			return;
		}
		saved_add(saved, &saved->sessions, session);
	}
	if (session)
		saved_session_fields(saved, session);
}

void saved_sessions(struct saved *saved)
{
	uint32_t count = saved->sessions.count;

	ARCHIVE(&saved->archive, count);
	for (uint32_t i = 0; saved_goes_on(saved, i, count); i++)
		saved_session(saved, saved_object(saved, &saved->sessions, i));
}

/* --- clients -------------------------------------------------------------------------- */

static void saved_calls(struct archive *archive, struct calls *calls)
{
	for (unsigned family = 0; family < CALLS_FAMILIES; family++) {
		ARCHIVE(archive, calls->up[family]);
		ARCHIVE(archive, calls->handle[family]);
	}
}

static void saved_client(struct saved *saved, struct client *client)
{
	struct archive *archive = &saved->archive;
	struct user *user = saved_owner(saved, &saved->users, client ? client->user : NULL);
	struct kept_client numbers = {0};
	uint32_t kept = client ? client->kept : 0;

	if (client)
		numbers = (struct kept_client){.service = client->service,
					       .cid = client->cid,
					       .device_cid = client->device_cid,
					       .node = client->node};
	ARCHIVE(archive, numbers.service);
	ARCHIVE(archive, numbers.cid);
	ARCHIVE(archive, numbers.device_cid);
	saved_node(saved, &numbers.node);
	ARCHIVE(archive, kept);
	if (!archive_is_good(archive))
		return;
	if (archive->reading) {
		client = clients_restore(&saved->mux->clients, user, &numbers, kept);
		if (!client && errno == ENOMEM)
			archive_lack_memory(archive);
		else if (!client)
			archive_fail(archive, "damaged: two clients of one number");
		if (!client)
			return;
		saved_add(saved, &saved->clients, client);
	}
	ARCHIVE(archive, client->orphaned_at);
	ARCHIVE(archive, client->overdue);
	ARCHIVE(archive, client->asker);
	saved_calls(archive, &client->calls);
}

void saved_clients(struct saved *saved)
{
	struct archive *archive = &saved->archive;
	uint32_t count = saved->clients.count;

	for (unsigned service = 0; service < 256; service++) {
		struct service_clients *all = &saved->mux->clients.services[service];

		ARCHIVE(archive, all->exhausted);
		if (all->exhausted)
			ARCHIVE(archive, all->modem_has);
	}
	ARCHIVE(archive, count);
	for (uint32_t i = 0; saved_goes_on(saved, i, count); i++)
		saved_client(saved, saved_object(saved, &saved->clients, i));
}

/* --- transactions --------------------------------------------------------------------- */

static void saved_purpose(struct archive *archive, enum transaction_purpose *purpose)
{
	uint32_t number = *purpose;

	ARCHIVE(archive, number);
	if (number > PURPOSE_START)
		archive_fail(archive, "damaged: a request for no purpose");
	else
		*purpose = (enum transaction_purpose)number;
}

static void saved_transaction_fields(struct archive *archive, struct transaction *transaction)
{
	saved_purpose(archive, &transaction->purpose);
	ARCHIVE(archive, transaction->deadline);
	ARCHIVE(archive, transaction->message);
	ARCHIVE(archive, transaction->tid);
	ARCHIVE(archive, transaction->device_tid);
	ARCHIVE(archive, transaction->service);
	ARCHIVE(archive, transaction->cid);
	ARCHIVE(archive, transaction->device_cid);
	ARCHIVE(archive, transaction->attempts);
	ARCHIVE(archive, transaction->in_flight);
	ARCHIVE(archive, transaction->expired);
	ARCHIVE(archive, transaction->contended);
	ARCHIVE(archive, transaction->resumed);
	ARCHIVE(archive, transaction->has_slot);
	ARCHIVE(archive, transaction->subject);
	ARCHIVE(archive, transaction->retried);
	ARCHIVE(archive, transaction->allocating);
	ARCHIVE(archive, transaction->leaving);
	ARCHIVE(archive, transaction->young.sent);
}

static void saved_released(struct saved *saved, struct transaction *transaction)
{
	struct client *client = saved_ref(saved, &saved->clients, transaction->released);

	if (!saved->archive.reading || !client)
		return;
	if (client->releasing) {
		archive_fail(&saved->archive, "damaged: a client released twice");
		return;
	}
	transaction->released = client;
	client->releasing = transaction;
}

static void saved_transaction(struct saved *saved, struct transaction *transaction)
{
	struct archive *archive = &saved->archive;
	struct user *user =
		saved_owner(saved, &saved->users, transaction ? transaction->user : NULL);

	if (!archive_is_good(archive))
		return;
	if (archive->reading) {
		transaction = transaction_create_own(&saved->mux->transactions, user);
		if (!transaction) {
			archive_lack_memory(archive);
			return;
		}
		saved_add(saved, &saved->transactions, transaction);
	}
	if (!transaction)
		return;
	saved_transaction_fields(archive, transaction);
	saved_released(saved, transaction);
}

void saved_transactions(struct saved *saved)
{
	uint32_t count = saved->transactions.count;

	ARCHIVE(&saved->archive, count);
	for (uint32_t i = 0; saved_goes_on(saved, i, count); i++)
		saved_transaction(saved, saved_object(saved, &saved->transactions, i));
}

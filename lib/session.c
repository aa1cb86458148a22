/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void sessions_init(struct sessions *sessions, size_t frame_max, size_t queue_bytes)
{
	*sessions = (struct sessions){.frame_max = frame_max, .queue_bytes = queue_bytes};
	list_init(&sessions->open);
	list_init(&sessions->lingering);
	list_init(&sessions->changed);
	for (unsigned i = 0; i < QUEUE_CLASSES; i++)
		list_init(&sessions->queues[i]);
}

static void session_mark_changed(struct session *session)
{
	if (!session->closed && list_empty(&session->changed))
		list_append(&session->all->changed, &session->changed);
}

struct session *sessions_next_changed(struct sessions *sessions)
{
	struct session *session;

	if (list_empty(&sessions->changed))
		return NULL;
	session = container_of(sessions->changed.next, struct session, changed);
	list_remove(&session->changed);
	return session;
}

void sessions_mark_all_changed(struct sessions *sessions)
{
	list_for_each (link, &sessions->open)
		session_mark_changed(container_of(link, struct session, link));
}

static void session_init(struct session *session, struct user *user)
{
	*session = (struct session){.user = user};
	queue_init(&session->responses, &user->account);
	queue_init(&session->indications, &user->account);
	queue_init(&session->out, &user->account);
	list_init(&session->transactions);
	list_init(&session->holdings);
	list_init(&session->link);
	list_init(&session->changed);
	list_init(&session->all_queues);
	list_init(&session->user_queues);
	turn_init(&session->turn, user, session);
	place_init(&session->local);
	list_init(&session->waits);
	list_init(&session->followers);
	list_init(&session->names);
}

static struct session *session_allocate(struct sessions *sessions, struct user *user, unsigned node,
					uint64_t id)
{
	struct session *session = account_alloc(&user->account, sizeof(*session));

	if (!session) {
		errno = ENOMEM;
		return NULL;
	}
	session_init(session, user_hold(user));
	session->all = sessions;
	session->node = node;
	session->id = id;
	list_append(&sessions->open, &session->link);
	sessions->count++;
	user->sessions++;
	user->all->sessions++;
	return session;
}

struct session *session_create(struct sessions *sessions, struct user *user, unsigned node,
			       void *owner)
{
	struct session *session;

	if (!user_may_open(user)) {
		errno = EMFILE;
		return NULL;
	}
	session = session_allocate(sessions, user, node, sessions->seen + 1);
	if (!session)
		return NULL;
	sessions->seen++;
	kept_set_seen(sessions->kept, sessions->seen);
	session->owner = owner;
	return session;
}

struct session *session_restore(struct sessions *sessions, struct user *user, unsigned node,
				uint64_t id)
{
	struct session *session = session_allocate(sessions, user, node, id);

	if (session)
		session->left = true;
	return session;
}

void session_keep(struct session *session)
{
	if (session->kept != KEPT_NOWHERE)
		return;
	session->kept = kept_add_session(
		session->all->kept, &(struct kept_session){.id = session->id,
							   .node = session->node,
							   .uid = session->user->uid,
							   .reads = session_readable(session)});
}

/* A crash loses what there is to read: the session has to be told then. */
static void session_keep_reads(const struct session *session)
{
	if (session->kept != KEPT_NOWHERE)
		kept_set_reads(session->all->kept, session->kept, session_readable(session));
}

static void session_discard_partial(struct session *session)
{
	account_free(&session->user->account, session->partial, session->partial_capacity);
	session->partial = NULL;
	session->partial_bytes = 0;
	session->partial_capacity = 0;
}

void session_close(struct session *session)
{
	list_remove(&session->link);
	list_remove(&session->changed);
	list_remove(&session->all_queues);
	list_remove(&session->user_queues);
	session_discard_partial(session);
	session_refund(session, session->charged);
	queue_finish(&session->responses);
	queue_finish(&session->indications);
	kept_remove_session(session->all->kept, session->kept);
	session->kept = KEPT_NOWHERE;
	session->owner = NULL;
	session->closed = true;
	session->all->count--;
}

void session_destroy(struct session *session)
{
	struct user *user = session->user;

	if (!session->closed)
		session_close(session);
	list_remove(&session->link);
	queue_finish(&session->out);
	user->sessions--;
	user->all->sessions--;
	account_free(&user->account, session, sizeof(*session));
	user_put(user);
}

bool session_charge(struct session *session, size_t bytes)
{
	if (!account_charge(&session->user->account, bytes))
		return false;
	session->charged += bytes;
	return true;
}

void session_refund(struct session *session, size_t bytes)
{
	account_refund(&session->user->account, bytes);
	session->charged -= bytes;
}

bool session_writable(const struct session *session)
{
	return session->out.bytes < SESSION_OUT_BYTES;
}

/*
 * Checks the frame that begins with the first head_bytes bytes of the partial
 * input and continues in data. *frame_bytes becomes its size, or 0 if it is not
 * known yet.
 */
static int session_check_frame(const struct session *session, size_t head_bytes,
			       const uint8_t *data, size_t size, size_t *frame_bytes)
{
	uint8_t header[FRAME_HEADER_MAX];
	size_t have = head_bytes < sizeof(header) ? head_bytes : sizeof(header);
	enum frame_scan scan;

	if (have > 0)
		memcpy(header, session->partial, have);
	if (size > sizeof(header) - have)
		size = sizeof(header) - have;
	memcpy(header + have, data, size);

	scan = frame_scan(header, have + size, FRAME_FROM_APP, frame_bytes);
	if (*frame_bytes > session->all->frame_max)
		return -EMSGSIZE;
	return scan == FRAME_INVALID ? -EINVAL : 0;
}

/* V19: checks all of data before any of it is taken. *frames: how many are whole then. */
static int session_check_all(const struct session *session, const uint8_t *data, size_t size,
			     size_t *frames)
{
	size_t head_bytes = session->partial_bytes;

	*frames = 0;
	for (size_t at = 0; at < size;) {
		size_t frame_bytes;
		int err = session_check_frame(session, head_bytes, data + at, size - at,
					      &frame_bytes);

		if (err < 0)
			return err;
		if (frame_bytes == 0)
			break;
		at += frame_bytes - head_bytes;
		head_bytes = 0;
		*frames += at <= size;
	}
	return 0;
}

/* frame_bytes: of the whole frame, or 0 if that is not known yet. */
static int session_keep_partial(struct session *session, const uint8_t *data, size_t size,
				size_t frame_bytes)
{
	size_t capacity = frame_bytes > FRAME_HEADER_MAX ? frame_bytes : FRAME_HEADER_MAX;

	if (capacity > session->partial_capacity) {
		uint8_t *partial = account_resize(&session->user->account, session->partial,
						  session->partial_capacity, capacity);

		if (!partial)
			return -ENOMEM;
		session->partial = partial;
		session->partial_capacity = capacity;
	}
	memcpy(session->partial + session->partial_bytes, data, size);
	session->partial_bytes += size;
	return 0;
}

/* Takes one frame, or the beginning of one. Returns the bytes taken, or -ENOMEM. */
static ssize_t session_accept_one(struct session *session, const uint8_t *data, size_t size)
{
	size_t had = session->partial_bytes;
	size_t frame_bytes;
	size_t missing;
	int err;

	session_check_frame(session, had, data, size, &frame_bytes);
	missing = frame_bytes - had;
	if (had == 0 && frame_bytes > 0 && missing <= size) {
		err = queue_push(&session->out, data, 0);
		return err < 0 ? err : (ssize_t)frame_bytes;
	}
	if (frame_bytes == 0 || missing > size)
		missing = size;
	err = session_keep_partial(session, data, missing, frame_bytes);
	if (err < 0 || session->partial_bytes < frame_bytes || frame_bytes == 0)
		return err < 0 ? err : (ssize_t)missing;

	err = queue_push(&session->out, session->partial, 0);
	if (err < 0) {
		session->partial_bytes = had;
		return err;
	}
	session_discard_partial(session);
	return (ssize_t)missing;
}

ssize_t session_accept(struct session *session, const uint8_t *data, size_t size)
{
	size_t frames;
	size_t at = 0;
	int err;

	/* First, because a program can ask again and again, with up to 128 KiB to check. */
	if (size > 0 && !session_writable(session))
		return -EAGAIN;
	err = session_check_all(session, data, size, &frames);
	if (err < 0) {
		session_discard_partial(session);
		return err;
	}
	/* At once, because growing step by step would copy it all over and over. */
	if (frames > 1 && queue_reserve(&session->out, frames, session->partial_bytes + size) < 0)
		return -ENOMEM;
	while (at < size) {
		ssize_t taken = session_accept_one(session, data + at, size - at);

		if (taken < 0)
			return at > 0 ? (ssize_t)at : taken;
		at += (size_t)taken;
	}
	return (ssize_t)at;
}

const uint8_t *session_request(const struct session *session)
{
	return queue_front(&session->out);
}

void session_pop_request(struct session *session)
{
	bool was_writable = session_writable(session);

	queue_pop(&session->out);
	if (!was_writable && session_writable(session))
		session_mark_changed(session);
}

void session_discard_requests(struct session *session)
{
	queue_finish(&session->out);
}

/* The class of a queue's memory: its bits beyond those of the smallest queue. */
static unsigned session_queue_class(const struct queue *queue)
{
	unsigned class = 0;

	for (size_t size = queue->capacity / 512; size > 1 && class < QUEUE_CLASSES - 1; size /= 2)
		class ++;
	return class;
}

/* True if queue_shed() would drop something. */
static bool session_can_shed(const struct session *session)
{
	return session->indications.frames > (session->indications.offset > 0 ? 1 : 0);
}

static void session_note_queue(struct session *session)
{
	unsigned class = session_queue_class(&session->indications);

	if (!session_can_shed(session)) {
		list_remove(&session->all_queues);
		list_remove(&session->user_queues);
		return;
	}
	list_append(&session->all->queues[class], &session->all_queues);
	list_append(&session->user->queues[class], &session->user_queues);
}

void session_restore_loss(struct session *session)
{
	session->overflowed = true;
	session_mark_changed(session);
}

void session_restore_closed(struct session *session)
{
	session->left = false;
	session->closed = true;
	session->all->count--;
	session->user->lingering++;
	list_append(&session->all->lingering, &session->link);
}

void session_restore_queue(struct session *session)
{
	session_note_queue(session);
}

/* V14: an empty queue accepts a frame of any size, so a session that reads loses nothing. */
static bool session_has_room(const struct session *session, size_t size)
{
	size_t frames = session->responses.frames + session->indications.frames;
	size_t bytes = session->responses.bytes + session->indications.bytes;

	return frames == 0 ||
	       (frames < SESSION_IN_FRAMES && bytes + size <= session->all->queue_bytes);
}

/* V28: drops what the session with the longest queue has not read. Returns how many frames. */
static unsigned session_shed_longest(struct list queues[QUEUE_CLASSES], size_t link_offset)
{
	for (unsigned class = QUEUE_CLASSES; class -- > 0;) {
		struct session *session;
		size_t dropped;

		if (list_empty(&queues[class]))
			continue;
		session = (struct session *)(void *)((char *)queues[class].next - link_offset);
		dropped = queue_shed(&session->indications);
		session_note_queue(session);
		session->overflowed = true;
		session_keep_reads(session);
		session_mark_changed(session);
		return (unsigned)dropped;
	}
	return 0;
}

/* Makes room in the account that is full; returns how many frames that has cost. */
static unsigned session_make_memory(struct session *session, size_t bytes)
{
	if (account_is_full(&session->user->account, bytes))
		return session_shed_longest(session->user->queues,
					    offsetof(struct session, user_queues));
	return session_shed_longest(session->all->queues, offsetof(struct session, all_queues));
}

static unsigned session_queue(struct session *session, struct queue *queue, const uint8_t *frame)
{
	unsigned dropped = 0;
	unsigned shed;

	while (queue_push(queue, frame, session->in_seen) < 0) {
		shed = session_make_memory(session, 2 * queue->capacity + frame_size(frame));
		dropped += shed;
		if (shed > 0)
			continue;
		session->overflowed = true;
		return dropped + 1;
	}
	session->in_seen++;
	return dropped;
}

unsigned session_deliver(struct session *session, const uint8_t *frame)
{
	bool indication = frame_kind(frame) == FRAME_INDICATION;
	unsigned dropped = 0;

	session_mark_changed(session);
	while (!session_has_room(session, frame_size(frame))) {
		dropped++;
		session->overflowed = true;
		/* A response is never dropped for an indication. */
		if (!queue_drop_oldest(&session->indications) &&
		    (indication || !queue_drop_oldest(&session->responses)))
			return dropped;
	}
	dropped += session_queue(session, indication ? &session->indications : &session->responses,
				 frame);
	session_note_queue(session);
	session_keep_reads(session);
	return dropped;
}

/* The queue with the frame to read next; NULL if there is none. */
static struct queue *session_next_queue(struct session *session)
{
	struct queue *responses = &session->responses;
	struct queue *indications = &session->indications;

	if (responses->frames == 0)
		return indications->frames > 0 ? indications : NULL;
	if (indications->frames == 0)
		return responses;
	return (int32_t)(queue_front_tag(responses) - queue_front_tag(indications)) < 0
		       ? responses
		       : indications;
}

ssize_t session_peek(struct session *session, const uint8_t **data)
{
	const struct queue *queue = session_next_queue(session);

	if (session->overflowed) {
		session->overflowed = false;
		session_keep_reads(session);
		return -ENOBUFS;
	}
	if (!queue)
		return -EAGAIN;
	*data = queue_front(queue) + queue->offset;
	return (ssize_t)(frame_size(queue_front(queue)) - queue->offset);
}

void session_consume(struct session *session, size_t size)
{
	struct queue *queue = session_next_queue(session);

	queue_consume(queue, size);
	if (queue == &session->indications)
		session_note_queue(session);
	session_keep_reads(session);
}

bool session_readable(const struct session *session)
{
	return session->responses.frames > 0 || session->indications.frames > 0 ||
	       session->overflowed;
}

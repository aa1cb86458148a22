/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void sessions_init(struct sessions *sessions, size_t frame_max, size_t queue_bytes)
{
	*sessions = (struct sessions){.frame_max = frame_max, .queue_bytes = queue_bytes};
	list_init(&sessions->open);
	list_init(&sessions->changed);
}

void sessions_finish(struct sessions *sessions)
{
	list_for_each (link, &sessions->open)
		session_destroy(container_of(link, struct session, link));
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

struct session *session_create(struct sessions *sessions, unsigned node, void *owner)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->all = sessions;
	session->node = node;
	session->id = ++sessions->seen;
	session->owner = owner;
	list_init(&session->link);
	list_init(&session->turn);
	list_init(&session->changed);
	list_append(&sessions->open, &session->link);
	sessions->count++;
	return session;
}

static void session_discard_partial(struct session *session)
{
	free(session->partial);
	session->partial = NULL;
	session->partial_bytes = 0;
}

void session_destroy(struct session *session)
{
	if (!session->closed)
		session->all->count--;
	list_remove(&session->link);
	list_remove(&session->turn);
	list_remove(&session->changed);
	session_discard_partial(session);
	queue_finish(&session->in);
	queue_finish(&session->out);
	free(session);
}

void session_close(struct session *session)
{
	list_remove(&session->link);
	list_remove(&session->changed);
	session_discard_partial(session);
	queue_finish(&session->in);
	session->owner = NULL;
	session->closed = true;
	session->all->count--;
}

bool session_writable(const struct session *session)
{
	return queue_bytes(&session->out) < SESSION_OUT_BYTES;
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

/* V19: checks all of data before any of it is taken. */
static int session_check_all(const struct session *session, const uint8_t *data, size_t size)
{
	size_t head_bytes = session->partial_bytes;

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
	}
	return 0;
}

static int session_keep_partial(struct session *session, const uint8_t *data, size_t size)
{
	if (!session->partial)
		session->partial = malloc(session->all->frame_max);
	if (!session->partial)
		return -ENOMEM;
	memcpy(session->partial + session->partial_bytes, data, size);
	session->partial_bytes += size;
	return 0;
}

/* Takes one frame, or the beginning of one. Returns the bytes taken, or -ENOMEM. */
static ssize_t session_accept_one(struct session *session, const uint8_t *data, size_t size)
{
	size_t frame_bytes;
	size_t missing;
	int err;

	session_check_frame(session, session->partial_bytes, data, size, &frame_bytes);
	missing = frame_bytes - session->partial_bytes;
	if (frame_bytes == 0 || missing > size) {
		err = session_keep_partial(session, data, size);
		return err < 0 ? err : (ssize_t)size;
	}
	if (!session->partial) {
		err = queue_push(&session->out, data);
		return err < 0 ? err : (ssize_t)frame_bytes;
	}

	memcpy(session->partial + session->partial_bytes, data, missing);
	err = queue_push(&session->out, session->partial);
	if (err < 0)
		return err;
	session_discard_partial(session);
	return (ssize_t)missing;
}

ssize_t session_accept(struct session *session, const uint8_t *data, size_t size)
{
	size_t at = 0;
	int err = session_check_all(session, data, size);

	if (err < 0) {
		session_discard_partial(session);
		return err;
	}
	if (size > 0 && !session_writable(session))
		return -EAGAIN;
	while (at < size) {
		ssize_t taken = session_accept_one(session, data + at, size - at);

		if (taken < 0)
			return at > 0 ? (ssize_t)at : taken;
		at += (size_t)taken;
	}
	return (ssize_t)at;
}

const uint8_t *session_request(const struct session *session, size_t *size)
{
	return queue_front(&session->out, size);
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

/* V14: an empty queue accepts a frame of any size, so a session that reads loses nothing. */
static bool session_has_room(const struct session *session, size_t size)
{
	if (session->in.frames == 0)
		return true;
	return session->in.frames < SESSION_IN_FRAMES &&
	       queue_bytes(&session->in) + size <= session->all->queue_bytes;
}

unsigned session_deliver(struct session *session, const uint8_t *frame)
{
	unsigned dropped = 0;

	session_mark_changed(session);
	while (!session_has_room(session, frame_size(frame))) {
		dropped++;
		session->overflowed = true;
		if (queue_drop_oldest(&session->in, FRAME_INDICATION))
			continue;
		/* A response is never dropped for an indication. */
		if (frame_kind(frame) == FRAME_INDICATION ||
		    !queue_drop_oldest(&session->in, FRAME_RESPONSE))
			return dropped;
	}
	if (queue_push(&session->in, frame) < 0) {
		session->overflowed = true;
		dropped++;
	}
	return dropped;
}

ssize_t session_peek(struct session *session, const uint8_t **data)
{
	size_t size;

	if (session->overflowed) {
		session->overflowed = false;
		return -ENOBUFS;
	}
	*data = queue_front(&session->in, &size);
	return *data ? (ssize_t)size : -EAGAIN;
}

void session_consume(struct session *session, size_t size)
{
	queue_consume(&session->in, size);
}

bool session_readable(const struct session *session)
{
	return session->in.frames > 0 || session->overflowed;
}

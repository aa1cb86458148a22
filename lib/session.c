/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct session *session_create(struct mux *mux, unsigned node, uint64_t id, void *owner)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->mux = mux;
	session->node = node;
	session->id = id;
	session->owner = owner;
	list_init(&session->link);
	list_init(&session->turn);
	list_init(&session->changed);
	return session;
}

static void discard_partial(struct session *session)
{
	free(session->partial);
	session->partial = NULL;
	session->partial_bytes = 0;
}

void session_destroy(struct session *session)
{
	list_remove(&session->link);
	list_remove(&session->turn);
	list_remove(&session->changed);
	discard_partial(session);
	queue_finish(&session->in);
	queue_finish(&session->out);
	free(session);
}

void session_close(struct session *session)
{
	list_remove(&session->link);
	list_remove(&session->changed);
	discard_partial(session);
	queue_finish(&session->in);
	session->owner = NULL;
	session->in_flight = 0;
	session->sync_left = 0;
	session->closed = true;
}

bool session_out_full(const struct session *session)
{
	return queue_bytes(&session->out) >= SESSION_OUT_BYTES;
}

/*
 * What begins with the first head_bytes bytes of the partial input and goes on
 * in data. *size is the frame's, or 0 if too little of it is there to tell.
 */
static int check_frame(const struct session *session, size_t head_bytes, const uint8_t *data,
		       size_t size, size_t frame_max, size_t *frame_bytes)
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
	if (*frame_bytes > frame_max)
		return -EMSGSIZE;
	return scan == FRAME_INVALID ? -EINVAL : 0;
}

/* Whether everything in data can be a part of frames; nothing is taken before that is known. */
static int check_all(const struct session *session, const uint8_t *data, size_t size,
		     size_t frame_max)
{
	size_t head_bytes = session->partial_bytes;

	for (size_t at = 0; at < size;) {
		size_t frame_bytes;
		int err = check_frame(session, head_bytes, data + at, size - at, frame_max,
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

static int keep_partial(struct session *session, const uint8_t *data, size_t size, size_t frame_max)
{
	if (!session->partial)
		session->partial = malloc(frame_max);
	if (!session->partial)
		return -ENOMEM;
	memcpy(session->partial + session->partial_bytes, data, size);
	session->partial_bytes += size;
	return 0;
}

/* Takes one frame, or the part of one that is there. Returns the bytes taken, or -ENOMEM. */
static ssize_t accept_one(struct session *session, const uint8_t *data, size_t size,
			  size_t frame_max)
{
	size_t frame_bytes;
	size_t missing;
	int err;

	check_frame(session, session->partial_bytes, data, size, frame_max, &frame_bytes);
	missing = frame_bytes - session->partial_bytes;
	if (frame_bytes == 0 || missing > size) {
		err = keep_partial(session, data, size, frame_max);
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
	discard_partial(session);
	return (ssize_t)missing;
}

ssize_t session_accept(struct session *session, const uint8_t *data, size_t size, size_t frame_max)
{
	size_t at = 0;
	int err = check_all(session, data, size, frame_max);

	if (err < 0) {
		discard_partial(session);
		return err;
	}
	if (size > 0 && session_out_full(session))
		return -EAGAIN;
	while (at < size) {
		ssize_t taken = accept_one(session, data + at, size - at, frame_max);

		if (taken < 0)
			return at > 0 ? (ssize_t)at : taken;
		at += (size_t)taken;
	}
	return (ssize_t)at;
}

/* An empty queue takes a frame of any size: whoever reads loses nothing. */
static bool fits(const struct session *session, size_t size, size_t max_bytes)
{
	if (session->in.frames == 0)
		return true;
	return session->in.frames < SESSION_IN_FRAMES &&
	       queue_bytes(&session->in) + size <= max_bytes;
}

unsigned session_deliver(struct session *session, const uint8_t *frame, size_t max_bytes)
{
	unsigned dropped = 0;

	while (!fits(session, frame_size(frame), max_bytes)) {
		dropped++;
		session->overflowed = true;
		if (queue_drop_oldest(&session->in, FRAME_INDICATION))
			continue;
		/* A response is worth more than an indication, and the oldest goes first. */
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What waits for a session to read it: V1, V14, V20. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

void model_peek(struct model *m, unsigned slot, ssize_t result, const uint8_t *data)
{
	struct seat *s = &m->seats[slot];
	const struct frame *front = s->in.first;
	ssize_t want = -EAGAIN;

	if (m->unplugged) {
		want = -ENODEV;
	} else if (s->overflowed) {
		want = -ENOBUFS;
		s->overflowed = false;
		reached(m, SITUATION_OVERFLOW_READ);
	} else if (front) {
		want = (ssize_t)(front->size - s->read);
	}
	if (result != want)
		broken(m, want == -ENOBUFS ? "V14" : "V20",
		       "a read of session %u gives %zd, not %zd", slot, result, want);
	else if (want > 0 && memcmp(data, front->bytes + s->read, (size_t)want) != 0)
		broken(m, "V1", "a read of session %u gives another frame than its next", slot);
}

void model_consume(struct model *m, unsigned slot, size_t size)
{
	struct seat *s = &m->seats[slot];

	s->read += size;
	if (s->read < s->in.first->size) {
		reached(m, SITUATION_READ_IN_PIECES);
		return;
	}
	free(fifo_pop(&s->in));
	s->read = 0;
}

/* V14. The oldest indication, or else the oldest response, that nobody has begun to read. */
static struct frame **oldest(struct seat *s, bool indication)
{
	struct frame **at = &s->in.first;

	if (s->read)
		at = &(*at)->next;
	while (*at && (*at)->indication != indication)
		at = &(*at)->next;
	return *at ? at : NULL;
}

static void drop_from_queue(struct model *m, struct seat *s, struct frame **at)
{
	struct frame *frame = *at;

	reached(m, frame->indication ? SITUATION_OVERFLOW : SITUATION_RESPONSE_DROPPED);
	if (s->read)
		reached(m, SITUATION_PART_READ_KEPT);
	*at = frame->next;
	s->in.bytes -= frame->size;
	s->in.frames--;
	if (frame == s->in.last) {
		s->in.last = s->in.first;
		while (s->in.last && s->in.last->next)
			s->in.last = s->in.last->next;
	}
	free(frame);
	s->overflowed = true;
	m->counters.overflowed++;
}

static bool fits(const struct model *m, const struct seat *s, const struct frame *frame)
{
	return !s->in.frames ||
	       (s->in.bytes + frame->size <= m->config.queue_bytes && s->in.frames < IN_FRAMES_MAX);
}

void give(struct model *m, struct seat *s, struct frame *frame)
{
	s->news = true;
	while (!fits(m, s, frame)) {
		struct frame **victim = oldest(s, true);

		if (s->in.frames == IN_FRAMES_MAX)
			reached(m, SITUATION_OVERFLOW_FRAMES);
		if (!victim && !frame->indication)
			victim = oldest(s, false);
		if (!victim) { /* It is itself the oldest one that can go. */
			s->overflowed = true;
			m->counters.overflowed++;
			free(frame);
			return;
		}
		drop_from_queue(m, s, victim);
	}
	fifo_push(&s->in, frame);
}

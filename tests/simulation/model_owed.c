/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sessions are owed, and what the core's traces show that it did: V1, V6, V14. */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

void owe(struct model *m, int seat, enum owed_from from, const char *rule, const uint8_t *bytes,
	 size_t size)
{
	if (!seat_is_open(seat))
		return;
	if (m->owed_count == m->owed_size) {
		m->owed_size = 2 * m->owed_size + 16;
		m->owed = realloc(m->owed, m->owed_size * sizeof(*m->owed));
		if (!m->owed)
			abort();
	}
	m->owed[m->owed_count++] = (struct owed){.seat = seat,
						 .local = m->taking,
						 .group = m->taking ? m->group : m->heard,
						 .from = from,
						 .rule = rule,
						 .frame = frame_of(bytes, size)};
	if (from == FROM_MODEM)
		m->counters.delivered++;
}

void owe_error(struct model *m, int seat, const struct frame *asked, uint16_t error,
	       const char *rule)
{
	const uint8_t *bytes = asked->bytes;
	uint8_t answer[32];

	wire_begin(answer, WIRE_RESPONSE, wire_service(bytes), wire_cid(bytes), wire_tid(bytes),
		   wire_message(bytes));
	owe(m, seat, FROM_MUX, rule, answer, wire_add_result(answer, error));
}

void model_trace(struct model *m, const struct mux_trace *trace)
{
	if (m->seen_count == m->seen_size) {
		m->seen_size = 2 * m->seen_size + 16;
		m->seen = realloc(m->seen, m->seen_size * sizeof(*m->seen));
		if (!m->seen)
			abort();
	}
	m->seen[m->seen_count++] = (struct seen){
		.path = trace->path,
		.session = trace->session ? mux_session_id(trace->session) : 0,
		.own = trace->own,
		.late = trace->why && strcmp(trace->why, "late") == 0,
		.unclaimed =
			trace->why && strcmp(trace->why, "no session can take the client") == 0,
		.frame = frame_of(trace->frame, wire_size(trace->frame))};
}

static struct owed *find_owed(const struct model *m, int seat, const struct seen *seen)
{
	enum owed_from other = seen->path == MUX_TO_APP ? FROM_MUX : FROM_MODEM;

	for (unsigned i = m->owed_first; i < m->owed_count; i++) {
		struct owed *owed = &m->owed[i];

		if (owed->seat == seat && !owed->given && owed->from != other &&
		    is_same(owed->frame, seen->frame))
			return owed;
	}
	return NULL;
}

/* A session was given a frame: one that it is owed, and none of an earlier group is left out. */
static void match_one(struct model *m, const struct seen *seen)
{
	int seat = seat_of(m, seen->session);
	struct owed *found = find_owed(m, seat, seen);
	const uint8_t *bytes = seen->frame->bytes;

	if (!found) {
		broken(m, "V6",
		       "session %d is given a frame that is not its own: service %u, CID %u, tid "
		       "%u, "
		       "message 0x%04x, kind %d, error %u",
		       seat, wire_service(bytes), wire_cid(bytes), wire_tid(bytes),
		       wire_message(bytes), wire_kind(bytes), wire_error(bytes));
		return;
	}
	for (unsigned i = m->owed_first; &m->owed[i] < found; i++)
		if (m->owed[i].seat == seat && !m->owed[i].given &&
		    m->owed[i].local == found->local && m->owed[i].group < found->group)
			broken(m, found->rule, "session %d is given frames in a wrong order", seat);
	found->given = true;
	while (m->owed_first < m->owed_count && m->owed[m->owed_first].given)
		m->owed_first++;
	give(m, &m->seats[seat], found->frame);
	found->frame = NULL;
}

static void follow_one(struct model *m, const struct seen *seen, bool at_port)
{
	switch (seen->path) {
	case MUX_TAKEN:
		if (!at_port && !m->may_take)
			broken(m, "V14", "the mux deals with a request in a call of another kind");
		take(m, seen->session, seen->frame, at_port);
		break;
	case MUX_TO_APP:
	case MUX_ANSWERED:
		match_one(m, seen);
		break;
	case MUX_DROPPED:
		m->dropped_seen++;
		break;
	default:
		broken(m, "V15", "a frame goes to the modem that nobody has pulled");
	}
}

static void forget_seen(struct model *m, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		free(m->seen[i].frame);
	m->seen_count -= count;
	if (count)
		memmove(m->seen, m->seen + count, m->seen_count * sizeof(m->seen[0]));
}

bool follow(struct model *m, const uint8_t *frame, size_t size, struct whose *whose)
{
	unsigned i = 0;
	bool found = false;

	while (i < m->seen_count && !found && !m->rule) {
		const struct seen *seen = &m->seen[i++];

		found = seen->path == MUX_TO_MODEM;
		if (!found) {
			follow_one(m, seen, true);
			continue;
		}
		*whose = (struct whose){seen->session, seen->own};
		if (frame &&
		    (seen->frame->size != size || memcmp(seen->frame->bytes, frame, size) != 0))
			broken(m, "trace", "the trace shows another frame than the modem gets");
	}
	if (!m->rule && found != (frame != NULL))
		broken(m, "trace", "the trace shows something else than one frame to the modem");
	forget_seen(m, i);
	return found;
}

static void all_is_given(struct model *m)
{
	for (unsigned i = 0; i < m->owed_count; i++) {
		const struct owed *owed = &m->owed[i];

		if (!owed->given) {
			const uint8_t *bytes = owed->frame->bytes;

			broken(m, owed->rule,
			       "session %d is not given what it is owed: service %u, CID %u, "
			       "tid %u, message 0x%04x, kind %d, error %u",
			       owed->seat, wire_service(bytes), wire_cid(bytes), wire_tid(bytes),
			       wire_message(bytes), wire_kind(bytes), wire_error(bytes));
		}
		free(owed->frame);
	}
	m->owed_count = 0;
	m->owed_first = 0;
}

void match(struct model *m)
{
	for (unsigned i = 0; i < m->seen_count && !m->rule; i++)
		follow_one(m, &m->seen[i], false);
	forget_seen(m, m->seen_count);
	all_is_given(m);
	m->group = 0;
	m->heard = 0;
	m->may_take = false;
}

void model_told(struct model *m, const struct session *session)
{
	int seat = seat_of(m, mux_session_id(session));

	if (!seat_is_open(seat)) {
		broken(m, "V22", "a session is named as changed that is not open");
		return;
	}
	if (!m->seats[seat].news && !m->seats[seat].may_news)
		broken(m, "V22", "session %d is named as changed without a change", seat);
	m->seats[seat].news = false;
	m->seats[seat].may_news = false;
}

void model_all_told(struct model *m)
{
	for (unsigned i = 0; i < m->seated_count; i++) {
		int seat = m->seated[i];

		if (seat_is_open(seat) && m->seats[seat].news)
			broken(m, "V22", "session %d has changed, and is not told so", seat);
		m->seats[seat].may_news = false;
	}
}

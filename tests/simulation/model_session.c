/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions as programs see them: V1, V6, V14, V17, V19 to V22. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

int seat_of(const struct model *m, const struct session *handle)
{
	for (unsigned i = 0; i < m->seated_count; i++)
		if (m->seats[m->seated[i]].handle == handle)
			return m->seated[i];
	return NOBODY;
}

bool seat_is_open(int seat)
{
	return seat >= 0 && seat < MODEL_SLOTS;
}

static void take_seat(struct model *m, int seat)
{
	m->seats[seat].used = true;
	m->seated[m->seated_count++] = seat;
}

void free_seat(struct model *m, int seat)
{
	struct seat *s = &m->seats[seat];
	unsigned i = 0;

	for (int flight = 0; flight < m->flights_size; flight++)
		if (m->flights[flight].seat == seat)
			m->flights[flight].seat = NOBODY;
	fifo_clear(&s->out);
	fifo_clear(&s->in);
	free(s->partial);
	free(s->sync);
	memset(s, 0, sizeof(*s));
	while (m->seated[i] != seat)
		i++;
	m->seated[i] = m->seated[--m->seated_count];
	for (unsigned other = 0; other < m->seated_count; other++)
		m->seats[m->seated[other]].passed[seat] = 0;
	m->own_turn.passed[seat] = 0;
}

void model_open(struct model *m, unsigned slot, unsigned node, struct session *session, int error)
{
	struct seat *s = &m->seats[slot];

	if (m->unplugged || m->stopping) {
		if (session || error != ENODEV)
			broken(m, "V17", "open gave a session or errno %d, not ENODEV", error);
		return;
	}
	if (!session) {
		broken(m, "V1", "open failed, errno %d", error);
		return;
	}
	if (seat_of(m, session) != NOBODY)
		broken(m, "V1", "open gave a session that is in use");
	take_seat(m, (int)slot);
	s->handle = session;
	s->node = node;
	m->open_count++;
	if (mux_session_node(session) != node)
		broken(m, "V1", "the session is on node %u, not %u", mux_session_node(session),
		       node);
}

/* V6: moves unsent frames to a seat after the slots. NOBODY if there are none, or no seat. */
static int linger(struct model *m, unsigned slot)
{
	struct seat *s = &m->seats[slot];
	int seat = MODEL_SLOTS;

	while (s->out.first && seat < SESSIONS && m->seats[seat].used)
		seat++;
	if (!s->out.first)
		return NOBODY;
	if (seat == SESSIONS) {
		reached(m, SITUATION_LINGER_LOST);
		return NOBODY;
	}
	take_seat(m, seat);
	m->seats[seat].handle = s->handle;
	m->seats[seat].node = s->node;
	m->seats[seat].out = s->out;
	m->seats[seat].in_flight = s->in_flight;
	m->seats[seat].turn = s->turn;
	memset(&s->out, 0, sizeof(s->out));
	return seat;
}

void model_close(struct model *m, unsigned slot, uint64_t now)
{
	int seat;

	m->now = now;
	seat = m->unplugged || m->stopping ? NOBODY : linger(m, slot);
	for (int i = 0; i < m->clients_size; i++) {
		if (m->clients[i].used && m->clients[i].holder == (int)slot) {
			set_holder(m, i, NOBODY);
			m->clients[i].since = now;
		}
	}
	for (int i = 0; i < m->flights_size; i++)
		if (m->flights[i].state != FLIGHT_UNUSED && m->flights[i].seat == (int)slot)
			m->flights[i].seat = seat;
	for (int i = 0; i < m->owns_size; i++)
		if (m->owns[i].purpose == FOR_SYNC && m->owns[i].waits == (int)slot)
			m->owns[i].waits = NOBODY;
	/* There is no point in sending an Allocate CID again. */
	for (int i = 0; i < m->flights_size && m->ready; i++)
		if (m->flights[i].state == FLIGHT_READY && !seat_is_open(m->flights[i].seat))
			drop_flight(m, i);
	free_seat(m, (int)slot);
	m->open_count--;
	settle(m);
}

/* Finds what is wrong with this write. *whole: the size of the whole frames in it. */
static unsigned scan_write(const struct model *m, const uint8_t *data, size_t size, size_t *whole)
{
	unsigned found = WIRE_WHOLE;
	size_t at = 0;

	while (at < size && found == WIRE_WHOLE) {
		size_t frame_size = 0;

		found = wire_scan_request(data + at, size - at, m->config.frame_max, &frame_size);
		at += frame_size;
	}
	*whole = at;
	return found == WIRE_PARTIAL ? WIRE_WHOLE : found;
}

static void refuse(struct model *m, struct seat *s, unsigned found, ssize_t result)
{
	bool as_garbage = found & WIRE_BAD && result == -EINVAL;
	bool as_long = found & WIRE_TOO_LONG && result == -EMSGSIZE;

	if (!as_garbage && !as_long)
		broken(m, "V19", "a write of %s gave %zd",
		       found & WIRE_BAD ? "garbage" : "too long a frame", result);
	reached(m, as_long ? SITUATION_WRITE_TOO_LONG : SITUATION_WRITE_GARBAGE);
	free(s->partial);
	s->partial = NULL;
	s->partial_size = 0;
}

static void accept_bytes(struct model *m, struct seat *s, const uint8_t *data, size_t size,
			 size_t whole)
{
	size_t at = 0;

	if (s->partial_size && whole)
		reached(m, SITUATION_WRITE_IN_PIECES);
	if (whole && !s->out.first)
		s->turn = ++m->turns;
	while (at < whole) {
		fifo_push(&s->out, frame_of(data + at, wire_size(data + at)));
		at += wire_size(data + at);
	}
	free(s->partial);
	s->partial = NULL;
	s->partial_size = size - whole;
	if (s->partial_size) {
		s->partial = malloc(s->partial_size);
		if (!s->partial)
			abort();
		memcpy(s->partial, data + whole, s->partial_size);
	}
}

void model_write(struct model *m, unsigned slot, const uint8_t *data, size_t size, ssize_t result)
{
	struct seat *s = &m->seats[slot];
	size_t total = s->partial_size + size;
	uint8_t *all;
	size_t whole;
	unsigned found;

	if (m->unplugged || m->stopping) {
		if (result != -ENODEV)
			broken(m, "V17", "a write to a dead node gave %zd", result);
		return;
	}
	all = malloc(total + 1);
	if (!all)
		abort();
	if (s->partial_size)
		memcpy(all, s->partial, s->partial_size);
	if (size)
		memcpy(all + s->partial_size, data, size);
	found = scan_write(m, all, total, &whole);
	if (found != WIRE_WHOLE) {
		refuse(m, s, found, result);
	} else if (size && s->out.bytes >= OUT_BYTES_MAX) {
		reached(m, SITUATION_WRITE_FULL);
		if (result != -EAGAIN)
			broken(m, "V21", "a write with %zu bytes waiting gave %zd", s->out.bytes,
			       result);
	} else {
		if (result != (ssize_t)size)
			broken(m, "V21", "a write of %zu bytes gave %zd, with %zu bytes waiting",
			       size, result, s->out.bytes);
		accept_bytes(m, s, all, total, whole);
		settle(m);
	}
	free(all);
}

void pop_out(struct model *m, int seat)
{
	struct seat *s = &m->seats[seat];
	bool full = s->out.bytes >= OUT_BYTES_MAX;

	free(fifo_pop(&s->out));
	memset(s->passed, 0, sizeof(s->passed));
	s->may_news = true;
	if (full && s->out.bytes < OUT_BYTES_MAX) {
		reached(m, SITUATION_WRITABLE_AGAIN);
		s->news = true;
	}
}

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
		broken(m, "V1", "a read of session %u does not give its next frame", slot);
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

/* V14. The oldest indication, or response, that is not partly read. */
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

static void give(struct model *m, struct seat *s, struct frame *frame)
{
	s->news = true;
	while (!fits(m, s, frame)) {
		struct frame **victim = oldest(s, true);

		if (s->in.frames == IN_FRAMES_MAX)
			reached(m, SITUATION_OVERFLOW_FRAMES);
		if (!victim && !frame->indication)
			victim = oldest(s, false);
		if (!victim) { /* Only the new frame itself can be dropped. */
			s->overflowed = true;
			m->counters.overflowed++;
			free(frame);
			return;
		}
		drop_from_queue(m, s, victim);
	}
	fifo_push(&s->in, frame);
}

void owe(struct model *m, int seat, bool from_modem, const char *rule, const uint8_t *bytes,
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
						 .local = m->settling,
						 .group = m->settling ? m->group : m->heard,
						 .from_modem = from_modem,
						 .rule = rule,
						 .frame = frame_of(bytes, size)};
	if (from_modem)
		m->counters.delivered++;
}

void owe_error(struct model *m, int seat, const struct frame *asked, uint16_t error,
	       const char *rule)
{
	const uint8_t *bytes = asked->bytes;
	uint8_t answer[32];

	wire_begin(answer, WIRE_RESPONSE, wire_service(bytes), wire_cid(bytes), wire_tid(bytes),
		   wire_message(bytes));
	owe(m, seat, false, rule, answer, wire_add_result(answer, error));
}

void model_trace(struct model *m, const struct mux_trace *trace)
{
	if (m->seen_count == m->seen_size) {
		m->seen_size = 2 * m->seen_size + 16;
		m->seen = realloc(m->seen, m->seen_size * sizeof(*m->seen));
		if (!m->seen)
			abort();
	}
	m->seen[m->seen_count++] =
		(struct seen){.path = trace->path,
			      .handle = trace->session,
			      .late = trace->why && strcmp(trace->why, "late") == 0,
			      .frame = frame_of(trace->frame, wire_size(trace->frame))};
}

static bool is_same(const struct frame *a, const struct frame *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* A frame given to a session must be owed, and all of earlier groups must be given. */
static void match_one(struct model *m, const struct seen *seen)
{
	int seat = seat_of(m, seen->handle);
	struct owed *found = NULL;
	const uint8_t *bytes = seen->frame->bytes;

	for (unsigned i = m->owed_first; i < m->owed_count && !found; i++) {
		struct owed *owed = &m->owed[i];

		if (owed->seat == seat && !owed->given && is_same(owed->frame, seen->frame) &&
		    owed->from_modem == (seen->path == MUX_TO_APP))
			found = owed;
	}
	if (!found) {
		broken(m, "V6",
		       "session %d gets a frame that is not its own: service %u, CID %u, "
		       "tid %u, message 0x%04x, kind %d, error %u",
		       seat, wire_service(bytes), wire_cid(bytes), wire_tid(bytes),
		       wire_message(bytes), wire_kind(bytes), wire_error(bytes));
		return;
	}
	for (unsigned i = m->owed_first; &m->owed[i] < found; i++)
		if (m->owed[i].seat == seat && !m->owed[i].given &&
		    m->owed[i].local == found->local && m->owed[i].group < found->group)
			broken(m, found->rule, "session %d gets frames in the wrong order", seat);
	found->given = true;
	while (m->owed_first < m->owed_count && m->owed[m->owed_first].given)
		m->owed_first++;
	give(m, &m->seats[seat], found->frame);
	found->frame = NULL;
}

void match(struct model *m)
{
	for (unsigned i = 0; i < m->seen_count; i++) {
		if (m->seen[i].path == MUX_TO_APP || m->seen[i].path == MUX_ANSWERED)
			match_one(m, &m->seen[i]);
		else if (m->seen[i].path == MUX_DROPPED)
			m->dropped_seen++;
		else
			broken(m, "V15",
			       "the core traces a frame to the modem that the port did not ask "
			       "for");
		free(m->seen[i].frame);
	}
	for (unsigned i = 0; i < m->owed_count; i++) {
		const struct owed *owed = &m->owed[i];

		if (!owed->given) {
			const uint8_t *bytes = owed->frame->bytes;

			broken(m, owed->rule,
			       "session %d does not get a frame it is owed: service %u, CID %u, "
			       "tid %u, message 0x%04x, kind %d, error %u",
			       owed->seat, wire_service(bytes), wire_cid(bytes), wire_tid(bytes),
			       wire_message(bytes), wire_kind(bytes), wire_error(bytes));
		}
		free(owed->frame);
	}
	m->seen_count = 0;
	m->owed_count = 0;
	m->owed_first = 0;
	m->group = 0;
	m->heard = 0;
}

void model_told(struct model *m, const struct session *session)
{
	int seat = seat_of(m, session);

	if (!seat_is_open(seat)) {
		broken(m, "V22", "a session that is not open is reported as changed");
		return;
	}
	if (!m->seats[seat].news && !m->seats[seat].may_news)
		broken(m, "V22", "session %d is reported as changed without a change", seat);
	m->seats[seat].news = false;
	m->seats[seat].may_news = false;
}

void model_all_told(struct model *m)
{
	for (unsigned i = 0; i < m->seated_count; i++) {
		int seat = m->seated[i];

		if (seat_is_open(seat) && m->seats[seat].news)
			broken(m, "V22", "session %d has changed but is not reported", seat);
		m->seats[seat].may_news = false;
	}
}

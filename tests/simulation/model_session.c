/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions as programs see them: V1, V6, V17, V19 to V22. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

int seat_of(const struct model *m, uint64_t session)
{
	for (unsigned i = 0; i < m->seated_count; i++)
		if (m->seats[m->seated[i]].id == session)
			return m->seated[i];
	return NOBODY;
}

bool seat_is_open(int seat)
{
	return seat >= 0 && seat < MODEL_SLOTS;
}

static void take_seat(struct model *m, int seat, int user)
{
	struct seat *s = &m->seats[seat];

	s->used = true;
	s->user = user;
	lapse(&s->local);
	lapse(&s->port);
	m->seated[m->seated_count++] = seat;
	m->users[user].lingering += !seat_is_open(seat);
}

void free_seat(struct model *m, int seat)
{
	struct seat *s = &m->seats[seat];
	unsigned i = 0;

	for (int flight = 0; flight < m->flights_size; flight++)
		if (m->flights[flight].seat == seat)
			m->flights[flight].seat = NOBODY;
	m->users[s->user].lingering -= !seat_is_open(seat);
	fifo_clear(&s->out);
	fifo_clear(&s->in);
	free(s->partial);
	free(s->sync);
	memset(s, 0, sizeof(*s));
	while (m->seated[i] != seat)
		i++;
	m->seated[i] = m->seated[--m->seated_count];
}

void free_if_done(struct model *m, int seat)
{
	if (!seat_is_open(seat) && !m->seats[seat].out.first)
		free_seat(m, seat);
}

void model_open(struct model *m, unsigned slot, unsigned node, uint32_t uid,
		struct session *session, int error)
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
	if (seat_of(m, mux_session_id(session)) != NOBODY)
		broken(m, "V1", "open gave a session that is in use");
	take_seat(m, (int)slot, user_of(m, uid));
	s->handle = session;
	s->id = mux_session_id(session);
	s->node = node;
	m->open_count++;
	if (mux_session_node(session) != node)
		broken(m, "V1", "the session is on node %u, not %u", mux_session_node(session),
		       node);
	if (mux_session_user(session) != uid)
		broken(m, "V28", "the session is of user %u, not %u", mux_session_user(session),
		       uid);
}

void model_reopen(struct model *m, unsigned slot, struct session *session)
{
	struct seat *s = &m->seats[slot];

	s->handle = session;
	if (mux_session_id(session) != s->id || mux_session_node(session) != s->node ||
	    mux_session_user(session) != m->users[s->user].uid)
		broken(m, "V29", "session %u is another one after a restart", slot);
}

static int free_place(const struct model *m)
{
	int seat = MODEL_SLOTS;

	while (seat < SESSIONS && m->seats[seat].used)
		seat++;
	return seat;
}

bool model_may_close(const struct model *m, unsigned slot)
{
	return !m->seats[slot].out.first || free_place(m) < SESSIONS;
}

/* Whether the next frame may have its place at the port: an Allocate CID keeps it there. */
static bool may_have_place(const struct model *m, int slot)
{
	const struct seat *s = &m->seats[slot];

	return s->looked || (is_ctl(s->out.first, 0x0022) && head_of(m, slot) >= HEAD_FULL);
}

/* V6: moves unsent frames to a seat after the slots. NOBODY if there are none, or no seat. */
static int linger(struct model *m, unsigned slot)
{
	struct seat *s = &m->seats[slot];
	int seat = free_place(m);

	if (!s->out.first || m->unplugged || m->stopping)
		return NOBODY;
	if (!is_root(m, s->user) && m->users[s->user].lingering >= LINGERING_MAX) {
		reached(m, SITUATION_LINGER_LOST);
		return NOBODY;
	}
	take_seat(m, seat, s->user);
	m->seats[seat].id = s->id;
	m->seats[seat].gives_up = m->now + LINGER_MS;
	m->seats[seat].node = s->node;
	m->seats[seat].out = s->out;
	m->seats[seat].looked = may_have_place(m, (int)slot);
	m->seats[seat].held = s->held;
	m->seats[seat].placed = s->placed;
	m->seats[seat].in_flight = s->in_flight;
	m->seats[seat].local = s->local;
	m->seats[seat].port = s->port;
	memset(&s->out, 0, sizeof(s->out));
	return seat;
}

/* V10, V14: what the mux asks for it goes on, in nobody's name. */
static void leave_owns(struct model *m, int slot)
{
	for (int i = 0; i < m->owns_size; i++) {
		struct own *own = &m->owns[i];

		if (own->used && own->seat == slot) {
			own->seat = NOBODY;
			own->moved = true;
		}
		if (own->purpose == FOR_SYNC && own->waits == slot)
			own->waits = NOBODY;
	}
}

/* V15: its CTL requests expire; what the modem has of the others finds another seat, or none. */
static void leave_flights(struct model *m, int slot, int seat)
{
	int next;

	/* What a client that goes with its Release CID was asked is answered to nobody. */
	for (int i = m->oldest; i != NOBODY; i = m->flights[i].next)
		if (m->flights[i].seat == slot && m->flights[i].service != 0)
			m->flights[i].seat = seat;
	for (int i = m->oldest; i != NOBODY; i = next) {
		next = m->flights[i].next;
		if (m->flights[i].seat == slot && m->flights[i].service == 0) {
			detach_flight(m, i);
			next = m->oldest; /* others may have been aborted */
		}
	}
	for (int i = 0; i < m->flights_size; i++) {
		struct flight *f = &m->flights[i];

		if (f->state == FLIGHT_UNUSED || f->seat != slot)
			continue;
		f->seat = seat;
		/* An Allocate CID that was to be sent again is of no use now. */
		if (f->state == FLIGHT_READY) {
			drop_flight(m, i);
		} else if (f->counted) {
			uncount_ask(f);
			f->counted = &m->users[f->user].may_ask[*subject(f->frame, 1)];
			++*f->counted;
		}
	}
}

void give_up_lingering(struct model *m, uint64_t now)
{
	for (unsigned i = m->seated_count; i-- > 0;) {
		int seat = m->seated[i];

		if (seat_is_open(seat) || m->seats[seat].gives_up > now)
			continue;
		reached(m, SITUATION_LINGER_LATE);
		/* Another of its user's frames has not waited for so long. */
		m->users[m->seats[seat].user].port.since = NO_TIME;
		m->users[m->seats[seat].user].local.since = NO_TIME;
		free_seat(m, seat);
	}
}

void model_close(struct model *m, unsigned slot, uint64_t now)
{
	int seat;

	m->now = now;
	seat = linger(m, slot);
	for (int i = 0; i < m->clients_size; i++)
		if (m->clients[i].used)
			let_go(m, i, (int)slot);
	leave_flights(m, (int)slot, seat);
	leave_owns(m, (int)slot);
	free_seat(m, (int)slot);
	m->open_count--;
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
		s->looked = false;
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

void model_write(struct model *m, unsigned slot, const uint8_t *data, size_t size, uint64_t now,
		 ssize_t result)
{
	struct seat *s = &m->seats[slot];
	size_t total = s->partial_size + size;
	uint8_t *all;
	size_t whole;
	unsigned found;

	m->now = now;
	m->may_take = true;
	if (m->unplugged || m->stopping) {
		if (result != -ENODEV)
			broken(m, "V17", "a write to a dead node gave %zd", result);
		return;
	}
	if (size && s->out.bytes >= OUT_BYTES_MAX) {
		reached(m, SITUATION_WRITE_FULL);
		if (result != -EAGAIN)
			broken(m, "V21", "a write with %zu bytes waiting gave %zd", s->out.bytes,
			       result);
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
	} else {
		if (result != (ssize_t)size)
			broken(m, "V21", "a write of %zu bytes gave %zd, with %zu bytes waiting",
			       size, result, s->out.bytes);
		accept_bytes(m, s, all, total, whole);
	}
	free(all);
}

void pop_out(struct model *m, int seat)
{
	struct seat *s = &m->seats[seat];
	bool full = s->out.bytes >= OUT_BYTES_MAX;

	free(fifo_pop(&s->out));
	s->looked = false;
	s->held = false;
	s->placed = false;
	lapse(&s->local);
	lapse(&s->port);
	lapse(&m->users[s->user].port);
	s->may_news = true;
	if (full && s->out.bytes < OUT_BYTES_MAX) {
		reached(m, SITUATION_WRITABLE_AGAIN);
		s->news = true;
	}
}

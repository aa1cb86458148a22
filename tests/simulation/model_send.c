/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From sessions to the modem: V2, V4, V5, V8, V14, V15. */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

static void note_equal_tids(struct model *m, int seat, enum may may)
{
	const struct seat *s = &m->seats[seat];

	if (may == NO && s->out.first && !s->sync && !m->stopping &&
	    wire_service(s->out.first->bytes) != 0 && s->in_flight < IN_FLIGHT_MAX)
		reached(m, SITUATION_EQUAL_TIDS);
}

static void nothing_is_sent(struct model *m, const struct chances *chances)
{
	for (unsigned i = 0; i < m->seated_count; i++) {
		note_equal_tids(m, m->seated[i], chances->may[i]);
		if (chances->may[i] == MUST)
			broken(m, chances->late[i] == NOBODY ? "V14" : "V15",
			       "session %d has a frame that can be sent, but the port gets nothing",
			       m->seated[i]);
	}
	for (int i = 0; i < m->owns_size && m->now >= m->own_pause && ctl_tid_is_free(m); i++)
		if (m->owns[i].used && m->owns[i].unsure && !m->owns[i].out)
			own_is_over(m, i, OWN_EXPIRED);
	if (may_send_any_own(m) == MUST)
		broken(m, "V6", "the mux has its own request to send, but the port gets nothing");
}

/* V14: no session is served twice while another one could be served. */
static void take_turns(struct model *m, const struct chances *chances, int served)
{
	for (unsigned i = 0; i < m->seated_count; i++) {
		struct seat *s = &m->seats[m->seated[i]];

		if (m->seated[i] == served || chances->may[i] != MUST)
			memset(s->passed, 0, sizeof(s->passed));
		else if (++s->passed[served] > 1)
			broken(m, "V14", "session %d waits while %d is served twice", m->seated[i],
			       served);
	}
	if (served == THE_MUX || may_send_any_own(m) != MUST)
		memset(m->own_turn.passed, 0, sizeof(m->own_turn.passed));
	else if (++m->own_turn.passed[served] > 1)
		broken(m, "V14", "the mux waits while session %d is served twice", served);
}

static int late_of_tid(const struct model *m, uint16_t tid)
{
	for (unsigned i = 0; m->late_tid[tid] && i < m->late_count; i++)
		if (m->late[i].service == 0 && m->late[i].device_tid == tid)
			return (int)i;
	return NOBODY;
}

/* V4, V15 */
static void check_tid(struct model *m, uint16_t tid)
{
	int late = late_of_tid(m, tid);
	uint16_t best = 0;

	/* A tid does not rest while its answer is awaited. */
	for (uint16_t i = 1; i < 256; i++)
		if (m->by_tid[i] == NOBODY && !m->late_tid[i] &&
		    (!best || m->rests_by[i] < m->rests_by[best]))
			best = i;
	if (tid == 0 || m->by_tid[tid] != NOBODY)
		broken(m, "V4", "device tid %u is used twice", tid);
	else if (late != NOBODY && held_up(m, late) == HELD_UP)
		broken(m, "V15", "device tid %u may still get a late answer", tid);
	else if (best && m->rests_from[tid] > m->rests_by[best])
		broken(m, "V4", "device tid %u is used, but %u has rested longer", tid, best);
	if (late == NOBODY)
		return;
	reached(m, SITUATION_LATE_TID_TAKEN);
	forget_late(m, late);
}

static void depart(struct model *m, int flight, const uint8_t *frame)
{
	struct flight *f = &m->flights[flight];
	size_t len;

	m->port_release = (struct released){0};
	if (wire_service(frame) == 0 && wire_message(frame) == 0x0023) {
		const uint8_t *value = frame + wire_tlv(frame, 0x01, &len);

		m->port_release = (struct released){true, value[0], value[1], wire_tid(frame)};
	}
	f->service = wire_service(frame);
	f->device_cid = wire_cid(frame);
	f->device_tid = wire_tid(frame);
	f->message = wire_message(frame);
	flight_out(m, flight, m->now);
	m->port = flight;
	m->counters.requests++;
}

static void check_same(struct model *m, const char *rule, const uint8_t *frame, size_t size,
		       const uint8_t *want, size_t want_size)
{
	if (size != want_size || memcmp(frame, want, size) != 0)
		broken(m, rule,
		       "the modem gets service %u, CID %u, tid %u, message 0x%04x, %zu bytes, but "
		       "should get service %u, CID %u, tid %u, message 0x%04x, %zu bytes",
		       wire_service(frame), wire_cid(frame), wire_tid(frame), wire_message(frame),
		       size, wire_service(want), wire_cid(want), wire_tid(want), wire_message(want),
		       want_size);
}

static bool is_release_of(const uint8_t *frame, uint8_t service, uint8_t cid)
{
	size_t len;
	size_t at = wire_tlv(frame, 0x01, &len);

	return at && len == 2 && frame[at] == service && frame[at + 1] == cid;
}

static bool is_allocate_of(const uint8_t *frame, uint8_t service)
{
	size_t len;
	size_t at = wire_tlv(frame, 0x01, &len);

	return wire_message(frame) == 0x0022 && at && len == 1 && frame[at] == service;
}

/* V9: the allocation is retried. */
static void send_again(struct model *m, int flight, const uint8_t *frame, size_t size)
{
	uint8_t want[32];
	size_t want_size = wire_begin(want, WIRE_REQUEST, 0, 0, wire_tid(frame), 0x0022);

	want_size = wire_add(want, 0x01, subject(m->flights[flight].frame, 1), 1);
	check_same(m, "V9", frame, size, want, want_size);
	check_tid(m, wire_tid(frame));
	m->waiting--;
	m->ready--;
	depart(m, flight, frame);
}

static void send_own(struct model *m, int own, const uint8_t *frame, size_t size)
{
	struct own *o = &m->owns[own];
	uint8_t want[32];
	size_t want_size = wire_begin(want, WIRE_REQUEST, 0, 0, wire_tid(frame),
				      o->asked == ASKED_OWN_SYNC ? 0x0027 : 0x0023);
	int flight = add_flight(m, o->asked, THE_MUX);

	m->heard_of[o->service][o->device_cid] = false;
	if (o->asked == ASKED_OWN_RELEASE)
		want_size = wire_add(want, 0x01, (uint8_t[]){o->service, o->device_cid}, 2);
	check_same(m, "V6", frame, size, want, want_size);
	check_tid(m, wire_tid(frame));
	o->out = true;
	o->unsure = false;
	o->tries++;
	m->flights[flight].own = own;
	depart(m, flight, frame);
}

/* Of two equal requests: the mux may have forgotten an unsure one, and then sends the other. */
static bool goes_before(const struct own *a, const struct own *b)
{
	return a->unsure != b->unsure ? b->unsure : a->turn < b->turn;
}

/* Matches the frame to one of the mux's own requests, or to an Allocate CID sent again. */
static bool send_for_the_mux(struct model *m, const struct chances *chances, const uint8_t *frame,
			     size_t size, const struct session *handle)
{
	int found = NOBODY;
	int late;

	for (int i = 0; !handle && i < m->owns_size; i++) {
		const struct own *own = &m->owns[i];
		bool fits = own->asked == ASKED_OWN_SYNC
				    ? wire_message(frame) == 0x0027
				    : is_release_of(frame, own->service, own->device_cid);

		if (fits && may_send_own(m, own, &late) >= MAY &&
		    (found == NOBODY || goes_before(own, &m->owns[found])))
			found = i;
	}
	if (found != NOBODY) {
		take_turns(m, chances, THE_MUX);
		send_own(m, found, frame, size);
		return true;
	}
	for (int i = 0; m->ready && !handle && i < m->flights_size; i++) {
		const struct flight *f = &m->flights[i];

		if (may_send_again(m, f, &late) >= MAY &&
		    is_allocate_of(frame, *subject(f->frame, 1)) &&
		    (found == NOBODY || f->turn < m->flights[found].turn))
			found = i;
	}
	if (found == NOBODY)
		return false;
	take_turns(m, chances, THE_MUX);
	send_again(m, found, frame, size);
	return true;
}

static void send_ctl(struct model *m, int seat, struct frame *want, const uint8_t *frame,
		     int *client, enum asked *asked)
{
	size_t len;

	if (wire_message(want->bytes) == 0x0022) {
		*asked = ASKED_ALLOCATE;
	} else if (wire_message(want->bytes) == 0x0023) {
		uint8_t *value = want->bytes + wire_tlv(want->bytes, 0x01, &len);

		*asked = ASKED_RELEASE;
		*client = client_by_cid(m, m->seats[seat].node, value[0], value[1]);
		m->clients[*client].releasing = true;
		value[1] = m->clients[*client].device_cid;
		m->heard_of[value[0]][value[1]] = false;
	}
	wire_put_tid(want->bytes, wire_tid(frame));
	if (wire_service(frame) == 0)
		check_tid(m, wire_tid(frame));
}

static void use_client(struct model *m, int seat, struct frame *want, int *client)
{
	struct client *c;
	uint16_t tid = wire_tid(want->bytes);

	*client = client_by_cid(m, m->seats[seat].node, wire_service(want->bytes),
				wire_cid(want->bytes));
	c = &m->clients[*client];
	wire_put_cid(want->bytes, c->device_cid);
	c->last_use = ++m->uses;
	for (int i = m->oldest; i != NOBODY && m->out_like[hash_of(c->service, c->device_cid, tid)];
	     i = m->flights[i].next)
		if (m->flights[i].device_tid == tid && m->flights[i].client == *client)
			reached(m, SITUATION_SAME_TID_TWICE);
	if (!seat_is_open(seat))
		return;
	if (c->holder != seat)
		reached(m, c->holder == NOBODY ? SITUATION_ADOPTED : SITUATION_HOLDER_CHANGED);
	set_holder(m, *client, seat);
}

static void send_for_session(struct model *m, struct chances *chances, int seat,
			     const uint8_t *frame, size_t size)
{
	struct seat *s = &m->seats[seat];
	enum asked asked = ASKED_PLAIN;
	int client = NOBODY;
	struct frame *want;
	int flight;
	int late;

	if (may_send(m, seat, &late) < MAY) {
		broken(m, late == NOBODY ? "V5" : "V15", "a frame of session %d is sent too early",
		       seat);
		return;
	}
	if (late != NOBODY && wire_service(s->out.first->bytes) != 0) {
		forget_late(m, late);
		look(m, chances);
	}
	take_turns(m, chances, seat);
	s->turn = ++m->turns;
	want = frame_of(s->out.first->bytes, s->out.first->size);
	if (wire_service(want->bytes) == 0)
		send_ctl(m, seat, want, frame, &client, &asked);
	else
		use_client(m, seat, want, &client);
	check_same(m, "V5", frame, size, want->bytes, want->size);
	free(want);
	flight = add_flight(m, asked, seat);
	m->flights[flight].client = client;
	m->flights[flight].frame = frame_of(s->out.first->bytes, s->out.first->size);
	if (!seat_is_open(seat))
		reached(m, SITUATION_LINGERED);
	if (!m->rule)
		depart(m, flight, frame);
	pop_out(m, seat);
	settle_served(m, seat);
}

static const struct session *sender(struct model *m, const uint8_t *frame, size_t size)
{
	const struct session *handle = NULL;
	unsigned found = 0;

	for (unsigned i = 0; i < m->seen_count; i++) {
		if (m->seen[i].path != MUX_TO_MODEM)
			continue;
		found++;
		handle = m->seen[i].handle;
		if (m->seen[i].frame->size != size ||
		    memcmp(m->seen[i].frame->bytes, frame, size) != 0)
			broken(m, "trace", "the trace and the modem get different frames");
		free(m->seen[i].frame);
		m->seen_count--;
		memmove(&m->seen[i], &m->seen[i + 1], (m->seen_count - i) * sizeof(m->seen[0]));
		i--;
	}
	if (found != 1)
		broken(m, "trace", "the trace shows %u frames to the modem, not one", found);
	return handle;
}

void model_next(struct model *m, const uint8_t *frame, size_t size, uint64_t now)
{
	const struct session *handle;
	struct chances chances;

	m->now = now;
	look(m, &chances);
	note_waits(m, &chances, false);
	if (!frame) {
		nothing_is_sent(m, &chances);
		note_waits(m, &chances, true);
		return;
	}
	handle = sender(m, frame, size);
	m->port_busy = true;
	if (!send_for_the_mux(m, &chances, frame, size, handle)) {
		int seat = handle ? seat_of(m, handle) : NOBODY;

		if (seat == NOBODY)
			broken(m, "V6",
			       "the modem gets a frame that no session sent: service %u, message "
			       "0x%04x",
			       wire_service(frame), wire_message(frame));
		else
			send_for_session(m, &chances, seat, frame, size);
	}
	if (m->rule)
		return;
	settle(m);
}

void model_sent(struct model *m)
{
	m->port_busy = false;
	m->sent = m->port;
	m->sent_release = m->port_release;
	m->port = NOBODY;
}

/* Retried after a pause, as nobody else would release the client. The waiter gets an error. */
static void own_not_sent(struct model *m, int own)
{
	struct own o = m->owns[own];

	reached(m, SITUATION_OWN_FAILED);
	if (o.tries == OWN_TRIES) {
		reached(m, SITUATION_OWN_GIVEN_UP);
		own_is_over(m, own, OWN_NOT_SENT);
		if (o.asked == ASKED_OWN_SYNC)
			return;
		own = add_own(m, ASKED_OWN_RELEASE, FOR_NOTHING, NOBODY, o.service, o.device_cid);
	}
	m->owns[own].out = false;
	m->owns[own].turn = ++m->turns;
	own_waits(m);
	m->owns[own].not_before = m->now + OWN_PAUSE_MS;
	m->own_pause = m->owns[own].not_before;
}

/*
 * V15: the requester gets an error. If the port had accepted the request, it may have
 * reached the modem anyway; then its answer is a late one.
 */
static void not_sent(struct model *m, int flight, bool was_sent)
{
	struct flight f = m->flights[flight];
	bool own = f.asked == ASKED_OWN_RELEASE || f.asked == ASKED_OWN_SYNC;

	if (was_sent && (!own || (f.asked == ASKED_OWN_SYNC && m->owns[f.own].tries == OWN_TRIES)))
		remember_late(m, flight);
	flight_not_out(m, flight);
	if (own) {
		own_not_sent(m, f.own);
	} else {
		if (f.asked == ASKED_RELEASE && f.client != NOBODY) {
			m->clients[f.client].releasing = false;
			release_if_stopping(m, f.client);
		}
		reached(m, SITUATION_PORT_FAILED);
		owe_error(m, f.seat, f.frame, 3, "V15");
	}
	drop_flight(m, flight);
	settle(m);
}

void model_failed(struct model *m, uint64_t now)
{
	int flight = m->port;

	m->now = now;
	m->port_busy = false;
	m->port = NOBODY;
	if (flight != NOBODY)
		not_sent(m, flight, false);
}

/* A Release CID that had expired is now known not to have freed the client. */
static void expired_was_lost(struct model *m, const struct released *r)
{
	int late = r->set ? find_late(m, 0, 0, r->device_tid, 0x0023) : NOBODY;
	int own;

	if (late == NOBODY)
		return;
	reached(m, SITUATION_EXPIRED_LOST);
	own = release_unknown(m, r->service, r->device_cid);
	m->owns[own].unsure = may_be_gone(m, &m->late[late]);
	settle(m);
}

void model_lost(struct model *m, uint64_t now)
{
	int flight = m->sent;
	struct released release = m->sent_release;

	m->now = now;
	m->sent = NOBODY;
	m->sent_release = (struct released){0};
	if (flight == NOBODY) {
		expired_was_lost(m, &release);
		return;
	}
	reached(m, SITUATION_PORT_LOST);
	not_sent(m, flight, true);
}

void model_start_sync(struct model *m)
{
	add_own(m, ASKED_OWN_SYNC, FOR_START, NOBODY, 0, 0);
}

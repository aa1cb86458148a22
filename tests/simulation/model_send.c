/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From sessions to the modem: V2, V4, V5, V8, V14, V15, V28. */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

static void note_equal_tids(struct model *m, int seat, enum may may)
{
	const struct seat *s = &m->seats[seat];

	if (may == NO && head_of(m, seat) == HEAD_OF_PORT &&
	    wire_service(s->out.first->bytes) != 0 && s->in_flight < IN_FLIGHT_MAX)
		reached(m, SITUATION_EQUAL_TIDS);
}

/* V28: an Allocate CID that has been looked at, and meets a limit now, is answered now. */
static bool has_to_be_answered(const struct model *m, int seat, enum may open)
{
	const struct seat *s = &m->seats[seat];

	return seat_is_open(seat) && !m->resuming && s->looked && !s->held &&
	       head_of(m, seat) == HEAD_FULL && open == MUST &&
	       s->ctl_out + s->ctl_again < CTL_SESSION_MAX && m->now >= m->own_pause &&
	       user_has_tid(m, s->user) && ctl_tid_is_free(m);
}

static void session_is_not_served(struct model *m, const struct chances *chances, unsigned i)
{
	const struct wait *wait = &chances->wait[i];
	int seat = m->seated[i];
	enum may may = chances->frame[i];
	bool waits = wait->late != NOBODY || wait->all_of != NOBODY;
	enum may open = chances->window[m->seats[seat].user];

	note_equal_tids(m, seat, may);
	if (may == MUST && open == MUST && !wait->overtakes)
		broken(m, waits ? "V15" : "V14",
		       "session %d has a frame that can be sent, and the port gets nothing: "
		       "service %u, message 0x%04x",
		       seat, wire_service(m->seats[seat].out.first->bytes),
		       wire_message(m->seats[seat].out.first->bytes));
	if (has_to_be_answered(m, seat, open))
		broken(m, "V28",
		       "session %d has an Allocate CID that no client is left for, and gets no "
		       "answer",
		       seat);
	if (may == MUST && open < MUST && !wait->overtakes) {
		reached(m, SITUATION_WINDOW_SHUT);
		m->window_shut = true;
	}
	if (may < MAY && head_of(m, seat) == HEAD_OF_PORT &&
	    m->seats[seat].ctl_out >= CTL_SESSION_MAX &&
	    wire_service(m->seats[seat].out.first->bytes) == 0)
		reached(m, SITUATION_CTL_SESSION_LIMIT);
}

/*
 * The mux has not got an unsure request of its own, or it would send it: at once,
 * or once all requests in flight have expired, and it waits for no late answer any more.
 */
static bool surely_has_no(const struct model *m, struct own *own)
{
	if (!own->used || !own->unsure || own->out || m->now < m->own_pause ||
	    m->now < own->not_before || own_may_be_held(m))
		return false;
	if (own->unsent_since == NO_TIME)
		own->unsent_since = m->now;
	return ctl_tid_is_free(m) ||
	       (!m->heads && m->ctl_out < 255 &&
		m->now >= own->unsent_since + m->config.ctl_timeout + 2 * LATE_WAIT_MS);
}

static void nothing_is_sent(struct model *m, const struct chances *chances)
{
	enum may best = NO;

	for (unsigned i = 0; i < m->seated_count; i++)
		session_is_not_served(m, chances, i);
	for (int i = 0; i < m->owns_size; i++)
		if (surely_has_no(m, &m->owns[i]))
			own_is_over(m, i, OWN_EXPIRED);
	best = may_send_any_own(m);
	if (best == MUST)
		broken(m, "V6", "the mux has its own request to send, but the port gets nothing");
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
	else if (late != NOBODY && !may_be_gone(m, &m->late[late]))
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

static bool is_ctl_message(const uint8_t *frame, uint16_t message)
{
	return wire_service(frame) == 0 && wire_message(frame) == message;
}

static bool is_release_of(const uint8_t *frame, uint8_t service, uint8_t cid)
{
	size_t len;
	size_t at = wire_tlv(frame, 0x01, &len);

	return is_ctl_message(frame, 0x0023) && at && len == 2 && frame[at] == service &&
	       frame[at + 1] == cid;
}

static bool is_allocate_of(const uint8_t *frame, uint8_t service)
{
	size_t len;
	size_t at = wire_tlv(frame, 0x01, &len);

	return is_ctl_message(frame, 0x0022) && at && len == 1 && frame[at] == service;
}

/* V9: the allocation is retried. */
static void send_again(struct model *m, int flight, const uint8_t *frame, size_t size)
{
	uint8_t want[32];
	size_t want_size;

	wire_begin(want, WIRE_REQUEST, 0, 0, wire_tid(frame), 0x0022);
	want_size = wire_add(want, 0x01, subject(m->flights[flight].frame, 1), 1);
	check_same(m, "V9", frame, size, want, want_size);
	check_tid(m, wire_tid(frame));
	m->waiting--;
	m->ready--;
	depart(m, flight, frame);
}

static int send_own(struct model *m, int own, const uint8_t *frame, size_t size)
{
	struct own *o = &m->owns[own];
	uint8_t want[32];
	size_t want_size = wire_begin(want, WIRE_REQUEST, 0, 0, wire_tid(frame),
				      o->asked == ASKED_OWN_SYNC ? 0x0027 : 0x0023);
	int flight = add_flight(m, o->asked, THE_MUX, o->user);

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
	return flight;
}

/*
 * Of two equal requests: the mux may have forgotten an unsure one, and then sends the
 * other. The place of one that was moved does not show, so it can be the later one.
 */
static bool goes_before(const struct own *a, const struct own *b)
{
	if (a->unsure != b->unsure)
		return b->unsure;
	return a->moved != b->moved ? b->moved : a->turn < b->turn;
}

/* Whether this is sent in the turn that the trace shows: that of a session, or of nobody open. */
static bool is_in_turn_of(const struct model *m, int seat, uint64_t session)
{
	return session == (seat == NOBODY ? 0 : m->seats[seat].id);
}

/* V14: of those that one session, or a user's closed ones, wait for, the first goes first. */
static void check_order(struct model *m, int user, int seat, uint64_t turn, uint64_t batch)
{
	struct wait wait;

	for (int i = 0; i < m->owns_size; i++) {
		const struct own *own = &m->owns[i];

		if (own->used && own->user == user && own->seat == seat && !own->moved &&
		    own->where == WHERE_SURE && own->turn < turn && own->batch != batch &&
		    may_send_own(m, own, &wait) == MUST)
			broken(m, "V14", "a request of the mux's own overtakes another one");
	}
	for (int i = 0; seat != NOBODY && i < m->flights_size && m->ready; i++)
		if (m->flights[i].state == FLIGHT_READY && m->flights[i].seat == seat &&
		    m->flights[i].turn < turn && may_send_again(m, &m->flights[i], &wait) == MUST)
			broken(m, "V14", "a request of the mux's own overtakes an Allocate CID");
}

static int find_own(const struct model *m, const uint8_t *frame, uint64_t session, unsigned *count)
{
	struct wait wait;
	int found = NOBODY;

	*count = 0;
	for (int i = 0; i < m->owns_size; i++) {
		const struct own *own = &m->owns[i];
		bool fits = own->asked == ASKED_OWN_SYNC
				    ? is_ctl_message(frame, 0x0027)
				    : is_release_of(frame, own->service, own->device_cid);

		if (!fits || may_send_own(m, own, &wait) < MAY ||
		    (own->where == WHERE_SURE && !is_in_turn_of(m, own->seat, session)))
			continue;
		++*count;
		if (found == NOBODY || goes_before(own, &m->owns[found]))
			found = i;
	}
	return found;
}

/* Which of several equal ones was sent does not show. */
static void forget_whose(struct model *m, const struct own *sent)
{
	for (int i = 0; i < m->owns_size; i++) {
		struct own *own = &m->owns[i];

		if (own->used && own->asked == sent->asked && own->service == sent->service &&
		    own->device_cid == sent->device_cid && own->user != sent->user)
			own->where = WHERE_OF_ANY;
	}
}

static int find_again(const struct model *m, const uint8_t *frame, uint64_t session)
{
	struct wait wait;
	int found = NOBODY;

	for (int i = 0; m->ready && i < m->flights_size; i++) {
		const struct flight *f = &m->flights[i];

		if (may_send_again(m, f, &wait) >= MAY && is_in_turn_of(m, f->seat, session) &&
		    is_allocate_of(frame, *subject(f->frame, 1)) &&
		    (found == NOBODY || f->turn < m->flights[found].turn))
			found = i;
	}
	return found;
}

static void take_turn_of_own(struct model *m, const struct chances *chances, const struct own *own,
			     bool sure)
{
	if (!sure || own->where == WHERE_OF_ANY || own->purpose == FOR_START) {
		port_turn_of_any(m);
	} else if (own->where == WHERE_OF_USER) {
		port_turn_of(m, chances, own->user);
	} else {
		port_turn(m, chances, own->user, own->seat, false);
		if (!own->moved)
			check_order(m, own->user, own->seat, own->turn, own->batch);
	}
}

/* V28: sure: it is this user's. */
static void check_own_limit(struct model *m, int user, bool sure)
{
	if (sure && surely_has_own_young(m, user))
		broken(m, "V28", "the modem gets another request on behalf of user %u, who has %u",
		       m->users[user].uid, OWN_MAX);
}

/* The request of the mux's own, or the Allocate CID to be sent again, that this is. */
static bool send_for_the_mux(struct model *m, const struct chances *chances, const uint8_t *frame,
			     size_t size, uint64_t session)
{
	unsigned count;
	int found = find_own(m, frame, session, &count);
	const struct flight *f;

	if (found != NOBODY) {
		bool sure = count == 1 && m->owns[found].where != WHERE_OF_ANY;
		int user = m->owns[found].user;
		int flight;

		check_own_limit(m, user, sure);
		if (m->owns[found].purpose == FOR_START)
			check_sync_is_harmless(m);
		else
			check_sync_is_first(m, frame);
		take_turn_of_own(m, chances, &m->owns[found], count == 1);
		forget_whose(m, &m->owns[found]);
		flight = send_own(m, found, frame, size);
		m->flights[flight].of_any_user = !sure;
		if (surely_has_own_young(m, user))
			reached(m, SITUATION_OWN_LIMIT);
		return true;
	}
	found = find_again(m, frame, session);
	if (found == NOBODY)
		return false;
	f = &m->flights[found];
	check_sync_is_first(m, frame);
	check_own_limit(m, f->user, true);
	port_turn(m, chances, f->user, f->seat, false);
	check_order(m, f->user, f->seat, f->turn, UINT64_MAX);
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
		if (m->clients[*client].user != m->seats[seat].user)
			reached(m, SITUATION_FOREIGN_RELEASED);
		m->clients[*client].releasing = true;
		value[1] = m->clients[*client].device_cid;
		m->heard_of[value[0]][value[1]] = false;
		m->leaves[value[0]][value[1]] = MUST;
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
	if (!c->holders)
		reached(m, SITUATION_ADOPTED);
	else if (!c->held[seat])
		reached(m, SITUATION_SECOND_HOLDER);
	if (c->user != m->seats[seat].user)
		reached(m, m->config.share_node ? SITUATION_SHARED_NODE : SITUATION_ROOT_USES);
	hold(m, *client, seat);
}

static void sent_too_early(struct model *m, int seat, const struct wait *wait)
{
	const struct seat *s = &m->seats[seat];
	const struct user *u = &m->users[s->user];
	const uint8_t *service = subject(s->out.first, 1);
	enum head head = head_of(m, seat);

	if (head == HEAD_FULL && service)
		broken(m, "V28",
		       "an Allocate CID of session %d is sent, whose user has %u clients of the "
		       "service, asks for %u, and may have %u",
		       seat, u->owns[*service], u->asks[*service], m->limit[*service]);
	else if (head != HEAD_OF_PORT && head != HEAD_OPEN)
		broken(m, "V3", "a frame of session %d is sent that is not for the modem", seat);
	else if (wire_service(s->out.first->bytes) == 0)
		broken(m, wait->all_of == NOBODY ? "V28" : "V15",
		       "a CTL request of session %d is sent, which has %u in flight, its user %u, "
		       "and %u late, all %u, and %u late",
		       seat, s->ctl_out, u->ctl_out, u->late_ctl, m->ctl_out, m->late_ctl);
	else
		broken(m, wait->late == NOBODY ? "V5" : "V15",
		       "a frame of session %d is sent before its time", seat);
}

/* Whether the session's next frame may be the next that the modem gets. */
static bool check_session(struct model *m, const struct chances *chances, int seat)
{
	unsigned i = 0;

	while (m->seated[i] != seat)
		i++;
	if (m->surely_resuming) {
		broken(m, "V29", "a frame of session %d is sent right after a crash", seat);
	} else if (chances->frame[i] < MAY) {
		sent_too_early(m, seat, &chances->wait[i]);
	} else if (chances->window[m->seats[seat].user] == NO) {
		broken(m, "V28", "a frame of session %d is sent, with %d young ones", seat,
		       WINDOW_MAX);
	} else if (chances->own[i] == MUST) {
		broken(m, "V14", "session %d is served before what the mux asks for it", seat);
	}
	return !m->rule;
}

static void note_limits(struct model *m, int seat)
{
	const struct user *u = &m->users[m->seats[seat].user];

	if (m->ctl_out + m->late_ctl >= CTL_OTHERS_MAX)
		reached(m, SITUATION_CTL_RESERVE);
	if (u->ctl_out + u->late_ctl == CTL_USER_MAX && u->uid != 0)
		reached(m, SITUATION_CTL_USER_LIMIT);
}

static void send_for_session(struct model *m, struct chances *chances, int seat,
			     const uint8_t *frame, size_t size)
{
	struct seat *s = &m->seats[seat];
	enum asked asked = ASKED_PLAIN;
	int client = NOBODY;
	struct frame *want;
	int flight;
	struct wait wait;

	if (!check_session(m, chances, seat))
		return;
	check_sync_is_first(m, frame);
	may_send(m, seat, &wait);
	if (wait.late != NOBODY) {
		forget_late(m, wait.late);
		look(m, chances);
	}
	port_turn(m, chances, s->user, seat, true);
	want = frame_of(s->out.first->bytes, s->out.first->size);
	if (wire_service(want->bytes) == 0)
		send_ctl(m, seat, want, frame, &client, &asked);
	else
		use_client(m, seat, want, &client);
	check_same(m, "V5", frame, size, want->bytes, want->size);
	free(want);
	if (m->rule)
		return;
	flight = add_flight(m, asked, seat, s->user);
	m->flights[flight].client = client;
	m->flights[flight].frame = frame_of(s->out.first->bytes, s->out.first->size);
	if (asked == ASKED_ALLOCATE)
		count_ask(m, &m->flights[flight]);
	if (asked == ASKED_RELEASE) {
		m->flights[flight].released_cid = m->clients[client].device_cid;
		m->flights[flight].released_user = m->clients[client].user;
	}
	if (!seat_is_open(seat))
		reached(m, SITUATION_LINGERED);
	depart(m, flight, frame);
	if (wire_service(frame) == 0)
		note_limits(m, seat);
	pop_out(m, seat);
	free_if_done(m, seat);
}

void model_next(struct model *m, const uint8_t *frame, size_t size, uint64_t now)
{
	struct whose whose = {0};
	struct chances chances;

	m->now = now;
	follow(m, frame, size, &whose);
	m->window_shut = false;
	resume_sending(m);
	look(m, &chances);
	note_waits(m, &chances, false);
	if (m->rule)
		return;
	if (!frame) {
		nothing_is_sent(m, &chances);
		note_waits(m, &chances, true);
		return;
	}
	m->port_busy = true;
	for (int i = 0; i < m->owns_size && m->own_count; i++)
		m->owns[i].unsent_since = NO_TIME;
	if (!whose.own && whose.session && seat_of(m, whose.session) != NOBODY)
		send_for_session(m, &chances, seat_of(m, whose.session), frame, size);
	else if (!whose.own || !send_for_the_mux(m, &chances, frame, size, whose.session))
		broken(m, "V6",
		       "the modem gets a frame that no session sent: service %u, message 0x%04x",
		       wire_service(frame), wire_message(frame));
}

void model_sent(struct model *m)
{
	m->port_busy = false;
	m->sent = m->port;
	m->sent_release = m->port_release;
	m->port = NOBODY;
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
		remember_late(m, flight, true);
	note_unanswered(m, flight);
	flight_not_out(m, flight);
	if (own) {
		own_not_sent(m, f.own);
	} else {
		if (f.asked == ASKED_RELEASE && f.client != NOBODY) {
			m->clients[f.client].releasing = false;
			release_if_stopping(m, f.client);
			release_overdue(m);
		}
		reached(m, SITUATION_PORT_FAILED);
		owe_error(m, f.seat, f.frame, 3, "V15");
	}
	drop_flight(m, flight);
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
	int found = r->set ? find_late(m, 0, 0, r->device_tid, 0x0023) : NOBODY;
	const struct late *late;
	int own;

	if (found == NOBODY || client_by_device_cid(m, r->service, r->device_cid) != NOBODY)
		return;
	reached(m, SITUATION_EXPIRED_LOST);
	late = &m->late[found];
	own = release_unknown(m, late->user, r->service, r->device_cid);
	m->owns[own].unsure = may_be_gone(m, late);
	if (late->owner != late->user)
		m->owns[own].where = WHERE_OF_ANY;
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

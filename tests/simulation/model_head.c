/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The next frame of each session, and what the mux does with it alone: V2, V3, V6, V10, V14, V26,
 * V28.
 */
#include "model_private.h"

bool is_ctl(const struct frame *frame, uint16_t message)
{
	return wire_service(frame->bytes) == 0 && wire_cid(frame->bytes) == 0 &&
	       wire_message(frame->bytes) == message;
}

const uint8_t *subject(const struct frame *frame, size_t want)
{
	size_t len;
	size_t at = wire_tlv(frame->bytes, 0x01, &len);

	return at && len == want ? frame->bytes + at : NULL;
}

static enum head head_allocate(const struct model *m, int seat)
{
	const struct seat *s = &m->seats[seat];
	const uint8_t *service = subject(s->out.first, 1);
	enum may may;

	if (!seat_is_open(seat)) /* V6: it may have got its place at the port before the close */
		return s->looked ? HEAD_FULL : HEAD_OF_MUX;
	if (!service)
		return HEAD_OF_MUX;
	if (node_is_full(m, s->node, *service))
		return HEAD_FULL;
	may = may_ask(m, s->user, *service);
	return may == MUST ? HEAD_OF_PORT : may == MAY ? HEAD_OPEN : HEAD_FULL;
}

/* V26: what a connection says only to libqmi's proxy. */
static bool is_for_proxy(const struct model *m, int seat)
{
	const struct frame *frame = m->seats[seat].out.first;

	return m->seats[seat].node == m->config.nodes && wire_service(frame->bytes) == 0 &&
	       wire_cid(frame->bytes) == 0 && wire_message(frame->bytes) >= 0xFF00;
}

enum head head_of(const struct model *m, int seat)
{
	const struct seat *s = &m->seats[seat];
	const struct frame *frame = s->out.first;
	const uint8_t *value;
	uint8_t service;

	if (!frame || s->sync || m->stopping || m->unplugged)
		return HEAD_NONE;
	if (is_ctl(frame, 0x0022))
		return head_allocate(m, seat);
	if (is_ctl(frame, 0x0027) || is_for_proxy(m, seat))
		return HEAD_OF_MUX;
	service = wire_service(frame->bytes);
	if (is_ctl(frame, 0x0023)) {
		value = subject(frame, 2);
		return value && usable_client(m, s, value[0], value[1]) != NOBODY ? HEAD_OF_PORT
										  : HEAD_OF_MUX;
	}
	if (service == 0)
		return wire_cid(frame->bytes) == 0 ? HEAD_OF_PORT : HEAD_OF_MUX;
	return usable_client(m, s, service, wire_cid(frame->bytes)) != NOBODY ? HEAD_OF_PORT
									      : HEAD_OF_MUX;
}

static void answer(struct model *m, int seat, uint16_t error, enum situation situation)
{
	owe_error(m, seat, m->seats[seat].out.first, error, "V3");
	if (seat_is_open(seat))
		reached(m, situation);
	pop_out(m, seat);
}

/* V28: what a user has too many of costs it one of its own. */
static int orphan_for(struct model *m, const struct seat *s, uint8_t service)
{
	enum may may = may_ask(m, s->user, service);

	if (!node_is_full(m, s->node, service))
		return orphan_to_reclaim(m, s->user, service, ANY_NODE, true);
	return orphan_to_reclaim(m, s->user, service, s->node, may == NO);
}

static void take_allocate(struct model *m, int seat)
{
	struct seat *s = &m->seats[seat];
	const uint8_t *service = subject(s->out.first, 1);
	bool full;
	int orphan;
	int flight;

	if (!seat_is_open(seat)) { /* V6: nobody could get its answer */
		reached(m, SITUATION_LINGERING_ALLOCATE);
		pop_out(m, seat);
		return;
	}
	if (!service) {
		answer(m, seat, 1, SITUATION_MALFORMED);
		return;
	}
	full = node_is_full(m, s->node, *service);
	orphan = orphan_for(m, s, *service);
	if (orphan == NOBODY) {
		answer(m, seat, 5, full ? SITUATION_NODE_FULL : SITUATION_CLIENT_LIMIT);
		return;
	}
	reached(m, full ? SITUATION_NODE_FULL_RECLAIM : SITUATION_CLIENT_LIMIT_RECLAIM);
	flight = add_flight(m, ASKED_ALLOCATE, seat, s->user);
	m->flights[flight].frame = frame_of(s->out.first->bytes, s->out.first->size);
	count_ask(m, &m->flights[flight]);
	reclaim(m, orphan, flight);
	pop_out(m, seat);
}

static void note_foreign(struct model *m, int seat, uint8_t service, uint8_t cid)
{
	int client = client_by_cid(m, m->seats[seat].node, service, cid);

	if (client != NOBODY && !m->clients[client].releasing)
		reached(m, SITUATION_FOREIGN_USER);
}

static void take_other(struct model *m, int seat)
{
	const struct frame *frame = m->seats[seat].out.first;
	const uint8_t *value = subject(frame, 2);

	if (is_for_proxy(m, seat)) {
		answer(m, seat, is_ctl(frame, 0xFF00) ? 0 : 94, SITUATION_FOR_PROXY);
		return;
	}
	if (is_ctl(frame, 0x0023) && !value) {
		answer(m, seat, 1, SITUATION_MALFORMED);
		return;
	}
	if (is_ctl(frame, 0x0023))
		note_foreign(m, seat, value[0], value[1]);
	else
		note_foreign(m, seat, wire_service(frame->bytes), wire_cid(frame->bytes));
	answer(m, seat, 7, SITUATION_INVALID_CID);
}

/* V14, V10: whether the mux may deal with this frame, and now. */
static bool may_take(struct model *m, int seat, const struct frame *frame)
{
	const struct seat *s = &m->seats[seat];
	enum head head;

	if (seat == NOBODY) {
		broken(m, "V14", "the mux deals with a request of no session");
		return false;
	}
	head = head_of(m, seat);
	if (!s->out.first || !is_same(s->out.first, frame))
		broken(m, "V14", "the mux deals with a frame that is not the next of session %d",
		       seat);
	else if (s->sync)
		broken(m, "V10", "the mux deals with what session %d wrote after its Sync", seat);
	else if (head == HEAD_NONE)
		broken(m, "V18", "the mux deals with a frame of session %d after the end", seat);
	else if (head == HEAD_OF_PORT)
		broken(m, "V14",
		       "the mux deals with a frame of session %d that is for the modem: service "
		       "%u, message 0x%04x",
		       seat, wire_service(frame->bytes), wire_message(frame->bytes));
	return !m->rule;
}

void take(struct model *m, uint64_t session, const struct frame *frame, bool at_port)
{
	int seat = seat_of(m, session);
	struct seat *s = &m->seats[seat < 0 ? 0 : seat];

	if (!may_take(m, seat, frame))
		return;
	if (at_port) {
		reached(m, SITUATION_TAKEN_AT_PORT);
		lapse(&s->port);
		lapse(&m->users[s->user].port);
	} else {
		local_turn(m, seat);
	}
	m->group++;
	m->taking = true;
	if (is_ctl(frame, 0x0022))
		take_allocate(m, seat);
	else if (is_ctl(frame, 0x0027))
		start_sync_of(m, seat);
	else
		take_other(m, seat);
	m->taking = false;
	free_if_done(m, seat);
}

void compare_heads(struct model *m, bool turns_left)
{
	bool any = false;

	for (unsigned i = 0; i < m->seated_count; i++) {
		int seat = m->seated[i];
		struct seat *s = &m->seats[seat];
		enum head head = head_of(m, seat);

		any |= head != HEAD_NONE;
		if (head == HEAD_OF_MUX)
			s->looked = false;
		if (turns_left || head == HEAD_NONE)
			continue;
		if (head == HEAD_OF_MUX && seat_is_open(seat))
			broken(m, "V14",
			       "session %d waits for an answer of the mux, and nothing is due: "
			       "service %u, CID %u, message 0x%04x",
			       seat, wire_service(s->out.first->bytes),
			       wire_cid(s->out.first->bytes), wire_message(s->out.first->bytes));
		s->looked = head != HEAD_OF_MUX;
	}
	if (turns_left && any)
		reached(m, SITUATION_TURNS_LEFT);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that the mux answers without the modem: V2, V3, V6, V10. */
#include "model_private.h"

static bool is_ctl(const struct frame *frame, uint16_t message)
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

static int usable_client(const struct model *m, unsigned node, uint8_t service, uint8_t cid)
{
	int client = client_by_cid(m, node, service, cid);

	return client != NOBODY && !m->clients[client].releasing ? client : NOBODY;
}

static bool answer(struct model *m, int seat, uint16_t error, enum situation situation)
{
	owe_error(m, seat, m->seats[seat].out.first, error, "V3");
	if (seat_is_open(seat))
		reached(m, situation);
	pop_out(m, seat);
	return true;
}

static bool settle_allocate(struct model *m, int seat)
{
	struct seat *s = &m->seats[seat];
	const uint8_t *service = subject(s->out.first, 1);
	int orphan;
	int flight;

	if (!seat_is_open(seat)) { /* V6: nobody is left to answer */
		pop_out(m, seat);
		return true;
	}
	if (!service)
		return answer(m, seat, 1, SITUATION_MALFORMED);
	if (!node_is_full(m, s->node, *service))
		return false;
	orphan = orphan_to_reclaim(m, *service);
	if (orphan == NOBODY)
		return answer(m, seat, 5, SITUATION_NODE_FULL);
	reached(m, SITUATION_NODE_FULL_RECLAIM);
	flight = add_flight(m, ASKED_ALLOCATE, seat);
	m->flights[flight].frame = frame_of(s->out.first->bytes, s->out.first->size);
	reclaim(m, orphan, flight);
	pop_out(m, seat);
	return true;
}

static bool settle_release(struct model *m, int seat)
{
	struct seat *s = &m->seats[seat];
	const uint8_t *value = subject(s->out.first, 2);

	if (!value)
		return answer(m, seat, 1, SITUATION_MALFORMED);
	if (usable_client(m, s->node, value[0], value[1]) == NOBODY)
		return answer(m, seat, 7, SITUATION_INVALID_CID);
	return false;
}

/* Handles the session's next frame if it does not need the modem. */
static bool settle_one(struct model *m, int seat)
{
	const struct seat *s = &m->seats[seat];
	const struct frame *frame = s->out.first;

	if (!frame || s->sync)
		return false;
	if (is_ctl(frame, 0x0022))
		return settle_allocate(m, seat);
	if (is_ctl(frame, 0x0023))
		return settle_release(m, seat);
	if (is_ctl(frame, 0x0027)) {
		start_sync_of(m, seat);
		return true;
	}
	if (wire_service(frame->bytes) == 0 ? wire_cid(frame->bytes) != 0
					    : usable_client(m, s->node, wire_service(frame->bytes),
							    wire_cid(frame->bytes)) == NOBODY)
		return answer(m, seat, 7, SITUATION_INVALID_CID);
	return false;
}

/* Lists the seats with something to send, the longest wait first. */
static unsigned in_turn(const struct model *m, int *seats)
{
	unsigned count = 0;

	for (unsigned i = 0; i < m->seated_count; i++) {
		int seat = m->seated[i];
		unsigned at = count;

		if (!m->seats[seat].out.first)
			continue;
		while (at > 0 && m->seats[seats[at - 1]].turn > m->seats[seat].turn) {
			seats[at] = seats[at - 1];
			at--;
		}
		seats[at] = seat;
		count++;
	}
	return count;
}

void settle_served(struct model *m, int seat)
{
	m->group++;
	m->settling = true;
	while (settle_one(m, seat))
		m->group++;
	m->settling = false;
}

static bool settle_each(struct model *m)
{
	int seats[SESSIONS];
	unsigned count = in_turn(m, seats);
	bool any = false;

	for (unsigned i = 0; i < count; i++) {
		while (settle_one(m, seats[i])) {
			m->group++;
			any = true;
		}
	}
	return any;
}

/*
 * Goes by turns, which decide who gets an orphan's place if several sessions want it at
 * the same moment, or whether a Sync takes the orphan first.
 */
void settle(struct model *m)
{
	m->group++;
	if (m->stopping || m->unplugged)
		return;
	m->settling = true;
	while (settle_each(m))
		;
	for (int seat = MODEL_SLOTS; seat < SESSIONS; seat++)
		if (m->seats[seat].used && !m->seats[seat].out.first)
			free_seat(m, seat);
	m->settling = false;
}

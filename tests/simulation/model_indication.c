/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Indications of the modem's, and its restarts: V8, V11 to V13, V16. */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

/* --- restart ------------------------------------------------------------------------ */

static void end_flights(struct model *m)
{
	m->sent_release = (struct released){0};
	while (m->oldest != NOBODY) {
		int flight = m->oldest;
		int own = m->flights[flight].own;

		abort_flight(m, flight);
		if (own != NOBODY)
			own_is_over(m, own, OWN_ANSWERED);
	}
	for (int i = 0; i < m->flights_size && m->waiting; i++) {
		struct flight *f = &m->flights[i];

		if (f->state != FLIGHT_RECLAIM && f->state != FLIGHT_READY)
			continue;
		reached(m, SITUATION_RESTART_IN_RECLAIM);
		if (f->frame && !m->stopping)
			owe_error(m, f->seat, f->frame, 4, "V16");
		drop_flight(m, i);
	}
}

/* V16: the modem has forgotten everything, and what waited for its releases is done. */
static void restart(struct model *m)
{
	m->counters.restarts++;
	memset(m->heard_of, 0, sizeof(m->heard_of));
	memset(m->leaves, 0, sizeof(m->leaves));
	memset(m->allocates, 0, sizeof(m->allocates));
	for (int i = 0; i < m->owns_size; i++)
		if (m->owns[i].purpose == FOR_RECLAIM)
			m->owns[i].waits = NOBODY;
	for (int i = 0; i < m->clients_size; i++)
		if (m->clients[i].used)
			forget_client(m, i);
	end_flights(m);
	for (int i = 0; i < m->owns_size; i++) {
		if (!m->owns[i].used)
			continue;
		if (m->owns[i].purpose == FOR_SYNC && m->owns[i].waits != NOBODY)
			reached(m, SITUATION_RESTART_IN_SYNC);
		own_is_over(m, i, OWN_ANSWERED);
	}
	lapse_owns(m);
	m->own_pause = 0;
	sync_after_restart(m);
}

void model_reset(struct model *m)
{
	reached(m, SITUATION_PORT_RESET);
	m->input_size = 0;
	restart(m);
}

/* --- indications ---------------------------------------------------------------- */

static void give_indication(struct model *m, int seat, const uint8_t *frame, const char *rule)
{
	owe(m, seat, FROM_MODEM, rule, frame, wire_size(frame));
}

static void give_to_all(struct model *m, const uint8_t *frame)
{
	for (unsigned i = 0; i < m->seated_count; i++)
		if (seat_is_open(m->seated[i]))
			give_indication(m, m->seated[i], frame, "V13");
}

void broadcast(struct model *m, const uint8_t *frame)
{
	bool holds[MODEL_SLOTS] = {false};
	unsigned given = 0;

	for (int i = 0; i < m->clients_size; i++) {
		const struct client *c = &m->clients[i];

		if (!c->used || c->service != wire_service(frame))
			continue;
		for (int seat = 0; seat < MODEL_SLOTS && c->holders; seat++)
			holds[seat] |= c->held[seat];
	}
	for (int seat = 0; seat < MODEL_SLOTS; seat++) {
		if (!holds[seat])
			continue;
		give_indication(m, seat, frame, "V12");
		given++;
	}
	if (!given) {
		m->counters.dropped_indications++;
		reached(m, SITUATION_BROADCAST_NOBODY);
	} else if (given > 1) {
		reached(m, SITUATION_BROADCAST);
	}
}

static void give_to_holders(struct model *m, int client, const uint8_t *frame, const char *rule)
{
	for (int seat = 0; seat < MODEL_SLOTS; seat++)
		if (m->clients[client].held[seat])
			give_indication(m, seat, frame, rule);
	if (m->clients[client].holders > 1)
		reached(m, SITUATION_SEVERAL_TOLD);
}

void unicast(struct model *m, const uint8_t *frame)
{
	int client = client_by_device_cid(m, wire_service(frame), wire_cid(frame));
	struct frame *copy;

	if (client == NOBODY || !m->clients[client].holders) {
		m->counters.dropped_indications++;
		if (client != NOBODY)
			reached(m, SITUATION_ORPHANS_INDICATION);
		return;
	}
	copy = frame_of(frame, wire_size(frame));
	wire_put_cid(copy->bytes, m->clients[client].cid);
	give_to_holders(m, client, copy->bytes, "V11");
	reached(m, SITUATION_UNICAST);
	free(copy);
}

static void revoked(struct model *m, const uint8_t *frame)
{
	const uint8_t *value = client_of(frame);
	int client = value ? client_by_device_cid(m, value[0], value[1]) : NOBODY;
	struct frame *copy;

	if (client == NOBODY || !m->clients[client].holders) {
		reached(m, SITUATION_REVOKED_NOBODYS);
		m->counters.dropped_indications++;
	} else {
		copy = frame_of(frame, wire_size(frame));
		copy->bytes[value - frame + 1] = m->clients[client].cid;
		give_to_holders(m, client, copy->bytes, "V13");
		reached(m, SITUATION_REVOKED);
		free(copy);
	}
	if (value)
		m->heard_of[value[0]][value[1]] = false;
	if (client != NOBODY)
		forget_client(m, client);
}

void ctl_indication(struct model *m, const uint8_t *frame)
{
	switch (wire_message(frame)) {
	case 0x0024:
	case 0x0025:
		revoked(m, frame);
		return;
	case 0x0027:
		if (sync_is_indicated(m)) {
			reached(m, SITUATION_SYNC_INDICATED);
			m->counters.dropped_indications++;
			return;
		}
		reached(m, SITUATION_RESTARTED);
		restart(m);
		break;
	default:
		reached(m, SITUATION_CTL_INDICATION);
	}
	give_to_all(m, frame);
}

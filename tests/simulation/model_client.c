/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMI clients, their holders, and the mux's own requests about them: V2, V7 to V10. */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

static int look_up(const int16_t *map, uint8_t cid)
{
	return map ? map[cid] : NOBODY;
}

static void note(int16_t **map, uint8_t cid, int client)
{
	if (!*map) {
		*map = malloc(256 * sizeof(**map));
		if (!*map)
			abort();
		memset(*map, 0xFF, 256 * sizeof(**map));
	}
	(*map)[cid] = (int16_t)client;
}

int client_by_cid(const struct model *m, unsigned node, uint8_t service, uint8_t cid)
{
	return look_up(m->by_cid[node][service], cid);
}

int client_by_device_cid(const struct model *m, uint8_t service, uint8_t cid)
{
	return look_up(m->by_device_cid[service], cid);
}

static unsigned lowest_free_cid(const struct model *m, unsigned node, uint8_t service)
{
	unsigned cid = 1;

	while (cid < 255 && client_by_cid(m, node, service, (uint8_t)cid) != NOBODY)
		cid++;
	return cid;
}

void set_holder(struct model *m, int client, int holder)
{
	struct client *c = &m->clients[client];

	m->orphan_count += (holder == NOBODY) - (c->holder == NOBODY);
	c->holder = holder;
}

bool node_is_full(const struct model *m, unsigned node, uint8_t service)
{
	return lowest_free_cid(m, node, service) == 255;
}

int add_client(struct model *m, unsigned node, uint8_t service, uint8_t device_cid, int holder)
{
	int client = 0;

	while (client < m->clients_size && m->clients[client].used)
		client++;
	if (client == m->clients_size) {
		m->clients_size = 2 * m->clients_size + 16;
		m->clients = realloc(m->clients, (size_t)m->clients_size * sizeof(*m->clients));
		if (!m->clients)
			abort();
		memset(m->clients + client, 0,
		       (size_t)(m->clients_size - client) * sizeof(*m->clients));
	}
	m->clients[client] = (struct client){.used = true,
					     .node = node,
					     .service = service,
					     .cid = (uint8_t)lowest_free_cid(m, node, service),
					     .device_cid = device_cid,
					     .holder = holder,
					     .last_use = ++m->uses};
	note(&m->by_cid[node][service], m->clients[client].cid, client);
	note(&m->by_device_cid[service], device_cid, client);
	m->client_count++;
	m->orphan_count += holder == NOBODY;
	return client;
}

void forget_client(struct model *m, int client)
{
	struct client *c = &m->clients[client];
	int next;

	note(&m->by_cid[c->node][c->service], c->cid, NOBODY);
	note(&m->by_device_cid[c->service], c->device_cid, NOBODY);
	c->used = false;
	m->client_count--;
	m->orphan_count -= c->holder == NOBODY;
	for (int i = m->oldest; i != NOBODY; i = next) {
		next = m->flights[i].next;
		if (m->flights[i].client != client)
			continue;
		m->flights[i].client = NOBODY;
		/* The modem answers a Release CID even if the client is gone now. */
		if (m->flights[i].asked == ASKED_PLAIN)
			abort_flight(m, i);
	}
	for (int i = (int)m->late_count - 1; i >= 0; i--)
		if (m->late[i].client == client)
			forget_late(m, i);
}

int orphan_to_reclaim(struct model *m, uint8_t service)
{
	int found = NOBODY;

	for (int i = 0; i < m->clients_size; i++) {
		const struct client *c = &m->clients[i];

		if (!c->used || c->holder != NOBODY || c->service != service || c->releasing)
			continue;
		if (c->call) {
			reached(m, SITUATION_CALL_KEPT);
			continue;
		}
		if (found == NOBODY || c->last_use < m->clients[found].last_use)
			found = i;
	}
	return found;
}

void own_waits(struct model *m)
{
	unsigned waiting = 0;

	for (int i = 0; i < m->owns_size; i++)
		waiting += m->owns[i].used && !m->owns[i].out;
	for (int i = 0; i < m->flights_size && m->ready; i++)
		waiting += m->flights[i].state == FLIGHT_READY;
	if (waiting <= 1)
		memset(m->own_turn.passed, 0, sizeof(m->own_turn.passed));
}

int add_own(struct model *m, enum asked asked, enum purpose purpose, int waits, uint8_t service,
	    uint8_t device_cid)
{
	int own = 0;

	while (own < m->owns_size && m->owns[own].used)
		own++;
	if (own == m->owns_size) {
		m->owns_size = 2 * m->owns_size + 16;
		m->owns = realloc(m->owns, (size_t)m->owns_size * sizeof(*m->owns));
		if (!m->owns)
			abort();
		memset(m->owns + own, 0, (size_t)(m->owns_size - own) * sizeof(*m->owns));
	}
	m->owns[own] = (struct own){.used = true,
				    .asked = asked,
				    .purpose = purpose,
				    .waits = waits,
				    .turn = ++m->turns,
				    .service = service,
				    .device_cid = device_cid};
	own_waits(m);
	m->own_count++;
	return own;
}

static void release(struct model *m, int client, enum purpose purpose, int waits)
{
	struct client c = m->clients[client];

	forget_client(m, client);
	add_own(m, ASKED_OWN_RELEASE, purpose, waits, c.service, c.device_cid);
}

void reclaim(struct model *m, int client, int flight)
{
	reached(m, SITUATION_RECLAIMED);
	m->counters.reclaimed++;
	m->flights[flight].state = FLIGHT_RECLAIM;
	m->waiting++;
	release(m, client, FOR_RECLAIM, flight);
}

void start_sync_of(struct model *m, int seat)
{
	struct seat *s = &m->seats[seat];
	unsigned releases = 0;

	for (int i = 0; i < m->clients_size; i++) {
		const struct client *c = &m->clients[i];

		if (!c->used || c->releasing)
			continue;
		if (c->holder != seat && (c->holder != NOBODY || c->node != s->node))
			continue;
		reached(m, c->holder == NOBODY ? SITUATION_SYNC_ORPHAN : SITUATION_SYNC);
		release(m, i, FOR_SYNC, seat_is_open(seat) ? seat : NOBODY);
		releases++;
	}
	if (!releases) {
		reached(m, SITUATION_SYNC_EMPTY);
		owe_error(m, seat, s->out.first, 0, "V10");
	} else if (seat_is_open(seat)) {
		s->sync = frame_of(s->out.first->bytes, s->out.first->size);
		s->sync_left = releases;
	}
	pop_out(m, seat);
}

static void end_sync(struct model *m, int seat)
{
	struct seat *s = &m->seats[seat];

	if (--s->sync_left)
		return;
	owe_error(m, seat, s->sync, 0, "V10");
	free(s->sync);
	s->sync = NULL;
}

void own_is_over(struct model *m, int own, enum own_end end)
{
	struct own o = m->owns[own];

	m->owns[own].used = false;
	m->own_count--;
	if (o.waits == NOBODY)
		return;
	if (o.purpose == FOR_SYNC) {
		end_sync(m, o.waits);
	} else if (o.purpose == FOR_RECLAIM) {
		struct flight *f = &m->flights[o.waits];

		if (end == OWN_ANSWERED && seat_is_open(f->seat)) {
			f->state = FLIGHT_READY;
			m->ready++;
			f->turn = ++m->turns;
			own_waits(m);
			return;
		}
		if (end == OWN_NOT_SENT)
			owe_error(m, f->seat, f->frame, 3, "V15");
		drop_flight(m, o.waits);
	}
}

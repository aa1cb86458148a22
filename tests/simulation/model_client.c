/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMI clients, and who holds them: V2, V3, V7, V8, V13. */
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

int usable_client(const struct model *m, const struct seat *s, uint8_t service, uint8_t cid)
{
	int client = client_by_cid(m, s->node, service, cid);

	if (client == NOBODY || m->clients[client].releasing)
		return NOBODY;
	return m->config.share_node || is_root(m, s->user) || m->clients[client].user == s->user
		       ? client
		       : NOBODY;
}

void hold(struct model *m, int client, int seat)
{
	struct client *c = &m->clients[client];

	if (c->held[seat])
		return;
	m->orphan_count -= !c->holders;
	c->overdue = false;
	c->held[seat] = true;
	c->holders++;
	m->seats[seat].kept = true;
	m->too_many |= ++m->holder_count > KEPT_HOLDERS;
}

void let_go(struct model *m, int client, int seat)
{
	struct client *c = &m->clients[client];

	if (!c->held[seat])
		return;
	c->held[seat] = false;
	c->holders--;
	m->holder_count--;
	if (c->holders) {
		reached(m, SITUATION_HOLDER_LEFT);
		return;
	}
	m->orphan_count++;
	c->since = m->now;
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
					     .user = m->seats[holder].user,
					     .last_use = ++m->uses};
	note(&m->by_cid[node][service], m->clients[client].cid, client);
	note(&m->by_device_cid[service], device_cid, client);
	m->client_count++;
	m->too_many |= m->client_count > KEPT_CLIENTS;
	m->leaves[service][device_cid] = NO;
	m->orphan_count++;
	m->of_service[service]++;
	m->users[m->seats[holder].user].owns[service]++;
	hold(m, client, holder);
	return client;
}

static bool names_client(const struct seat *s, const struct client *c)
{
	const struct frame *frame = s->out.first;
	const uint8_t *value;

	if (!frame || s->node != c->node)
		return false;
	if (wire_service(frame->bytes) != 0)
		return wire_service(frame->bytes) == c->service && wire_cid(frame->bytes) == c->cid;
	value = is_ctl(frame, 0x0023) ? subject(frame, 2) : NULL;
	return value && value[0] == c->service && value[1] == c->cid;
}

/*
 * V14: whoever waits with a frame for it needs another local turn, even if its CID
 * is given away again at once.
 */
static void lose_places(struct model *m, const struct client *c)
{
	for (unsigned i = 0; i < m->seated_count; i++) {
		struct seat *s = &m->seats[m->seated[i]];

		if (!names_client(s, c))
			continue;
		s->looked = false;
		s->port.since = NO_TIME;
		m->users[s->user].port.since = NO_TIME;
	}
}

void forget_client(struct model *m, int client)
{
	struct client *c = &m->clients[client];
	int next;

	lose_places(m, c);
	note(&m->by_cid[c->node][c->service], c->cid, NOBODY);
	note(&m->by_device_cid[c->service], c->device_cid, NOBODY);
	c->used = false;
	m->client_count--;
	m->holder_count -= c->holders;
	m->orphan_count -= !c->holders;
	m->of_service[c->service]--;
	check_limit(m, c->service, true);
	m->users[c->user].owns[c->service]--;
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queries of model.h. */
#include "model_private.h"

bool model_is_open(const struct model *m, unsigned slot)
{
	return m->seats[slot].used;
}

unsigned model_node(const struct model *m, unsigned slot)
{
	return m->seats[slot].node;
}

size_t model_queued_out(const struct model *m, unsigned slot)
{
	return m->seats[slot].out.bytes;
}

size_t model_readable(const struct model *m, unsigned slot)
{
	return m->seats[slot].in.frames;
}

bool model_port_busy(const struct model *m)
{
	return m->port_busy;
}

bool model_has_input(const struct model *m)
{
	return m->input_size > 0;
}

bool model_stopping(const struct model *m)
{
	return m->stopping || m->unplugged;
}

bool model_client(const struct model *m, unsigned n, struct model_client *client)
{
	if (!m->client_count)
		return false;
	n %= (unsigned)m->client_count;
	for (int i = 0; i < m->clients_size; i++) {
		const struct client *c = &m->clients[i];

		if (!c->used || n--)
			continue;
		*client = (struct model_client){c->node, c->service, c->cid, c->device_cid};
		return true;
	}
	return false;
}

bool model_may_use(const struct model *m, unsigned slot, const struct model_client *client)
{
	return client->node == m->seats[slot].node &&
	       usable_client(m, &m->seats[slot], client->service, client->cid) != NOBODY;
}

bool model_holds(const struct model *m, unsigned slot, const struct model_client *client)
{
	int found = client_by_device_cid(m, client->service, client->device_cid);

	return found != NOBODY && m->clients[found].held[slot];
}

bool model_is_quiet(const struct model *m)
{
	for (unsigned i = 0; i < m->seated_count; i++)
		if (m->seats[m->seated[i]].out.first || m->seats[m->seated[i]].sync)
			return false;
	return m->oldest == NOBODY && !m->own_count && !m->waiting && !m->input_size;
}

bool model_answers_for(const struct model *m, uint8_t service, uint8_t cid)
{
	return !m->heard_of[service][cid] || client_by_device_cid(m, service, cid) != NOBODY;
}

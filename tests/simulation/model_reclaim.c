/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients that the mux takes back: for an Allocate CID, or by a Sync: V9, V10, V28. */
#include <stdlib.h>

#include "model_private.h"

bool is_starting(const struct model *m, const struct client *c)
{
	for (int i = m->oldest; c->service == 1 && i != NOBODY; i = m->flights[i].next)
		if (m->flights[i].service == 1 && m->flights[i].message == 0x0020 &&
		    m->flights[i].client == (int)(c - m->clients))
			return true;
	return false;
}

/* V9: a data call keeps the orphan. */
static bool is_kept(struct model *m, const struct client *c)
{
	bool starting = is_starting(m, c);

	if (starting)
		reached(m, SITUATION_START_KEPT);
	return c->call || starting;
}

static bool is_candidate(struct model *m, const struct client *c, uint8_t service, unsigned node)
{
	if (!c->used || c->holders || c->service != service || c->releasing ||
	    (node != ANY_NODE && c->node != node))
		return false;
	if (c->call)
		reached(m, SITUATION_CALL_KEPT);
	return !is_kept(m, c);
}

/* The user's least recently used one, and how many there are. */
static int orphan_of(struct model *m, int user, uint8_t service, unsigned node, unsigned *count)
{
	int found = NOBODY;

	*count = 0;
	for (int i = 0; i < m->clients_size; i++) {
		const struct client *c = &m->clients[i];

		if (c->user != user || !is_candidate(m, c, service, node))
			continue;
		++*count;
		if (found == NOBODY || c->last_use < m->clients[found].last_use)
			found = i;
	}
	return found;
}

int orphan_to_reclaim(struct model *m, int user, uint8_t service, unsigned node, bool own)
{
	unsigned most = 0;
	unsigned count;
	int found = orphan_of(m, user, service, node, &count);

	if (found != NOBODY || own)
		return found;
	for (int other = 0; other < m->user_count; other++) {
		int orphan = orphan_of(m, other, service, node, &count);

		if (orphan == NOBODY || count < most ||
		    (count == most && m->clients[orphan].last_use > m->clients[found].last_use))
			continue;
		most = count;
		found = orphan;
	}
	if (found != NOBODY)
		reached(m, SITUATION_RECLAIMED_OTHERS);
	return found;
}

/* V28: those that the mux is releasing are still the modem's; sure: that it surely is. */
unsigned count_leaving(const struct model *m, uint8_t service, bool sure)
{
	unsigned count = 0;

	for (int i = 0; i < m->owns_size && m->own_count; i++)
		count += m->owns[i].used && m->owns[i].asked == ASKED_OWN_RELEASE &&
			 m->owns[i].service == service && !(sure && m->owns[i].unsure);
	return count;
}

/* V28: once all are gone, and the last of them surely now, nobody knows how many there can be. */
void check_limit(struct model *m, uint8_t service, bool sure)
{
	if (m->of_service[service] + count_leaving(m, service, true) == 0)
		m->limit[service] = CLIENTS_MAX;
	if (sure && m->of_service[service] + count_leaving(m, service, false) == 0)
		m->sure_limit[service] = CLIENTS_MAX;
}

/* V28: more than half of all, or at least 2 if this user has none. */
static bool has_too_many(const struct model *m, int other, int user, uint8_t service)
{
	unsigned all = m->of_service[service] + count_leaving(m, service, true);
	unsigned has = m->users[other].owns[service];

	return 2 * has > all || (has > 1 && m->users[user].owns[service] == 0);
}

int client_to_revoke(const struct model *m, int user, uint8_t service)
{
	int found = NOBODY;

	for (int i = 0; i < m->clients_size; i++) {
		const struct client *c = &m->clients[i];

		if (!c->used || c->service != service || c->user == user || is_root(m, c->user) ||
		    !has_too_many(m, c->user, user, service) || c->call || c->releasing)
			continue;
		if (found == NOBODY || c->last_use < m->clients[found].last_use)
			found = i;
	}
	return found;
}

static void release(struct model *m, int client, enum purpose purpose, int waits, int user,
		    int seat)
{
	struct client c = m->clients[client];

	add_release(m, purpose, waits, user, seat, c.service, c.device_cid);
	forget_client(m, client);
}

void reclaim(struct model *m, int client, int flight)
{
	struct flight *f = &m->flights[flight];

	reached(m, SITUATION_RECLAIMED);
	m->counters.reclaimed++;
	f->state = FLIGHT_RECLAIM;
	f->again = true;
	m->waiting++;
	release(m, client, FOR_RECLAIM, flight, f->user, f->seat);
}

void revoke(struct model *m, int client, int flight)
{
	const struct client *c = &m->clients[client];
	uint8_t frame[32];

	reached(m, SITUATION_REVOKED_FOR_ANOTHER);
	wire_begin(frame, WIRE_INDICATION, 0, 0, 0, 0x0024);
	wire_add(frame, 0x01, (uint8_t[]){c->service, c->cid}, 2);
	for (int seat = 0; seat < MODEL_SLOTS; seat++)
		if (c->held[seat])
			owe(m, seat, FROM_EITHER, "V28", frame, wire_size(frame));
	reclaim(m, client, flight);
}

/* V10: whether this Sync takes the client from all. */
static bool is_synced(struct model *m, const struct client *c, const struct seat *s, int seat)
{
	if (c->releasing)
		return false;
	if (c->holders && !(seat_is_open(seat) && c->holders == 1 && c->held[seat]))
		return false;
	if (!c->holders && (c->node != s->node || (c->user != s->user && !m->config.share_node)))
		return false;
	if (c->call)
		reached(m, SITUATION_SYNC_CALL);
	return c->holders ? !c->call : !is_kept(m, c);
}

void start_sync_of(struct model *m, int seat)
{
	struct seat *s = &m->seats[seat];
	bool open = seat_is_open(seat);
	unsigned releases = 0;

	for (int i = 0; i < m->clients_size; i++) {
		const struct client *c = &m->clients[i];

		if (!c->used || !is_synced(m, c, s, seat))
			continue;
		reached(m, c->holders ? SITUATION_SYNC : SITUATION_SYNC_ORPHAN);
		release(m, i, FOR_SYNC, open ? seat : NOBODY, s->user, open ? seat : NOBODY);
		releases++;
	}
	for (int i = 0; open && i < m->clients_size; i++) {
		if (!m->clients[i].used || !m->clients[i].held[seat] || m->clients[i].releasing)
			continue;
		if (m->clients[i].holders > 1)
			reached(m, SITUATION_SYNC_SHARED);
		let_go(m, i, seat);
	}
	if (!releases) {
		reached(m, SITUATION_SYNC_EMPTY);
		owe_error(m, seat, s->out.first, 0, "V10");
	} else if (open) {
		s->sync = frame_of(s->out.first->bytes, s->out.first->size);
		s->sync_left = releases;
	}
	pop_out(m, seat);
}

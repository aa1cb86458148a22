/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mux's own requests, in whose turn they go, and what waits for them: V6, V9, V10, V14, V15. */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

int add_own(struct model *m, enum asked asked, enum purpose purpose, int waits, int user, int seat)
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
				    .user = user,
				    .seat = seat_is_open(seat) ? seat : NOBODY,
				    .unsent_since = NO_TIME,
				    .turn = ++m->turns,
				    .batch = m->batches};
	m->own_count++;
	return own;
}

int add_release(struct model *m, enum purpose purpose, int waits, int user, int seat,
		uint8_t service, uint8_t device_cid)
{
	int own = add_own(m, ASKED_OWN_RELEASE, purpose, waits, user, seat);

	m->owns[own].service = service;
	m->owns[own].device_cid = device_cid;
	m->leaves[service][device_cid] = MUST;
	return own;
}

int release_unknown(struct model *m, int user, uint8_t service, uint8_t cid)
{
	return add_release(m, FOR_NOTHING, NOBODY, user, NOBODY, service, cid);
}

/* V18: a client that its session could not release. */
void release_if_stopping(struct model *m, int client)
{
	struct client c = m->clients[client];

	if (!m->stopping)
		return;
	release_unknown(m, c.user, c.service, c.device_cid);
	forget_client(m, client);
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
	if (o.asked == ASKED_OWN_RELEASE && end == OWN_ANSWERED)
		m->leaves[o.service][o.device_cid] = NO;
	if (o.asked == ASKED_OWN_RELEASE && end != OWN_NOT_SENT)
		check_limit(m, o.service, !o.unsure);
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
			return;
		}
		if (end == OWN_NOT_SENT)
			owe_error(m, f->seat, f->frame, 3, "V15");
		drop_flight(m, o.waits);
	}
}

/* It is tried again after a pause: nobody else would release that client. Who waits is told. */
void own_not_sent(struct model *m, int own)
{
	struct own o = m->owns[own];

	reached(m, SITUATION_OWN_FAILED);
	if (o.tries == OWN_TRIES) {
		reached(m, SITUATION_OWN_GIVEN_UP);
		own_is_over(m, own, OWN_NOT_SENT);
		if (o.asked == ASKED_OWN_SYNC)
			return;
		own = release_unknown(m, o.user, o.service, o.device_cid);
		m->owns[own].where = o.where;
		if (o.seat != NOBODY && o.where == WHERE_SURE)
			m->owns[own].where = WHERE_OF_USER;
	}
	m->owns[own].out = false;
	m->owns[own].moved = true;
	m->owns[own].turn = ++m->turns;
	m->owns[own].not_before = m->now + OWN_PAUSE_MS;
	m->own_pause = m->owns[own].not_before;
}

void release_overdue(struct model *m)
{
	for (int i = 0; m->config.orphan_timeout && !m->stopping && i < m->clients_size; i++) {
		struct client c = m->clients[i];

		if (!c.used || !c.overdue || c.releasing || c.call)
			continue;
		reached(m, SITUATION_ORPHAN_EXPIRED);
		m->counters.reclaimed++;
		release_unknown(m, c.user, c.service, c.device_cid);
		forget_client(m, i);
	}
}

static void expire_orphans(struct model *m, uint64_t now)
{
	for (int i = 0; m->config.orphan_timeout && i < m->clients_size; i++) {
		struct client *c = &m->clients[i];

		c->overdue = c->used && !c->holders &&
			     (c->overdue || now >= c->since + m->config.orphan_timeout);
	}
	release_overdue(m);
}

void model_tick(struct model *m, uint64_t now)
{
	m->now = now;
	m->may_take = true;
	if (m->unplugged)
		return;
	resume(m);
	expire(m, now);
	give_up_late(m, now);
	expire_input(m, now);
	expire_orphans(m, now);
	repeat_sync(m);
	give_up_lingering(m, now);
}

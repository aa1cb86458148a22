/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end: V17, V18. */
#include <stdlib.h>

#include "model_private.h"

static void drop_what_waits(struct model *m)
{
	for (unsigned i = 0; i < m->seated_count; i++) {
		fifo_clear(&m->seats[m->seated[i]].out);
		if (!seat_is_open(m->seated[i]))
			free_seat(m, m->seated[i--]);
	}
}

/* V18: requests in flight are no longer answered. */
static void forget_askers(struct model *m)
{
	for (int i = 0; i < m->owns_size; i++) {
		struct own *own = &m->owns[i];

		own->waits = NOBODY;
		own->moved = true;
		if (own->seat != NOBODY && own->where == WHERE_SURE)
			own->where = WHERE_OF_USER;
	}
	for (int i = 0; i < m->flights_size; i++) {
		if (m->flights[i].seat != THE_MUX)
			m->flights[i].seat = NOBODY;
		if (m->flights[i].state == FLIGHT_RECLAIM || m->flights[i].state == FLIGHT_READY)
			drop_flight(m, i);
	}
	for (unsigned i = 0; i < m->seated_count; i++) {
		free(m->seats[m->seated[i]].sync);
		m->seats[m->seated[i]].sync = NULL;
	}
}

void model_stop(struct model *m)
{
	reached(m, SITUATION_STOPPED);
	m->stopping = true;
	drop_what_waits(m);
	forget_askers(m);
	lapse_ports(m);
	for (int i = 0; i < m->clients_size; i++) {
		struct client c = m->clients[i];

		if (!c.used || c.releasing)
			continue;
		release_unknown(m, c.user, c.service, c.device_cid);
		forget_client(m, i);
	}
}

void model_unplugged(struct model *m)
{
	if (!m->unplugged)
		for (unsigned i = 0; i < m->seated_count; i++)
			m->seats[m->seated[i]].news = true;
	m->unplugged = true;
	reached(m, SITUATION_UNPLUGGED);
	drop_what_waits(m);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which frames may be sent when the port asks, and which must wait: V4, V5, V15. */
#include "model_private.h"

bool may_be_gone(const struct model *m, const struct late *late)
{
	return late->doubtful ||
	       (late->awaited_from != NO_TIME && m->now >= late->awaited_from + LATE_WAIT_MS);
}

enum may held_up(const struct model *m, int late)
{
	return may_be_gone(m, &m->late[late]) ? MAY : HELD_UP;
}

/* A late record whose CTL tid could be taken. */
static int any_late_ctl(const struct model *m)
{
	for (unsigned i = 0; i < m->late_count; i++)
		if (m->late[i].service == 0)
			return (int)i;
	return NOBODY;
}

bool ctl_tid_is_free(const struct model *m)
{
	return m->ctl_out + m->late_ctl < 255;
}

/* *late: the late answer it waits for, if that is the only obstacle. */
static enum may may_send_ctl(const struct model *m, int *late)
{
	if (ctl_tid_is_free(m))
		return MUST;
	*late = any_late_ctl(m);
	return *late == NOBODY ? NO : held_up(m, *late);
}

/*
 * V5. Closed sessions do not hold each other back, because they no longer use anything
 * at the same time.
 */
static bool tid_is_taken(const struct model *m, const struct client *client, uint16_t tid, int seat)
{
	if (!m->out_like[hash_of(client->service, client->device_cid, tid)])
		return false;
	for (int i = m->oldest; i != NOBODY; i = m->flights[i].next) {
		const struct flight *f = &m->flights[i];

		if (f->device_tid == tid && f->service == client->service &&
		    f->device_cid == client->device_cid && f->seat != seat &&
		    (seat_is_open(f->seat) || seat_is_open(seat)))
			return true;
	}
	return false;
}

static enum may may_send_to_service(const struct model *m, int seat, int *late)
{
	const struct seat *s = &m->seats[seat];
	const uint8_t *bytes = s->out.first->bytes;
	const struct client *client =
		&m->clients[client_by_cid(m, s->node, wire_service(bytes), wire_cid(bytes))];
	enum may may = MUST;

	if (s->in_flight >= IN_FLIGHT_MAX)
		may = seat_is_open(seat) ? NO : MAY;
	if (may == NO)
		return NO;
	*late = find_late(m, client->service, client->device_cid, wire_tid(bytes),
			  wire_message(bytes));
	if (tid_is_taken(m, client, wire_tid(bytes), seat))
		return NO;
	return *late == NOBODY ? may : held_up(m, *late);
}

enum may may_send(const struct model *m, int seat, int *late)
{
	const struct seat *s = &m->seats[seat];

	*late = NOBODY;
	if (!s->out.first || s->sync || m->stopping || m->unplugged)
		return NO;
	if (wire_service(s->out.first->bytes) == 0)
		return may_send_ctl(m, late);
	return may_send_to_service(m, seat, late);
}

enum may may_send_own(const struct model *m, const struct own *own, int *late)
{
	*late = NOBODY;
	if (!own->used || own->out || m->now < own->not_before || m->unplugged)
		return NO;
	if (m->now < m->own_pause || own->unsure)
		return MAY;
	return may_send_ctl(m, late);
}

enum may may_send_again(const struct model *m, const struct flight *f, int *late)
{
	*late = NOBODY;
	if (f->state != FLIGHT_READY || m->unplugged)
		return NO;
	return m->now < m->own_pause ? MAY : may_send_ctl(m, late);
}

static bool are_alike(const struct late *a, const struct late *b)
{
	return a->service == b->service && a->device_cid == b->device_cid &&
	       a->device_tid == b->device_tid && a->message == b->message;
}

static void await_late(struct model *m, struct late *late, bool surely)
{
	if (late->awaited_from == NO_TIME)
		late->awaited_from = m->now;
	if (late->awaited_by == NO_TIME && surely) {
		late->awaited_by = m->now;
		m->late_awaited++;
	}
}

/*
 * Notes that a frame waits for a late answer, from when the port could have taken it. Any
 * CTL tid will do. For a service, it does not show for which of equal requests the mux waits.
 */
static void note_wait(struct model *m, int late, bool surely)
{
	const struct late *l = &m->late[late];
	bool ctl = l->service == 0;

	reached(m, ctl ? SITUATION_LATE_TID_WAIT : SITUATION_LATE_WAIT);
	for (unsigned i = 0; i < m->late_count; i++) {
		struct late *other = &m->late[i];

		if (ctl ? other->service == 0 : are_alike(other, l))
			await_late(m, other, surely && (ctl || other == l));
	}
}

void look(const struct model *m, struct chances *chances)
{
	for (unsigned i = 0; i < m->seated_count; i++)
		chances->may[i] = may_send(m, m->seated[i], &chances->late[i]);
}

void note_waits(struct model *m, const struct chances *chances, bool surely)
{
	int late;

	if (!m->late_count)
		return;
	for (unsigned i = 0; i < m->seated_count; i++)
		if (chances->late[i] != NOBODY)
			note_wait(m, chances->late[i], surely && chances->may[i] == HELD_UP);
	for (int i = 0; i < m->owns_size && m->own_count; i++) {
		enum may may = may_send_own(m, &m->owns[i], &late);

		if (late != NOBODY)
			note_wait(m, late, surely && may == HELD_UP);
	}
	for (int i = 0; i < m->flights_size && m->ready; i++) {
		enum may may = may_send_again(m, &m->flights[i], &late);

		if (late != NOBODY)
			note_wait(m, late, surely && may == HELD_UP);
	}
}

enum may may_send_any_own(const struct model *m)
{
	enum may best = NO;
	int late;

	for (int i = 0; i < m->owns_size && m->own_count && best != MUST; i++) {
		enum may may = may_send_own(m, &m->owns[i], &late);

		best = may > best ? may : best;
	}
	for (int i = 0; i < m->flights_size && m->ready && best != MUST; i++) {
		enum may may = may_send_again(m, &m->flights[i], &late);

		best = may > best ? may : best;
	}
	return best;
}

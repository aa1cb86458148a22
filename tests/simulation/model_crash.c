/* SPDX-License-Identifier: GPL-2.0-or-later */
/* V29: what a crash loses, and what it does not. */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

#define RESUME_MS 1000

/* Clients that have to be released again, or may be. */
struct leaving {
	enum may of[256][256];
};

static void note_leaving(struct leaving *leaving, uint8_t service, uint8_t cid, enum may may)
{
	if (may > leaving->of[service][cid])
		leaving->of[service][cid] = may;
}

/* Only which CTL requests are in flight is kept, and nothing of who has asked. */
static enum asked asked_again(enum asked asked)
{
	return asked == ASKED_RELEASE ? ASKED_OWN_RELEASE : asked;
}

static void lose_flight(struct model *m, int flight, struct leaving *leaving)
{
	struct flight *f = &m->flights[flight];
	int client = f->client;
	bool releases = f->asked == ASKED_RELEASE;

	if (f->state == FLIGHT_OUT) {
		if (releases)
			note_leaving(leaving, *subject(f->frame, 2), f->released_cid, MUST);
		if (f->service == 0) {
			m->allocates[f->asked == ASKED_ALLOCATE ? *subject(f->frame, 1) : 0] +=
				f->asked == ASKED_ALLOCATE;
			remember_late(m, flight, true);
		}
		flight_not_out(m, flight);
	}
	drop_flight(m, flight);
	if (releases && client != NOBODY)
		forget_client(m, client);
}

static void lose_flights(struct model *m, struct leaving *leaving)
{
	for (int i = 0; i < m->flights_size; i++)
		if (m->flights[i].state != FLIGHT_UNUSED && m->flights[i].asked == ASKED_PLAIN &&
		    m->flights[i].service != 0)
			lose_flight(m, i, leaving);
	for (int i = 0; i < m->flights_size; i++)
		if (m->flights[i].state != FLIGHT_UNUSED)
			lose_flight(m, i, leaving);
	m->port = NOBODY;
	m->sent = NOBODY;
	m->port_busy = false;
	m->port_release.set = false;
	m->sent_release.set = false;
	memset(m->maybe_young, 0, sizeof(m->maybe_young));
}

/* Late answers of services are not told from others any more. */
static void lose_late(struct model *m)
{
	int root = user_of(m, 0);

	for (int i = (int)m->late_count - 1; i >= 0; i--)
		if (m->late[i].service != 0)
			forget_late(m, i);
	for (unsigned i = 0; i < m->late_count; i++)
		m->late[i].doubtful |= may_be_gone(m, &m->late[i]);
	m->late_awaited = 0;
	for (int user = 0; user < m->user_count; user++)
		m->users[user].late = m->users[user].late_ctl = m->users[user].late_ctl_again = 0;
	for (unsigned i = 0; i < m->late_count; i++) {
		struct late *late = &m->late[i];

		late->asked = asked_again(late->asked);
		late->open = true;
		late->before = true;
		late->user = root;
		late->owner = root;
		late->awaited_from = late->awaited_by = NO_TIME;
		late->ended = m->now;
		m->users[root].late++;
		m->users[root].late_ctl_again += late->asked < ASKED_OWN_RELEASE;
	}
}

static void lose_owns(struct model *m, struct leaving *leaving)
{
	for (int i = 0; i < m->owns_size; i++) {
		struct own *own = &m->owns[i];

		if (own->used && own->asked == ASKED_OWN_RELEASE)
			note_leaving(leaving, own->service, own->device_cid,
				     own->unsure ? MAY : MUST);
		own->used = false;
	}
	m->own_count = 0;
	m->own_pause = 0;
}

static void lose_session(struct model *m, int seat)
{
	struct seat *s = &m->seats[seat];

	/* V29: whoever has ever held a client is told if frames are lost. */
	s->overflowed = s->kept && (s->in.first || s->overflowed);
	if (s->overflowed)
		reached(m, SITUATION_CRASH_LOSES_FRAMES);
	s->news = s->overflowed;
	s->may_news = true;
	fifo_clear(&s->in);
	fifo_clear(&s->out);
	free(s->partial);
	free(s->sync);
	s->partial = NULL;
	s->sync = NULL;
	s->partial_size = 0;
	s->sync_left = 0;
	s->read = 0;
	s->looked = s->held = s->placed = false;
	s->in_flight = s->ctl_out = s->ctl_again = 0;
	lapse(&s->local);
	lapse(&s->port);
}

static void lose_sessions(struct model *m)
{
	for (unsigned i = m->seated_count; i-- > 0;) {
		int seat = m->seated[i];

		if (seat_is_open(seat))
			lose_session(m, seat);
		else
			free_seat(m, seat);
	}
	for (int user = 0; user < m->user_count; user++) {
		struct user *u = &m->users[user];

		u->ctl_out = u->ctl_again = 0;
		u->maybe_young = 0;
		u->heads = 0;
		lapse(&u->local);
		lapse(&u->port);
		lapse(&u->pseudo);
		memset(u->asks, 0, sizeof(u->asks));
		memset(u->may_ask, 0, sizeof(u->may_ask));
	}
	m->heads = 0;
}

static void keep_client(struct model *m, struct client *c)
{
	c->overdue = false;
	c->since = m->now;
	/* When it was last used is not kept: the modem's CIDs give the order. */
	c->last_use = m->uses + c->device_cid;
	c->asker = 0;
	for (int seat = 0; seat < MODEL_SLOTS; seat++)
		if (c->held[seat] && c->holders == 1)
			c->asker = m->seats[seat].id;
}

static void release_from_before(struct model *m, uint8_t service, uint8_t cid, bool unsure)
{
	int own = release_unknown(m, user_of(m, 0), service, cid);

	m->owns[own].unsure = unsure;
}

static void release_again(struct model *m, const struct leaving *leaving)
{
	for (unsigned i = 0; i < 256 * 256; i++) {
		uint8_t service = (uint8_t)(i / 256);
		uint8_t cid = (uint8_t)(i % 256);
		enum may may = leaving->of[service][cid];

		/* One of two Release CIDs may have been answered, and is enough. */
		if (may != m->leaves[service][cid])
			may = MAY;
		if (may == NO || client_by_device_cid(m, service, cid) != NOBODY)
			continue;
		reached(m, SITUATION_CRASH_RELEASES);
		release_from_before(m, service, cid, may == MAY);
	}
}

static void reset(struct model *m)
{
	memset(&m->counters, 0, sizeof(m->counters));
	m->dropped_seen = 0;
	m->input_size = 0;
	m->sync_answered = m->client_count > 0;
	m->sync_owed = false;
	m->sync_clean = m->client_count == 0;
	m->sync_fresh_until = 0;
	m->sync_again_at = NO_TIME;
	m->window_shut = false;
	for (unsigned i = 0; i < 256; i++) {
		m->limit[i] = m->sure_limit[i] = CLIENTS_MAX;
		m->rests_from[i] = 0;
		m->rests_by[i] = m->rests;
	}
	m->rests++;
	m->resuming = true;
	m->surely_resuming = true;
	m->resumes_at = m->now + RESUME_MS;
	m->answers_until = m->now + m->config.transaction_timeout;
}

void model_crash(struct model *m, uint64_t now)
{
	struct leaving *leaving = calloc(1, sizeof(*leaving));

	if (!leaving)
		abort();
	m->now = now;
	reached(m, SITUATION_CRASHED);
	memset(m->allocates, 0, sizeof(m->allocates));
	memset(m->allocates_unsure, 0, sizeof(m->allocates_unsure));
	for (unsigned i = 0; i < m->late_count; i++) {
		if (m->late[i].asked != ASKED_ALLOCATE)
			continue;
		m->allocates[m->late[i].subject[0]]++;
		m->allocates_unsure[m->late[i].subject[0]] |= may_be_gone(m, &m->late[i]);
	}
	lose_owns(m, leaving);
	lose_flights(m, leaving);
	lose_sessions(m);
	lose_late(m);
	reset(m);
	for (int i = 0; i < m->clients_size; i++)
		if (m->clients[i].used)
			keep_client(m, &m->clients[i]);
	m->uses += 256;
	release_again(m, leaving);
	free(leaving);
	if (m->client_count || !m->config.sync)
		return;
	memset(m->allocates, 0, sizeof(m->allocates));
	model_start_sync(m, now);
}

/* V6: an answer to Allocate CID may have been lost, and its client is to be released. */
static void release_unheard(struct model *m, uint8_t service)
{
	reached(m, SITUATION_CRASH_LOSES_CLIENT);
	for (unsigned cid = 1; cid < 255; cid++)
		if (client_by_device_cid(m, service, (uint8_t)cid) == NOBODY)
			release_from_before(m, service, (uint8_t)cid, m->allocates_unsure[service]);
}

void resume(struct model *m)
{
	if (m->now < m->resumes_at)
		return;
	m->resumes_at = NO_TIME;
	for (unsigned service = 0; service < 256 && !m->stopping; service++)
		if (m->allocates[service])
			release_unheard(m, (uint8_t)service);
}

bool model_may_crash(const struct model *m)
{
	return !m->too_many && !m->stopping && !m->unplugged;
}

void resume_sending(struct model *m)
{
	bool sure = false;
	bool unsure = false;

	if (!m->resuming || m->resumes_at != NO_TIME)
		return;
	for (int i = 0; i < m->owns_size && m->own_count; i++) {
		const struct own *own = &m->owns[i];

		sure |= own->used && !own->out && !own->unsure;
		unsure |= own->used && !own->out && own->unsure;
	}
	m->surely_resuming &= sure;
	m->resuming = sure || unsure;
}

bool answer_from_before(struct model *m, const uint8_t *frame)
{
	int client = client_by_device_cid(m, wire_service(frame), wire_cid(frame));
	struct frame *copy;
	int seat;

	if (wire_service(frame) == 0 || client == NOBODY || m->stopping ||
	    m->now >= m->answers_until || !m->clients[client].asker)
		return false;
	seat = seat_of(m, m->clients[client].asker);
	if (!seat_is_open(seat) || !m->clients[client].held[seat])
		return false;
	copy = frame_of(frame, wire_size(frame));
	wire_put_cid(copy->bytes, m->clients[client].cid);
	reached(m, SITUATION_ANSWER_FROM_BEFORE);
	owe(m, seat, FROM_MODEM, "V29", copy->bytes, copy->size);
	free(copy);
	return true;
}

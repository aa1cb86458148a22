/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests on their way: V4, V6, V15, V28. */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

int add_flight(struct model *m, enum asked asked, int seat, int user)
{
	int flight = 0;

	while (flight < m->flights_size && m->flights[flight].state != FLIGHT_UNUSED)
		flight++;
	if (flight == m->flights_size) {
		m->flights_size = 2 * m->flights_size + 64;
		m->flights = realloc(m->flights, (size_t)m->flights_size * sizeof(*m->flights));
		if (!m->flights)
			abort();
		memset(m->flights + flight, 0,
		       (size_t)(m->flights_size - flight) * sizeof(*m->flights));
	}
	m->flights[flight] = (struct flight){.state = FLIGHT_RECLAIM,
					     .asked = asked,
					     .seat = seat,
					     .user = user,
					     .client = NOBODY,
					     .own = NOBODY};
	return flight;
}

bool is_of_session(const struct flight *f)
{
	return f->asked != ASKED_OWN_RELEASE && f->asked != ASKED_OWN_SYNC;
}

/* V28: it counts, or (the mux's own repetition of an Allocate CID) may count. */
static void count_ctl(struct model *m, const struct flight *f, int by)
{
	struct user *u = &m->users[f->user];
	struct seat *s = f->seat >= 0 ? &m->seats[f->seat] : NULL;

	if (!is_of_session(f))
		return;
	*(f->again ? &u->ctl_again : &u->ctl_out) += (unsigned)by;
	if (s)
		*(f->again ? &s->ctl_again : &s->ctl_out) += (unsigned)by;
}

/* Expects service, CID, tid and message to be set. */
void flight_out(struct model *m, int flight, uint64_t now)
{
	struct flight *f = &m->flights[flight];

	f->state = FLIGHT_OUT;
	f->sent = now;
	f->deadline =
		now + (f->service == 0 ? m->config.ctl_timeout : m->config.transaction_timeout);
	f->next = NOBODY;
	f->previous = m->newest;
	if (m->newest == NOBODY)
		m->oldest = flight;
	else
		m->flights[m->newest].next = flight;
	m->newest = flight;
	if (f->service == 0) {
		m->by_tid[f->device_tid] = flight;
		count_ctl(m, f, 1);
		if (++m->ctl_out + m->late_ctl == 255)
			reached(m, SITUATION_CTL_TIDS_OUT);
	} else {
		m->out_like[hash_of(f->service, f->device_cid, f->device_tid)]++;
		if (f->seat >= 0 && ++m->seats[f->seat].in_flight == IN_FLIGHT_MAX)
			reached(m, SITUATION_IN_FLIGHT_FULL);
	}
}

/* The modem no longer has the request, and its tid starts to rest. */
void flight_not_out(struct model *m, int flight)
{
	struct flight *f = &m->flights[flight];

	if (f->previous == NOBODY)
		m->oldest = f->next;
	else
		m->flights[f->previous].next = f->next;
	if (f->next == NOBODY)
		m->newest = f->previous;
	else
		m->flights[f->next].previous = f->previous;
	if (f->service == 0) {
		m->by_tid[f->device_tid] = NOBODY;
		count_ctl(m, f, -1);
		m->ctl_out--;
		m->rests_from[f->device_tid] = ++m->rests;
		m->rests_by[f->device_tid] = m->rests;
	} else {
		m->out_like[hash_of(f->service, f->device_cid, f->device_tid)]--;
		if (f->seat >= 0)
			m->seats[f->seat].in_flight--;
	}
	if (m->port == flight)
		m->port = NOBODY;
	if (m->sent == flight)
		m->sent = NOBODY;
}

void drop_flight(struct model *m, int flight)
{
	struct flight *f = &m->flights[flight];

	if (f->state == FLIGHT_RECLAIM || f->state == FLIGHT_READY)
		m->waiting--;
	m->ready -= f->state == FLIGHT_READY;
	f->state = FLIGHT_UNUSED;
	uncount_ask(f);
	free(f->frame);
	f->frame = NULL;
}

/* Finds the request that this response answers: the oldest one that matches. */
int find_flight(const struct model *m, const uint8_t *answer)
{
	uint16_t tid = wire_tid(answer);

	if (wire_service(answer) == 0) {
		int flight = m->by_tid[tid];

		if (flight != NOBODY && m->flights[flight].message != wire_message(answer))
			flight = NOBODY;
		return flight;
	}
	if (!m->out_like[hash_of(wire_service(answer), wire_cid(answer), tid)])
		return NOBODY;
	for (int i = m->oldest; i != NOBODY; i = m->flights[i].next) {
		const struct flight *f = &m->flights[i];

		if (f->device_tid == tid && f->service == wire_service(answer) &&
		    f->device_cid == wire_cid(answer) && f->message == wire_message(answer))
			return i;
	}
	return NOBODY;
}

void note_unanswered(struct model *m, int flight)
{
	const struct flight *f = &m->flights[flight];

	if (!is_of_session(f) || f->again)
		return;
	m->maybe_young[m->maybe_young_next++ % WINDOW_MIN] = f->sent;
	if (m->users[f->user].maybe_young < f->sent)
		m->users[f->user].maybe_young = f->sent;
}

/* V15: without an answer, which may come late. */
static void end_unanswered(struct model *m, int flight)
{
	struct flight f = m->flights[flight];

	if (f.asked == ASKED_RELEASE) {
		reached(m, SITUATION_RELEASE_EXPIRED);
		if (f.client != NOBODY)
			forget_client(m, f.client);
	}
	remember_late(m, flight, false);
	note_unanswered(m, flight);
	flight_not_out(m, flight);
	drop_flight(m, flight);
	if (!is_of_session(&f))
		own_is_over(m, f.own, OWN_EXPIRED);
}

void detach_flight(struct model *m, int flight)
{
	reached(m, SITUATION_CTL_DETACHED);
	end_unanswered(m, flight);
}

void abort_flight(struct model *m, int flight)
{
	struct flight *f = &m->flights[flight];

	/* The modem has forgotten a client's requests together with the client. */
	if (f->service == 0)
		remember_late(m, flight, true);
	note_unanswered(m, flight);
	flight_not_out(m, flight);
	if (f->frame && seat_is_open(f->seat) && !m->stopping) {
		bool taking = m->taking;

		/* May come before or after the mux's own answers to this session. */
		m->taking = false;
		reached(m, SITUATION_ABORTED);
		owe_error(m, f->seat, f->frame, 4, "V13");
		m->taking = taking;
	}
	drop_flight(m, flight);
}

/* Whether the core says that it has answered this one Aborted. Nobody is told after the end. */
static bool was_aborted(const struct model *m, const struct flight *f)
{
	const uint8_t *asked = f->frame->bytes;

	if (!seat_is_open(f->seat) || m->stopping)
		return true;
	for (unsigned i = 0; i < m->seen_count; i++) {
		const struct seen *seen = &m->seen[i];
		const uint8_t *bytes = seen->frame->bytes;

		if (seen->path == MUX_ANSWERED && seen->session == m->seats[f->seat].id &&
		    wire_service(bytes) == wire_service(asked) &&
		    wire_cid(bytes) == wire_cid(asked) && wire_tid(bytes) == wire_tid(asked) &&
		    wire_message(bytes) == wire_message(asked) && wire_error(bytes) == 4)
			return true;
	}
	return false;
}

/*
 * A Release CID and a request to its client are due at the same time: the rules do
 * not say whether that one expires too (V15), or is answered Aborted (V13).
 */
static int first_of_equal(const struct model *m, int found)
{
	const struct flight *f = &m->flights[found];
	int release = NOBODY;

	for (int i = m->oldest; i != NOBODY && f->client != NOBODY; i = m->flights[i].next)
		if (m->flights[i].asked == ASKED_RELEASE && m->flights[i].client == f->client &&
		    m->flights[i].deadline == f->deadline)
			release = i;
	if (release == NOBODY)
		return found;
	for (int i = m->oldest; i != NOBODY; i = m->flights[i].next)
		if (i != release && m->flights[i].client == f->client &&
		    m->flights[i].deadline == f->deadline && !was_aborted(m, &m->flights[i]))
			return i;
	return release;
}

static int first_due(const struct model *m, uint64_t now)
{
	int found = NOBODY;

	for (int i = m->oldest; i != NOBODY; i = m->flights[i].next)
		if (m->flights[i].deadline <= now &&
		    (found == NOBODY || m->flights[i].deadline < m->flights[found].deadline))
			found = i;
	return found == NOBODY ? NOBODY : first_of_equal(m, found);
}

void expire(struct model *m, uint64_t now)
{
	int flight;

	while ((flight = first_due(m, now)) != NOBODY) {
		reached(m, m->flights[flight].service == 0 ? SITUATION_CTL_EXPIRED
							   : SITUATION_EXPIRED);
		m->counters.expired++;
		end_unanswered(m, flight);
	}
}

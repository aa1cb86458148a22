/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests in flight, and requests that ended without an answer: V4, V6, V15. */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

unsigned hash_of(uint8_t service, uint8_t device_cid, uint16_t tid)
{
	return (tid * 31U + device_cid * 7U + service) % HASHES;
}

int add_flight(struct model *m, enum asked asked, int seat)
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
					     .client = NOBODY,
					     .own = NOBODY};
	return flight;
}

/* Expects service, CID, tid and message to be set. */
void flight_out(struct model *m, int flight, uint64_t now)
{
	struct flight *f = &m->flights[flight];

	f->state = FLIGHT_OUT;
	f->deadline = now + m->config.transaction_timeout;
	f->next = NOBODY;
	f->previous = m->newest;
	if (m->newest == NOBODY)
		m->oldest = flight;
	else
		m->flights[m->newest].next = flight;
	m->newest = flight;
	if (f->service == 0) {
		m->by_tid[f->device_tid] = flight;
		if (++m->ctl_out == 255)
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

/* Keeps the last 1,024, except that the mux may still count some that may be gone. */
static void forget_oldest(struct model *m)
{
	unsigned gone = 0;
	unsigned doubtful = 0;

	for (unsigned i = 0; i < m->late_count; i++)
		gone += may_be_gone(m, &m->late[i]);
	while (m->late_count - gone >= LATE_MAX || m->late_count == 2 * LATE_MAX) {
		gone -= may_be_gone(m, &m->late[0]);
		forget_late(m, 0);
	}
	for (unsigned i = 0; m->late_count - doubtful >= LATE_MAX; i++) {
		m->late[i].doubtful = true;
		doubtful++;
	}
}

void remember_late(struct model *m, int flight)
{
	const struct flight *f = &m->flights[flight];
	size_t len;

	if (m->late_count >= LATE_MAX) {
		reached(m, SITUATION_LATE_FORGOTTEN);
		forget_oldest(m);
	}
	m->late_like[hash_of(f->service, f->device_cid, f->device_tid)]++;
	m->late[m->late_count++] = (struct late){
		.service = f->service,
		.device_cid = f->device_cid,
		.device_tid = f->device_tid,
		.message = f->message,
		.asked = f->asked,
		.wanted = f->asked == ASKED_ALLOCATE
				  ? f->frame->bytes[wire_tlv(f->frame->bytes, 1, &len)]
				  : (uint8_t)0,
		.client = f->service == 0 ? NOBODY : f->client,
		.awaited_from = NO_TIME,
		.awaited_by = NO_TIME,
	};
	if (f->service == 0) {
		m->late_ctl++;
		m->late_tid[f->device_tid] = true;
	}
}

int find_late(const struct model *m, uint8_t service, uint8_t device_cid, uint16_t tid,
	      uint16_t message)
{
	if (!m->late_like[hash_of(service, device_cid, tid)])
		return NOBODY;
	for (unsigned i = 0; i < m->late_count; i++) {
		const struct late *late = &m->late[i];

		if (late->device_tid == tid && late->service == service &&
		    late->device_cid == device_cid && late->message == message)
			return (int)i;
	}
	return NOBODY;
}

void forget_late(struct model *m, int late)
{
	if (m->late[late].service == 0) {
		m->late_ctl--;
		m->late_tid[m->late[late].device_tid] = false;
		m->rests_by[m->late[late].device_tid] = ++m->rests;
	}
	m->late_like[hash_of(m->late[late].service, m->late[late].device_cid,
			     m->late[late].device_tid)]--;
	m->late_awaited -= m->late[late].awaited_by != NO_TIME;
	m->late_count--;
	memmove(&m->late[late], &m->late[late + 1],
		(m->late_count - (unsigned)late) * sizeof(m->late[0]));
}

static void expire_flight(struct model *m, int flight)
{
	struct flight f = m->flights[flight];

	reached(m, SITUATION_EXPIRED);
	m->counters.expired++;
	if (f.asked == ASKED_RELEASE) {
		reached(m, SITUATION_RELEASE_EXPIRED);
		if (f.client != NOBODY)
			forget_client(m, f.client);
	}
	remember_late(m, flight);
	flight_not_out(m, flight);
	drop_flight(m, flight);
	if (f.asked == ASKED_OWN_RELEASE || f.asked == ASKED_OWN_SYNC)
		own_is_over(m, f.own, OWN_EXPIRED);
}

void abort_flight(struct model *m, int flight)
{
	struct flight *f = &m->flights[flight];

	/* The modem has forgotten a client's requests together with the client. */
	if (f->service == 0)
		remember_late(m, flight);
	flight_not_out(m, flight);
	if (f->frame && seat_is_open(f->seat) && !m->stopping) {
		bool settling = m->settling;

		/* May come before or after the mux's own answers to this session. */
		m->settling = false;
		reached(m, SITUATION_ABORTED);
		owe_error(m, f->seat, f->frame, 4, "V13");
		m->settling = settling;
	}
	drop_flight(m, flight);
}

void give_up_late(struct model *m, uint64_t now)
{
	for (int i = (int)m->late_count - 1; i >= 0 && m->late_awaited; i--)
		if (m->late[i].awaited_by != NO_TIME && now >= m->late[i].awaited_by + LATE_WAIT_MS)
			forget_late(m, i);
}

void expire(struct model *m, uint64_t now)
{
	while (m->oldest != NOBODY && m->flights[m->oldest].deadline <= now)
		expire_flight(m, m->oldest);
}

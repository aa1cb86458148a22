/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that have ended without an answer, which may come late: V4, V15. */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

unsigned hash_of(uint8_t service, uint8_t device_cid, uint16_t tid)
{
	return (tid * 31U + device_cid * 7U + service) % HASHES;
}

bool may_be_gone(const struct model *m, const struct late *late)
{
	return late->doubtful ||
	       (late->awaited_from != NO_TIME && m->now >= late->awaited_from + LATE_WAIT_MS);
}

static bool is_own(const struct late *late)
{
	return late->asked == ASKED_OWN_RELEASE || late->asked == ASKED_OWN_SYNC;
}

static void count_late(struct model *m, const struct late *late, int by)
{
	struct user *u = &m->users[late->user];

	u->late += (unsigned)by;
	if (late->service == 0 && !is_own(late))
		*(late->open ? &u->late_ctl_again : &u->late_ctl) += (unsigned)by;
}

/* Whether it may not count among its user's: the mux's own, or one that may be gone. */
static bool is_open(const struct model *m, const struct late *late)
{
	return is_own(late) || may_be_gone(m, late);
}

static int oldest_late(const struct model *m, int user)
{
	unsigned i = 0;

	while (m->late[i].user != user)
		i++;
	return (int)i;
}

/* How many of the user's have ended at this time: in which order does not show. */
static unsigned count_ended(const struct model *m, int user, uint64_t ended)
{
	unsigned count = 0;

	for (unsigned i = 0; i < m->late_count; i++)
		count += m->late[i].user == user && m->late[i].ended == ended;
	return count;
}

/* The last 1,024 of a user: but it is open which of those that may be gone the mux still counts. */
static void forget_oldest(struct model *m, int user)
{
	const struct user *u = &m->users[user];
	unsigned gone = 0;
	unsigned doubtful = 0;
	uint64_t ended = 0;

	for (unsigned i = 0; i < m->late_count; i++)
		gone += m->late[i].user == user && is_open(m, &m->late[i]);
	while (u->late - gone >= LATE_MAX) {
		int oldest = oldest_late(m, user);

		if (u->late - gone - LATE_MAX + 1 < count_ended(m, user, m->late[oldest].ended))
			break;
		gone -= is_open(m, &m->late[oldest]);
		forget_late(m, oldest);
	}
	for (unsigned i = 0; i < m->late_count; i++) {
		if (m->late[i].user != user)
			continue;
		if (u->late - doubtful < LATE_MAX && m->late[i].ended != ended)
			break;
		m->late[i].doubtful = true;
		ended = m->late[i].ended;
		doubtful++;
	}
}

static void grow_late(struct model *m)
{
	if (m->late_count < m->late_size)
		return;
	m->late_size = 2 * m->late_size + 64;
	m->late = realloc(m->late, m->late_size * sizeof(*m->late));
	if (!m->late)
		abort();
}

/* What an Allocate or Release CID is about, as the modem sees it. */
static void note_subject(const struct model *m, const struct flight *f, struct late *late)
{
	if (f->asked == ASKED_OWN_RELEASE) {
		late->subject[0] = m->owns[f->own].service;
		late->subject[1] = m->owns[f->own].device_cid;
	}
	if (f->asked != ASKED_ALLOCATE && f->asked != ASKED_RELEASE)
		return;
	late->subject[0] = *subject(f->frame, f->asked == ASKED_ALLOCATE ? 1 : 2);
	if (f->asked == ASKED_RELEASE) {
		late->subject[1] = f->released_cid;
		late->owner = f->released_user;
	}
}

void remember_late(struct model *m, int flight, bool answered)
{
	const struct flight *f = &m->flights[flight];
	struct late late = {
		.service = f->service,
		.device_cid = f->device_cid,
		.device_tid = f->device_tid,
		.message = f->message,
		.asked = f->asked,
		.open = f->again || answered,
		.user = f->user,
		.owner = f->user,
		.client = f->service == 0 ? NOBODY : f->client,
		.ended = m->now,
		.awaited_from = NO_TIME,
		.awaited_by = NO_TIME,
	};

	if (m->users[f->user].late >= LATE_MAX) {
		reached(m, SITUATION_LATE_FORGOTTEN);
		forget_oldest(m, f->user);
	}
	note_subject(m, f, &late);
	grow_late(m);
	m->late[m->late_count++] = late;
	count_late(m, &late, 1);
	m->late_like[hash_of(f->service, f->device_cid, f->device_tid)]++;
	if (f->service == 0) {
		m->late_ctl++;
		m->late_tid[f->device_tid] = true;
		note_new_late(m);
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
	count_late(m, &m->late[late], -1);
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

void give_up_late(struct model *m, uint64_t now)
{
	for (int i = (int)m->late_count - 1; i >= 0 && m->late_awaited; i--)
		if (m->late[i].awaited_by != NO_TIME && now >= m->late[i].awaited_by + LATE_WAIT_MS)
			forget_late(m, i);
}

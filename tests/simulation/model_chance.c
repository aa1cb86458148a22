/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may be sent to the modem when the port asks, and what waits for what: V4, V5, V15, V28. */
#include "model_private.h"

/* A number that is open, and the limit that it has to stay below. */
static enum may below(unsigned low, unsigned high, unsigned limit)
{
	return high < limit ? MUST : low < limit ? MAY : NO;
}

static enum may worse(enum may a, enum may b)
{
	return a < b ? a : b;
}

/*
 * Device tids whose late answer may still come, of a user (without the mux's own)
 * or EVERYBODY; sure: without those that may not count against a limit.
 */
static unsigned count_late_ctl(const struct model *m, int whose, bool sure)
{
	unsigned count = 0;

	for (unsigned i = 0; i < m->late_count; i++) {
		const struct late *late = &m->late[i];

		if (late->service != 0 || may_be_gone(m, late) || (sure && late->open))
			continue;
		count += whose == EVERYBODY ||
			 (late->user == whose && late->asked < ASKED_OWN_RELEASE);
	}
	return count;
}

static void wait_for_nothing(struct wait *wait)
{
	*wait = (struct wait){NOBODY, NOBODY, NOBODY, false, false};
}

/*
 * Device tids in use: in flight, or late. If there are too many, late ones
 * contend. The core promises places to frames that wait for their turn, before
 * they are sent: so others may wait already, and late ones contend.
 */
static enum may tids_below(const struct model *m, unsigned limit, unsigned heads, struct wait *wait)
{
	unsigned high = m->ctl_out + m->late_ctl;
	enum may may;

	if (high + heads + CTL_FREE_MAX < limit)
		return MUST;
	if (m->late_ctl)
		wait->all_of = EVERYBODY;
	wait->promised |= high < limit;
	may = worse(MAY,
		    below(m->ctl_out + count_late_ctl(m, EVERYBODY, limit < 255), high, limit));
	if (!m->late_ctl || may != NO)
		return may;
	wait->surely_of = EVERYBODY;
	return HELD_UP;
}

static enum may user_tids(const struct model *m, int user, unsigned heads, struct wait *wait)
{
	const struct user *u = &m->users[user];
	unsigned late = u->late_ctl + u->late_ctl_again;
	unsigned high = u->ctl_out + u->ctl_again + late;
	enum may may;

	if (is_root(m, user) || high + heads < CTL_USER_MAX)
		return MUST;
	if (late)
		wait->all_of = user;
	wait->promised |= high < CTL_USER_MAX;
	/* Another of its sessions may have the place, and wait for one of everybody's. */
	may = worse(MAY, below(u->ctl_out + count_late_ctl(m, user, true), high, CTL_USER_MAX));
	if (!late || may != NO)
		return may;
	wait->surely_of = user;
	return HELD_UP;
}

/* Whether the session's next frame may have been promised a place among CTL requests. */
static bool wants_place(const struct model *m, int seat)
{
	const struct seat *s = &m->seats[seat];
	enum head head = head_of(m, seat);

	return head != HEAD_NONE && head != HEAD_OF_MUX && wire_service(s->out.first->bytes) == 0 &&
	       (!seat_is_open(seat) || s->ctl_out < CTL_SESSION_MAX);
}

static void count_heads(struct model *m)
{
	m->heads = 0;
	for (int user = 0; user < m->user_count; user++)
		m->users[user].heads = 0;
	for (unsigned i = 0; i < m->seated_count; i++) {
		if (!wants_place(m, m->seated[i]))
			continue;
		m->heads++;
		m->users[m->seats[m->seated[i]].user].heads++;
	}
}

bool user_has_tid(const struct model *m, int user)
{
	struct wait wait;

	wait_for_nothing(&wait);
	return user_tids(m, user, 0, &wait) == MUST;
}

bool ctl_tid_is_free(const struct model *m)
{
	return m->ctl_out + m->late_ctl + m->heads < 255;
}

static unsigned limit_of_all(const struct seat *s)
{
	uint16_t message = wire_message(s->out.first->bytes);

	return message == 0x0022 || message == 0x0023 ? 255 : CTL_OTHERS_MAX;
}

/*
 * V28: a place that was promised to a frame while there was one for it stays its own,
 * though others have taken those of the reserve since.
 */
static bool may_get_place(const struct model *m, int seat)
{
	struct wait wait;

	wait_for_nothing(&wait);
	return wants_place(m, seat) &&
	       tids_below(m, limit_of_all(&m->seats[seat]), 0, &wait) >= MAY;
}

static enum may may_send_ctl(const struct model *m, int seat, struct wait *wait)
{
	const struct seat *s = &m->seats[seat];
	unsigned itself = wants_place(m, seat);
	struct wait all = *wait;
	enum may of_all = tids_below(m, limit_of_all(s), m->heads - itself, &all);
	enum may of_user = user_tids(m, s->user, m->users[s->user].heads - itself, wait);

	if (s->placed && of_all < MAY && m->ctl_out + count_late_ctl(m, EVERYBODY, false) < 255)
		of_all = MAY;

	wait->promised |= all.promised;
	if (all.all_of != NOBODY)
		wait->all_of = EVERYBODY;
	/* If its user may be in the way, too, those of the user are contended for in any case. */
	if (of_all == HELD_UP)
		wait->surely_of = of_user == MUST ? EVERYBODY : s->user;
	/* Those that a closed session has sent count for its user alone. */
	if (!seat_is_open(seat))
		return worse(MAY, worse(of_all, of_user));
	return worse(below(s->ctl_out, s->ctl_out + s->ctl_again, CTL_SESSION_MAX),
		     worse(of_all, of_user));
}

/*
 * V5: NO if another session's equal tid is in the way; MAY if both have closed, as
 * they use nothing at the same time any more.
 */
static enum may tid_is_free(const struct model *m, const struct client *client, uint16_t tid,
			    int seat)
{
	enum may may = MUST;

	if (!m->out_like[hash_of(client->service, client->device_cid, tid)])
		return MUST;
	for (int i = m->oldest; i != NOBODY && may != NO; i = m->flights[i].next) {
		const struct flight *f = &m->flights[i];

		if (f->device_tid == tid && f->service == client->service &&
		    f->device_cid == client->device_cid && f->seat != seat)
			may = seat_is_open(f->seat) || seat_is_open(seat) ? NO : MAY;
	}
	return may;
}

/*
 * Requests of sessions that the modem has not answered, sent less than a second
 * ago. sure: without those that the mux has repeated, which may count or not.
 */
static unsigned count_young(const struct model *m, int whose, bool sure)
{
	unsigned count = 0;

	for (int i = m->newest; i != NOBODY && m->now < m->flights[i].sent + YOUNG_MS;
	     i = m->flights[i].previous)
		count += is_of_session(&m->flights[i]) && !(sure && m->flights[i].again) &&
			 (whose == EVERYBODY || m->flights[i].user == whose);
	return count;
}

bool surely_has_young(const struct model *m, int user)
{
	return count_young(m, user, true) > 0;
}

/* Whoever has none at the modem waits for no window. */
static enum may window_for(const struct model *m, int user, enum may of_all)
{
	if (surely_has_young(m, user))
		return of_all;
	if (count_young(m, user, false) || m->now < m->users[user].maybe_young + YOUNG_MS)
		return of_all == MUST ? MUST : MAY;
	return MUST;
}

static enum may window(const struct model *m)
{
	unsigned low = count_young(m, EVERYBODY, true);
	unsigned high = count_young(m, EVERYBODY, false);

	for (unsigned i = 0; i < WINDOW_MIN; i++)
		high += m->now < m->maybe_young[i] + YOUNG_MS;
	return high < WINDOW_MIN ? MUST : low < WINDOW_MAX ? MAY : NO;
}

/*
 * V5: of two frames with equal tids that wait, the later one may wait for the
 * earlier one's answer. Which of two sessions has come first does not show.
 */
static void note_equal_heads(const struct model *m, int seat, const struct client *client,
			     struct wait *wait)
{
	uint16_t tid = wire_tid(m->seats[seat].out.first->bytes);

	for (unsigned i = 0; i < m->seated_count; i++) {
		const struct seat *s = &m->seats[m->seated[i]];
		const uint8_t *bytes = s->out.first ? s->out.first->bytes : NULL;

		if (m->seated[i] == seat || !bytes || wire_service(bytes) != client->service ||
		    wire_tid(bytes) != tid || wire_cid(bytes) != client->cid ||
		    s->node != client->node || head_of(m, m->seated[i]) != HEAD_OF_PORT)
			continue;
		wait->promised = true;
		wait->overtakes |= window_for(m, s->user, window(m)) != MUST ||
				   find_late(m, client->service, client->device_cid, tid,
					     wire_message(bytes)) != NOBODY;
	}
}

static enum may may_send_to_service(const struct model *m, int seat, struct wait *wait)
{
	const struct seat *s = &m->seats[seat];
	const uint8_t *bytes = s->out.first->bytes;
	const struct client *client =
		&m->clients[usable_client(m, s, wire_service(bytes), wire_cid(bytes))];
	enum may may = MUST;

	if (s->in_flight >= IN_FLIGHT_MAX)
		may = seat_is_open(seat) ? NO : MAY;
	if (may == NO)
		return NO;
	wait->late = find_late(m, client->service, client->device_cid, wire_tid(bytes),
			       wire_message(bytes));
	may = worse(may, tid_is_free(m, client, wire_tid(bytes), seat));
	wait->promised = may == MAY;
	if (may != NO)
		note_equal_heads(m, seat, client, wait);
	if (may == NO || wait->late == NOBODY)
		return may;
	return may_be_gone(m, &m->late[wait->late]) ? MAY : worse(may, HELD_UP);
}

enum may may_send(const struct model *m, int seat, struct wait *wait)
{
	const struct seat *s = &m->seats[seat];
	enum head head = head_of(m, seat);
	enum may may;

	wait_for_nothing(wait);
	if (head != HEAD_OF_PORT && head != HEAD_OPEN)
		return NO;
	may = wire_service(s->out.first->bytes) == 0 ? may_send_ctl(m, seat, wait)
						     : may_send_to_service(m, seat, wait);
	if (m->resuming)
		may = m->resumes_at == NO_TIME ? worse(may, MAY) : NO;
	/* Its next frame may not have had its local turn yet. */
	return s->looked && !s->held && head == HEAD_OF_PORT ? may : worse(may, MAY);
}

/* The mux's own requests for a user, or for EVERYBODY, as young. */
static unsigned count_own_young(const struct model *m, int whose, bool sure)
{
	unsigned count = 0;

	for (int i = m->newest; i != NOBODY && m->now < m->flights[i].sent + YOUNG_MS;
	     i = m->flights[i].previous)
		count += !is_of_session(&m->flights[i]) && !(sure && m->flights[i].of_any_user) &&
			 (whose == EVERYBODY || m->flights[i].user == whose);
	return count;
}

bool surely_has_own_young(const struct model *m, int user)
{
	return m->users[user].uid != 0 && !m->stopping && count_own_young(m, user, true) >= OWN_MAX;
}

/* Root's are never held. */
bool own_may_be_held(const struct model *m)
{
	unsigned count = count_own_young(m, EVERYBODY, false);

	for (int user = 0; user < m->user_count; user++)
		if (is_root(m, user))
			count -= count_own_young(m, user, true);
	return !m->stopping && count >= OWN_MAX;
}

/* A free tid may have been promised to a session. */
static enum may own_tid(const struct model *m, struct wait *wait)
{
	enum may may = tids_below(m, 255, m->heads, wait);

	return wait->promised || own_may_be_held(m) ? worse(may, MAY) : may;
}

enum may may_send_own(const struct model *m, const struct own *own, struct wait *wait)
{
	wait_for_nothing(wait);
	if (!own->used || own->out || m->now < own->not_before || m->unplugged)
		return NO;
	if (m->now < m->own_pause || own->unsure)
		return MAY;
	return own_tid(m, wait);
}

enum may may_send_again(const struct model *m, const struct flight *f, struct wait *wait)
{
	wait_for_nothing(wait);
	if (f->state != FLIGHT_READY || m->unplugged)
		return NO;
	return m->now < m->own_pause ? MAY : own_tid(m, wait);
}

static void raise(enum may *best, enum may may)
{
	if (may > *best)
		*best = may;
}

static unsigned index_of(const struct model *m, int seat)
{
	unsigned i = 0;

	while (m->seated[i] != seat)
		i++;
	return i;
}

/* What the mux asks for a session goes first; what it cannot send yet may hold up the rest. */
static void look_at_row(struct chances *chances, unsigned i, enum may may)
{
	raise(&chances->own[i], may);
	if (may != MUST)
		chances->frame[i] = worse(chances->frame[i], MAY);
}

/* An own request whose place is not known is in nobody's way, and nobody in its. */
static void look_at_owns(const struct model *m, struct chances *chances)
{
	struct wait wait;

	for (int i = 0; i < m->owns_size && m->own_count; i++) {
		const struct own *own = &m->owns[i];

		if (!own->used || own->out || own->where != WHERE_SURE)
			continue;
		if (own->seat == NOBODY)
			raise(&chances->pseudo[own->user], may_send_own(m, own, &wait));
		else
			look_at_row(chances, index_of(m, own->seat), may_send_own(m, own, &wait));
	}
	for (int i = 0; i < m->flights_size && m->ready; i++)
		if (m->flights[i].state == FLIGHT_READY)
			look_at_row(chances, index_of(m, m->flights[i].seat),
				    may_send_again(m, &m->flights[i], &wait));
}

enum may may_send_any_own(const struct model *m)
{
	struct wait wait;
	enum may best = NO;

	for (int i = 0; i < m->owns_size && m->own_count && best != MUST; i++)
		raise(&best, may_send_own(m, &m->owns[i], &wait));
	for (int i = 0; i < m->flights_size && m->ready && best != MUST; i++)
		raise(&best, may_send_again(m, &m->flights[i], &wait));
	return best;
}

/* What keeps a session waiting, unlike a place among CTL requests, ends with a local turn. */
static bool is_held(const struct model *m, int seat)
{
	const struct seat *s = &m->seats[seat];
	struct wait wait;

	wait_for_nothing(&wait);
	if (head_of(m, seat) < HEAD_FULL)
		return false;
	if (wire_service(s->out.first->bytes) == 0)
		return s->ctl_out + s->ctl_again >= CTL_SESSION_MAX;
	return may_send_to_service(m, seat, &wait) != MUST;
}

void note_held(struct model *m, bool turns_left)
{
	for (unsigned i = 0; i < m->seated_count; i++) {
		struct seat *s = &m->seats[m->seated[i]];

		s->held = (turns_left && s->held) || is_held(m, m->seated[i]);
		s->placed |= may_get_place(m, m->seated[i]);
	}
}

void look(struct model *m, struct chances *chances)
{
	count_heads(m);
	for (unsigned i = 0; i < m->seated_count; i++) {
		chances->frame[i] = may_send(m, m->seated[i], &chances->wait[i]);
		chances->own[i] = NO;
	}
	for (int user = 0; user < MODEL_USERS; user++)
		chances->pseudo[user] = NO;
	for (int user = 0; user < m->user_count; user++)
		chances->window[user] = window_for(m, user, window(m));
	look_at_owns(m, chances);
}

/* --- V15: requests that wait for a late answer -------------------------------------- */

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

/* V15: one second for all that are alike: which of them the mux waits for does not show. */
static void await_service(struct model *m, int late, bool surely)
{
	const struct late *l = &m->late[late];

	reached(m, SITUATION_LATE_WAIT);
	for (unsigned i = 0; i < m->late_count; i++)
		if (are_alike(&m->late[i], l))
			await_late(m, &m->late[i], surely && (int)i == late);
}

static void await_tids(struct model *m, int whose, bool surely)
{
	reached(m, whose == EVERYBODY ? SITUATION_LATE_TID_WAIT : SITUATION_LATE_USER_WAIT);
	for (unsigned i = 0; i < m->late_count; i++) {
		struct late *late = &m->late[i];
		bool is_open = late->open || late->asked >= ASKED_OWN_RELEASE;

		if (late->service == 0 && (whose == EVERYBODY || late->user == whose))
			await_late(m, late, surely && (whose == EVERYBODY || !is_open));
	}
}

static bool user_may_wait(const struct model *m, int user)
{
	const struct user *u = &m->users[user];
	unsigned late = u->late_ctl + u->late_ctl_again;

	return u->heads && u->ctl_out + u->ctl_again + late + u->heads > CTL_USER_MAX;
}

void note_new_late(struct model *m)
{
	count_heads(m);
	if (m->heads && m->ctl_out + m->late_ctl + m->heads + CTL_FREE_MAX > CTL_OTHERS_MAX)
		await_tids(m, EVERYBODY, false);
	for (int user = 0; user < m->user_count; user++)
		if (user_may_wait(m, user))
			await_tids(m, user, false);
}

/* What waits for a late answer, and since when: since the port could have taken it. */
static void note_wait(struct model *m, const struct wait *wait, bool surely)
{
	if (wait->late != NOBODY)
		await_service(m, wait->late, surely);
	if (wait->all_of != NOBODY)
		await_tids(m, wait->all_of, false);
	if (surely && wait->surely_of != NOBODY)
		await_tids(m, wait->surely_of, true);
}

/* It waits for nothing else, not even behind another session's equal tid. */
static bool waits_for_late(const struct model *m, const struct chances *chances, unsigned i)
{
	const struct wait *wait = &chances->wait[i];

	return chances->window[m->seats[m->seated[i]].user] == MUST &&
	       chances->frame[i] == HELD_UP && !(wait->late != NOBODY && wait->promised);
}

void note_waits(struct model *m, const struct chances *chances, bool surely)
{
	struct wait wait;
	enum may may;

	if (!m->late_count)
		return;
	for (unsigned i = 0; i < m->seated_count; i++)
		note_wait(m, &chances->wait[i], surely && waits_for_late(m, chances, i));
	for (int i = 0; i < m->owns_size && m->own_count; i++) {
		may = may_send_own(m, &m->owns[i], &wait);
		note_wait(m, &wait, surely && may == HELD_UP);
	}
	for (int i = 0; i < m->flights_size && m->ready; i++) {
		may = may_send_again(m, &m->flights[i], &wait);
		note_wait(m, &wait, surely && may == HELD_UP);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V14: whose turn it is. In each rotation users take turns, and the sessions of
 * each user: nobody is served twice while another one that could have been all
 * that time is not.
 */
#include "model_private.h"

void lapse(struct turn *turn)
{
	turn->since = NO_TIME;
	turn->own_since = NO_TIME;
}

/* What the mux asks for is over: whatever comes next has not waited yet. */
void lapse_owns(struct model *m)
{
	for (int user = 0; user < m->user_count; user++) {
		m->users[user].port.own_since = NO_TIME;
		m->users[user].pseudo.own_since = NO_TIME;
	}
	for (unsigned i = 0; i < m->seated_count; i++)
		m->seats[m->seated[i]].port.own_since = NO_TIME;
}

/* Whether this one, that is not served now, is passed over for the second time. */
static bool is_passed_over(uint64_t *since, bool could, const struct turn *served, uint64_t service)
{
	if (!could)
		*since = NO_TIME;
	else if (*since == NO_TIME)
		*since = service;
	return could && served->last && served->last >= *since;
}

static void served(struct turn *turn, uint64_t service)
{
	lapse(turn);
	turn->last = service;
}

/* --- the port's rotation ------------------------------------------------------------ */

/*
 * One that waits for the window with its next frame has not been passed over when
 * the mux asks something for it: what it asks for others has waited for longer.
 */
struct could {
	bool own, frame;
};

/*
 * open: the window is, since somebody was served for whom it had to be. Otherwise
 * it is so for those whom it may not keep waiting.
 */
static struct could seat_could(const struct model *m, const struct chances *chances, unsigned i,
			       bool open)
{
	open |= chances->window[m->seats[m->seated[i]].user] == MUST;

	return (struct could){chances->own[i] == MUST,
			      open && chances->frame[i] == MUST && !chances->wait[i].promised};
}

static struct could user_could(const struct model *m, const struct chances *chances, int user,
			       bool open)
{
	struct could could = {chances->pseudo[user] == MUST, false};

	for (unsigned i = 0; i < m->seated_count; i++) {
		struct could seat = seat_could(m, chances, i, open);

		if (m->seats[m->seated[i]].user != user)
			continue;
		could.own |= seat.own;
		could.frame |= seat.frame;
	}
	return could;
}

static bool is_passed_over_at_port(struct turn *waiting, struct could could,
				   const struct turn *served, uint64_t service)
{
	bool own = is_passed_over(&waiting->own_since, could.own, served, service);

	return is_passed_over(&waiting->since, could.frame, served, service) || own;
}

static void lapse_at_port(struct turn *waiting, struct could could)
{
	if (!could.own)
		waiting->own_since = NO_TIME;
	if (!could.frame)
		waiting->since = NO_TIME;
}

static void pass_users(struct model *m, const struct chances *chances, int user, bool open)
{
	struct user *u = &m->users[user];

	for (int other = 0; other < m->user_count; other++)
		if (other != user && is_passed_over_at_port(&m->users[other].port,
							    user_could(m, chances, other, open),
							    &u->port, m->port_turns))
			broken(m, "V14", "user %u waits while user %u is served twice",
			       m->users[other].uid, u->uid);
	served(&u->port, m->port_turns);
}

static void pass_sessions(struct model *m, const struct chances *chances, int user, int seat,
			  bool open)
{
	struct user *u = &m->users[user];
	struct turn *row = seat == NOBODY ? &u->pseudo : &m->seats[seat].port;

	for (unsigned i = 0; i < m->seated_count; i++) {
		struct seat *s = &m->seats[m->seated[i]];

		if (s->user == user && &s->port != row &&
		    is_passed_over_at_port(&s->port, seat_could(m, chances, i, open), row,
					   m->port_turns))
			broken(m, "V14", "session %d waits while %d is served twice", m->seated[i],
			       seat);
	}
	if (&u->pseudo != row &&
	    is_passed_over(&u->pseudo.own_since, chances->pseudo[user] == MUST, row, m->port_turns))
		broken(m, "V14", "the mux waits while session %d is served twice", seat);
	served(row, m->port_turns);
}

void port_turn(struct model *m, const struct chances *chances, int user, int seat, bool frame)
{
	m->port_turns++;
	pass_users(m, chances, user, frame && surely_has_young(m, user));
	pass_sessions(m, chances, user, seat, frame);
}

static void lapse_sessions_of(struct model *m, int user)
{
	for (unsigned i = 0; i < m->seated_count; i++)
		if (m->seats[m->seated[i]].user == user)
			lapse(&m->seats[m->seated[i]].port);
	lapse(&m->users[user].pseudo);
}

void port_turn_of(struct model *m, const struct chances *chances, int user)
{
	m->port_turns++;
	pass_users(m, chances, user, false);
	lapse_sessions_of(m, user);
}

void lapse_ports(struct model *m)
{
	for (int user = 0; user < m->user_count; user++) {
		lapse(&m->users[user].port);
		lapse_sessions_of(m, user);
	}
}

void port_turn_of_any(struct model *m)
{
	m->port_turns++;
	lapse_ports(m);
}

/* --- the local rotation ------------------------------------------------------------- */

static bool waits_for_local_turn(const struct model *m, int seat)
{
	return !m->seats[seat].looked && head_of(m, seat) == HEAD_OF_MUX;
}

/*
 * Whether the user has a frame that needs no modem, and none of its sessions may
 * have a turn that does not show, by which its frame joins the port's rotation.
 */
static bool user_waits(const struct model *m, int user)
{
	bool waits = false;

	for (unsigned i = 0; i < m->seated_count; i++) {
		int seat = m->seated[i];

		if (m->seats[seat].user != user || head_of(m, seat) == HEAD_NONE)
			continue;
		if (waits_for_local_turn(m, seat))
			waits = true;
		else if (!m->seats[seat].looked || m->seats[seat].held)
			return false;
	}
	return waits;
}

void local_turn(struct model *m, int seat)
{
	struct seat *s = &m->seats[seat];
	struct user *u = &m->users[s->user];

	m->local_turns++;
	for (int other = 0; other < m->user_count; other++)
		if (other != s->user &&
		    is_passed_over(&m->users[other].local.since, user_waits(m, other), &u->local,
				   m->local_turns))
			broken(m, "V14", "user %u waits for an answer while %u gets two",
			       m->users[other].uid, u->uid);
	for (unsigned i = 0; i < m->seated_count; i++) {
		struct seat *waiting = &m->seats[m->seated[i]];

		if (waiting != s && waiting->user == s->user &&
		    is_passed_over(&waiting->local.since, waits_for_local_turn(m, m->seated[i]),
				   &s->local, m->local_turns))
			broken(m, "V14", "session %d waits for an answer while %d gets two",
			       m->seated[i], seat);
	}
	served(&u->local, m->local_turns);
	served(&s->local, m->local_turns);
}

/* --- both ----------------------------------------------------------------------------- */

void lapse_turns(struct model *m)
{
	struct chances chances;

	look(m, &chances);
	for (unsigned i = 0; i < m->seated_count; i++) {
		struct seat *s = &m->seats[m->seated[i]];

		lapse_at_port(&s->port, seat_could(m, &chances, i, true));
		if (!waits_for_local_turn(m, m->seated[i]))
			lapse(&s->local);
	}
	for (int user = 0; user < m->user_count; user++) {
		lapse_at_port(&m->users[user].port, user_could(m, &chances, user, true));
		if (chances.pseudo[user] != MUST)
			lapse(&m->users[user].pseudo);
		if (!user_waits(m, user))
			lapse(&m->users[user].local);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mux's own Sync: V10, V16. */
#include "model_private.h"

#define REPEAT_MS 2000
#define FRESH_MS  1000

static bool is_at_modem(const struct model *m, enum asked asked)
{
	for (int i = m->oldest; i != NOBODY; i = m->flights[i].next)
		if (m->flights[i].asked == asked)
			return true;
	return false;
}

/* The own Sync that has not been sent yet, or NOBODY. */
static int waiting_sync(const struct model *m)
{
	for (int i = 0; i < m->owns_size && m->own_count; i++)
		if (m->owns[i].used && !m->owns[i].out && m->owns[i].purpose == FOR_START)
			return i;
	return NOBODY;
}

static void add_sync(struct model *m)
{
	if (m->stopping || waiting_sync(m) != NOBODY)
		return;
	m->sync_clean = true;
	add_own(m, ASKED_OWN_SYNC, FOR_START, NOBODY, user_of(m, 0), NOBODY);
}

/* A client that is there, or may come with the next frame, would be lost. */
static bool may_sync(const struct model *m)
{
	return m->client_count == 0 && !is_at_modem(m, ASKED_ALLOCATE);
}

void model_start_sync(struct model *m, uint64_t now)
{
	m->now = now;
	add_sync(m);
	m->sync_again_at = now + REPEAT_MS;
	m->sync_gives_up_at = now + MUX_SYNC_PATIENCE;
}

void repeat_sync(struct model *m)
{
	if (m->now < m->sync_again_at)
		return;
	if (m->now >= m->sync_gives_up_at) {
		reached(m, SITUATION_SYNC_NEVER_ANSWERED);
		m->sync_again_at = NO_TIME;
		m->sync_owed = true;
		return;
	}
	if (may_sync(m)) {
		reached(m, SITUATION_SYNC_REPEATED);
		add_sync(m);
	} else {
		reached(m, SITUATION_SYNC_NOT_REPEATED);
	}
	m->sync_again_at = m->now + REPEAT_MS;
	if (m->sync_again_at > m->sync_gives_up_at)
		m->sync_again_at = m->sync_gives_up_at;
}

static void settle_sync(struct model *m)
{
	m->sync_answered = true;
	m->sync_owed = false;
	m->sync_again_at = NO_TIME;
}

void sync_is_answered(struct model *m)
{
	settle_sync(m);
	m->sync_fresh_until = m->now + FRESH_MS;
}

/* Whether a Sync indication belongs to the answer to an own Sync. */
bool sync_is_indicated(const struct model *m)
{
	return m->sync_clean && (m->now < m->sync_fresh_until || is_at_modem(m, ASKED_OWN_SYNC));
}

void sync_has_client(struct model *m)
{
	m->sync_clean = false;
	m->sync_owed = false;
	m->sync_again_at = NO_TIME;
}

void sync_after_restart(struct model *m)
{
	settle_sync(m);
	if (m->config.sync)
		add_sync(m);
}

/* After each frame of the modem's. */
void sync_if_owed(struct model *m)
{
	if (!m->sync_owed || m->stopping || !may_sync(m))
		return;
	reached(m, SITUATION_SYNC_AT_SIGN_OF_LIFE);
	m->sync_owed = false;
	add_sync(m);
}

/* A session's frame, or an own request other than the Sync, is sent. */
void check_sync_is_first(struct model *m, const uint8_t *frame)
{
	int own = waiting_sync(m);
	struct wait wait;
	bool allocates = wire_service(frame) == 0 && wire_message(frame) == 0x0022;

	if (own == NOBODY)
		return;
	if (may_send_own(m, &m->owns[own], &wait) == MUST)
		broken(m, "V10", "the modem gets something else before the mux's own Sync");
	if (!allocates)
		return;
	reached(m, SITUATION_SYNC_CANCELLED);
	own_is_over(m, own, OWN_EXPIRED);
}

void check_sync_is_harmless(struct model *m)
{
	if (m->client_count || is_at_modem(m, ASKED_ALLOCATE))
		broken(m, "V10", "the mux's own Sync takes clients away");
}

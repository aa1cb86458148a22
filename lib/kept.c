/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kept.h"

#include <string.h>

#include "kept_private.h"

uint64_t kept_load(const word *from)
{
	return atomic_load_explicit(from, memory_order_relaxed);
}

/* In the order of the program. */
static void kept_store(word *to, uint64_t value)
{
	atomic_store_explicit(to, value, memory_order_release);
}

/* Not 0. what: what is checked, so that a word is not taken for another one. */
static uint32_t kept_check(unsigned what, uint64_t a, uint64_t b)
{
	uint64_t mix = (a ^ what * UINT64_C(0xD6E8FEB86659FD93)) * UINT64_C(0x9E3779B97F4A7C15);

	mix = (mix ^ mix >> 32 ^ b) * UINT64_C(0xBF58476D1CE4E5B9);
	return (uint32_t)(mix >> 32) | 1;
}

uint64_t kept_checked(unsigned what, uint32_t value, uint64_t beside)
{
	return value | (uint64_t)kept_check(what, value, beside) << 32;
}

bool kept_is_free(const word *valid)
{
	return kept_load(valid) >> 32 == 0;
}

/* --- slots --------------------------------------------------------------------------- */

/* Takes a slot, or KEPT_NOWHERE; words is the first word of the first record. */
static unsigned kept_take(struct kept_slots *slots, word *words, size_t stride, unsigned count)
{
	unsigned slot = slots->free;

	if (slot == KEPT_NOWHERE)
		return slots->used < count ? ++slots->used : KEPT_NOWHERE;
	slots->free = (unsigned)kept_load(&words[(slot - 1) * stride]);
	return slot;
}

static void kept_give(struct kept_slots *slots, word *valid, unsigned slot)
{
	kept_store(valid, slots->free);
	slots->free = slot;
}

/* The lowest free slots are used first, which touches the fewest pages. */
static void kept_find_free(struct kept_slots *slots, word *words, size_t stride, unsigned count)
{
	*slots = (struct kept_slots){0};
	for (unsigned slot = count; slot > 0; slot--) {
		word *valid = &words[(slot - 1) * stride];

		if (!kept_is_free(valid) && slots->used == 0)
			slots->used = slot;
		else if (kept_is_free(valid) && slots->used > 0)
			kept_give(slots, valid, slot);
	}
}

#define KEPT_STRIDE(record) (sizeof(record) / sizeof(word))

static unsigned kept_take_client(struct kept *kept)
{
	struct kept_area *area = kept->area;

	return kept_take(&kept->clients, &area->clients[0].valid, KEPT_STRIDE(area->clients[0]),
			 KEPT_CLIENTS);
}

static unsigned kept_take_session(struct kept *kept)
{
	struct kept_area *area = kept->area;

	return kept_take(&kept->sessions, &area->sessions[0].valid, KEPT_STRIDE(area->sessions[0]),
			 KEPT_SESSIONS);
}

/* --- keeping ------------------------------------------------------------------------- */

static bool kept_is_on(const struct kept *kept)
{
	return kept && kept->area;
}

size_t kept_size(void)
{
	return sizeof(struct kept_area);
}

uint64_t kept_header(void)
{
	return kept_checked(KEPT_HEADER, MAGIC, VERSION << 24 | sizeof(struct kept_area));
}

void kept_begin(struct kept *kept, void *area, unsigned proxy)
{
	*kept = (struct kept){.area = area, .proxy = proxy};
	kept_store(&kept->area->header, 0);
	memset(area, 0, sizeof(*kept->area));
	kept_store(&kept->area->header, kept_header());
}

void kept_end(struct kept *kept)
{
	kept->area = NULL;
}

uint64_t kept_id_word(unsigned what, uint64_t id, uint64_t user)
{
	return id | (uint64_t)(uint16_t)(kept_check(what, id, user) >> 16 | 1) << 48;
}

void kept_set_seen(struct kept *kept, uint64_t id)
{
	if (kept_is_on(kept))
		kept_store(&kept->area->seen, kept_id_word(KEPT_SEEN, id & ID_MAX, 0));
}

uint64_t kept_seen(const struct kept *kept)
{
	return kept_load(&kept->area->seen) & ID_MAX;
}

static unsigned kept_node(const struct kept *kept, unsigned node)
{
	return node == kept->proxy ? KEPT_PROXY : node;
}

unsigned kept_add_client(struct kept *kept, const struct kept_client *client)
{
	unsigned slot = kept_is_on(kept) ? kept_take_client(kept) : KEPT_NOWHERE;
	uint32_t numbers =
		client->service | (uint32_t)client->cid << 8 | (uint32_t)client->device_cid << 16;

	if (slot == KEPT_NOWHERE)
		return slot;
	numbers |= kept_node(kept, client->node) << 24;
	kept_store(&kept->area->clients[slot - 1].uid, client->uid);
	kept_store(&kept->area->clients[slot - 1].valid,
		   kept_checked(KEPT_CLIENT + slot, numbers, client->uid));
	return slot;
}

void kept_remove_client(struct kept *kept, unsigned client)
{
	if (!kept_is_on(kept) || client == KEPT_NOWHERE)
		return;
	kept_give(&kept->clients, &kept->area->clients[client - 1].valid, client);
	for (unsigned family = 0; family < CALLS_FAMILIES; family++)
		kept_store(&kept->area->clients[client - 1].calls[family], 0);
}

void kept_set_call(struct kept *kept, unsigned client, unsigned family, bool up, uint32_t handle)
{
	word *call;
	uint64_t value = 0;

	if (!kept_is_on(kept) || client == KEPT_NOWHERE)
		return;
	call = &kept->area->clients[client - 1].calls[family];
	if (up)
		value = kept_checked(KEPT_CALL + (family << 16) + client, handle,
				     kept_load(&kept->area->clients[client - 1].valid));
	if (kept_load(call) != value)
		kept_store(call, value);
}

unsigned kept_add_session(struct kept *kept, const struct kept_session *session)
{
	unsigned slot = kept_is_on(kept) ? kept_take_session(kept) : KEPT_NOWHERE;
	uint64_t id = session->id | (session->reads ? READS : 0);
	uint64_t user = session->uid;

	if (slot == KEPT_NOWHERE)
		return slot;
	user |= (uint64_t)kept_node(kept, session->node) << 32;
	kept_store(&kept->area->sessions[slot - 1].user, user);
	kept_store(&kept->area->sessions[slot - 1].valid,
		   kept_id_word(KEPT_SESSION + slot, id, user));
	return slot;
}

void kept_set_reads(struct kept *kept, unsigned session, bool reads)
{
	word *valid;
	uint64_t id;

	if (!kept_is_on(kept) || session == KEPT_NOWHERE)
		return;
	valid = &kept->area->sessions[session - 1].valid;
	id = kept_load(valid);
	if (!(id & READS) == !reads)
		return;
	kept_store(valid, kept_id_word(KEPT_SESSION + session, (id & ID_MAX) | (reads ? READS : 0),
				       kept_load(&kept->area->sessions[session - 1].user)));
}

void kept_remove_session(struct kept *kept, unsigned session)
{
	if (kept_is_on(kept) && session != KEPT_NOWHERE)
		kept_give(&kept->sessions, &kept->area->sessions[session - 1].valid, session);
}

/* Of whom a holder's word speaks: of no later client or session in the same slots. */
uint64_t kept_pair(const struct kept *kept, unsigned session, unsigned client)
{
	return (kept_load(&kept->area->sessions[session - 1].valid) & ID_MAX) ^
	       kept_load(&kept->area->clients[client - 1].valid);
}

/* Half of the check is of the word alone, for when one of the two is gone. */
uint64_t kept_holder_word(unsigned slot, uint32_t slots, uint64_t pair)
{
	uint64_t alone = kept_check(KEPT_HOLDER + slot, slots, 0) >> 16 | 1;

	return slots | alone << 48 |
	       (uint64_t)(kept_check(KEPT_HOLDER + slot, slots, pair) >> 16) << 32;
}

unsigned kept_add_holder(struct kept *kept, unsigned session, unsigned client)
{
	unsigned slot;

	if (!kept_is_on(kept) || session == KEPT_NOWHERE || client == KEPT_NOWHERE)
		return KEPT_NOWHERE;
	slot = kept_take(&kept->holders, kept->area->holders, 1, KEPT_HOLDERS);
	if (slot != KEPT_NOWHERE)
		kept_store(&kept->area->holders[slot - 1],
			   kept_holder_word(slot, client | session << 16,
					    kept_pair(kept, session, client)));
	return slot;
}

void kept_remove_holder(struct kept *kept, unsigned holder)
{
	if (kept_is_on(kept) && holder != KEPT_NOWHERE)
		kept_give(&kept->holders, &kept->area->holders[holder - 1], holder);
}

void kept_set_request(struct kept *kept, uint8_t tid, const struct kept_request *request)
{
	uint64_t value = 0;

	if (!kept_is_on(kept))
		return;
	if (request) {
		value = kept_checked(KEPT_REQUEST + tid,
				     request->message | (uint32_t)request->service << 16 |
					     (uint32_t)request->device_cid << 24,
				     0);
		kept_store(&kept->area->last_tid, kept_checked(KEPT_LAST_TID, tid, 0));
	}
	kept_store(&kept->area->requests[tid], value);
}

void kept_set_leaving(struct kept *kept, uint8_t service, uint8_t device_cid, bool leaving)
{
	uint32_t bit = UINT32_C(1) << device_cid % 32;
	unsigned what = KEPT_LEAVING + service * 8U + device_cid / 32U;
	word *row;
	uint32_t cids;

	if (!kept_is_on(kept))
		return;
	row = &kept->area->leaving[service][device_cid / 32];
	cids = (uint32_t)kept_load(row);
	if (!(cids & bit) == !leaving)
		return;
	cids ^= bit;
	kept_store(row, cids ? kept_checked(what, cids, 0) : 0);
}

void kept_clear_leaving(struct kept *kept)
{
	if (!kept_is_on(kept))
		return;
	for (unsigned i = 0; i < 256 * 8; i++) {
		/* A page that was never touched need not be. */
		if (kept_load(&kept->area->leaving[i / 8][i % 8]))
			kept_store(&kept->area->leaving[i / 8][i % 8], 0);
	}
}

/* --- after a crash ------------------------------------------------------------------- */

bool kept_client(const struct kept *kept, unsigned slot, struct kept_client *client)
{
	uint64_t numbers = kept_load(&kept->area->clients[slot - 1].valid);
	unsigned node = numbers >> 24 & 0xFF;

	if (kept_is_free(&kept->area->clients[slot - 1].valid))
		return false;
	*client = (struct kept_client){
		.service = (uint8_t)numbers,
		.cid = (uint8_t)(numbers >> 8),
		.device_cid = (uint8_t)(numbers >> 16),
		.node = node == KEPT_PROXY ? kept->proxy : node,
		.uid = (uint32_t)kept_load(&kept->area->clients[slot - 1].uid),
	};
	return true;
}

bool kept_session(const struct kept *kept, unsigned slot, struct kept_session *session)
{
	uint64_t valid = kept_load(&kept->area->sessions[slot - 1].valid);
	uint64_t user = kept_load(&kept->area->sessions[slot - 1].user);
	unsigned node = user >> 32 & 0xFF;

	if (kept_is_free(&kept->area->sessions[slot - 1].valid))
		return false;
	*session = (struct kept_session){
		.id = valid & ID_MAX,
		.node = node == KEPT_PROXY ? kept->proxy : node,
		.uid = (uint32_t)user,
		.reads = valid & READS,
	};
	return true;
}

bool kept_holder(const struct kept *kept, unsigned slot, unsigned *session, unsigned *client)
{
	uint64_t holder = kept_load(&kept->area->holders[slot - 1]);

	*client = holder & 0xFFFF;
	*session = holder >> 16 & 0xFFFF;
	return !kept_is_free(&kept->area->holders[slot - 1]);
}

bool kept_call(const struct kept *kept, unsigned client, unsigned family, uint32_t *handle)
{
	uint64_t call = kept_load(&kept->area->clients[client - 1].calls[family]);

	*handle = (uint32_t)call;
	return call != 0;
}

bool kept_request(const struct kept *kept, uint8_t tid, struct kept_request *request)
{
	uint64_t value = kept_load(&kept->area->requests[tid]);

	*request = (struct kept_request){.message = (uint16_t)value,
					 .service = (uint8_t)(value >> 16),
					 .device_cid = (uint8_t)(value >> 24)};
	return value != 0;
}

bool kept_is_leaving(const struct kept *kept, uint8_t service, uint8_t device_cid)
{
	return kept_load(&kept->area->leaving[service][device_cid / 32]) >> device_cid % 32 & 1;
}

uint8_t kept_last_tid(const struct kept *kept)
{
	return (uint8_t)kept_load(&kept->area->last_tid);
}

unsigned kept_nodes(void *area, bool *proxy)
{
	const struct kept kept = {.area = area, .proxy = KEPT_PROXY};
	struct kept_session session;
	struct kept_client client;
	unsigned nodes = 0;

	*proxy = false;
	for (unsigned slot = 1; slot <= KEPT_CLIENTS; slot++) {
		if (!kept_client(&kept, slot, &client))
			continue;
		*proxy = *proxy || client.node == KEPT_PROXY;
		if (client.node != KEPT_PROXY && client.node >= nodes)
			nodes = client.node + 1;
	}
	for (unsigned slot = 1; slot <= KEPT_SESSIONS; slot++) {
		if (!kept_session(&kept, slot, &session))
			continue;
		*proxy = *proxy || session.node == KEPT_PROXY;
		if (session.node != KEPT_PROXY && session.node >= nodes)
			nodes = session.node + 1;
	}
	return nodes;
}

/* A holder is void once its client or its session is gone. */
bool kept_holder_is_void(const struct kept *kept, unsigned slot)
{
	unsigned session;
	unsigned client;

	if (!kept_holder(kept, slot, &session, &client))
		return false;
	return client - 1 < KEPT_CLIENTS && session - 1 < KEPT_SESSIONS &&
	       (kept_is_free(&kept->area->clients[client - 1].valid) ||
		kept_is_free(&kept->area->sessions[session - 1].valid));
}

static void kept_clear_void(struct kept *kept)
{
	struct kept_area *area = kept->area;

	for (unsigned slot = 1; slot <= KEPT_HOLDERS; slot++) {
		if (kept_holder_is_void(kept, slot))
			kept_store(&area->holders[slot - 1], 0);
	}
	for (unsigned slot = 1; slot <= KEPT_CLIENTS; slot++) {
		if (!kept_is_free(&area->clients[slot - 1].valid))
			continue;
		for (unsigned family = 0; family < CALLS_FAMILIES; family++) {
			if (kept_load(&area->clients[slot - 1].calls[family]))
				kept_store(&area->clients[slot - 1].calls[family], 0);
		}
	}
}

void kept_resume(struct kept *kept, void *area, unsigned proxy)
{
	*kept = (struct kept){.area = area, .proxy = proxy};
	kept_clear_void(kept);
	kept_find_free(&kept->clients, &kept->area->clients[0].valid,
		       KEPT_STRIDE(kept->area->clients[0]), KEPT_CLIENTS);
	kept_find_free(&kept->sessions, &kept->area->sessions[0].valid,
		       KEPT_STRIDE(kept->area->sessions[0]), KEPT_SESSIONS);
	kept_find_free(&kept->holders, kept->area->holders, 1, KEPT_HOLDERS);
}

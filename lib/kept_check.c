/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kept_private.h"
#include "qmi.h"

static bool kept_is_checked(unsigned what, uint64_t stored, uint64_t beside)
{
	return stored == kept_checked(what, (uint32_t)stored, beside);
}

static bool kept_node_is_right(uint64_t node)
{
	return node < KEPT_NODES || node == KEPT_PROXY;
}

static bool kept_client_is_right(const struct kept_area *area, unsigned slot)
{
	uint64_t valid = kept_load(&area->clients[slot - 1].valid);
	unsigned cid = valid >> 8 & 0xFF;
	unsigned device_cid = valid >> 16 & 0xFF;
	unsigned node = valid >> 24 & 0xFF;

	if (kept_is_free(&area->clients[slot - 1].valid))
		return true;
	for (unsigned family = 0; family < CALLS_FAMILIES; family++) {
		uint64_t call = kept_load(&area->clients[slot - 1].calls[family]);

		if (call != 0 && !kept_is_checked(KEPT_CALL + (family << 16) + slot, call, valid))
			return false;
	}
	return kept_is_checked(KEPT_CLIENT + slot, valid,
			       kept_load(&area->clients[slot - 1].uid)) &&
	       cid != QMI_CID_NONE && cid <= QMI_CID_MAX && device_cid != QMI_CID_NONE &&
	       device_cid <= QMI_CID_MAX && kept_node_is_right(node);
}

static bool kept_session_is_right(const struct kept_area *area, unsigned slot)
{
	uint64_t valid = kept_load(&area->sessions[slot - 1].valid);
	uint64_t id = valid & (ID_MAX | READS);
	uint64_t seen = kept_load(&area->seen) & ID_MAX;

	if (kept_is_free(&area->sessions[slot - 1].valid))
		return true;
	return valid == kept_id_word(KEPT_SESSION + slot, id,
				     kept_load(&area->sessions[slot - 1].user)) &&
	       (id & ID_MAX) > 0 && (id & ID_MAX) <= seen &&
	       kept_node_is_right(kept_load(&area->sessions[slot - 1].user) >> 32);
}

static bool kept_holder_is_right(const struct kept *kept, unsigned slot)
{
	unsigned session;
	unsigned client;

	uint64_t holder = kept_load(&kept->area->holders[slot - 1]);
	uint64_t pair;

	if (!kept_holder(kept, slot, &session, &client))
		return true;
	if (client - 1 >= KEPT_CLIENTS || session - 1 >= KEPT_SESSIONS)
		return false;
	pair = kept_pair(kept, session, client);
	return (kept_holder_word(slot, (uint32_t)holder, pair) ^ holder) >>
		       (kept_holder_is_void(kept, slot) ? 48 : 32) ==
	       0;
}

static bool kept_is_right(unsigned what, const word *stored)
{
	uint64_t value = kept_load(stored);

	return value == 0 || kept_is_checked(what, value, 0);
}

static bool kept_records_are_right(const struct kept *kept)
{
	const struct kept_area *area = kept->area;
	uint64_t seen = kept_load(&area->seen);
	bool right = kept_is_right(KEPT_LAST_TID, &area->last_tid) &&
		     (seen == 0 || seen == kept_id_word(KEPT_SEEN, seen & ID_MAX, 0));

	for (unsigned slot = 1; right && slot <= KEPT_CLIENTS; slot++)
		right = kept_client_is_right(area, slot);
	for (unsigned slot = 1; right && slot <= KEPT_SESSIONS; slot++)
		right = kept_session_is_right(area, slot);
	for (unsigned slot = 1; right && slot <= KEPT_HOLDERS; slot++)
		right = kept_holder_is_right(kept, slot);
	for (unsigned tid = 0; right && tid < 256; tid++)
		right = kept_is_right(KEPT_REQUEST + tid, &area->requests[tid]);
	for (unsigned i = 0; right && i < 256 * 8; i++)
		right = kept_is_right(KEPT_LEAVING + i, &area->leaving[i / 8][i % 8]);
	return right;
}

const char *kept_fault(void *area)
{
	struct kept kept = {.area = area};

	if (kept_load(&kept.area->header) != kept_header())
		return "not of this version";
	return kept_records_are_right(&kept) ? NULL : "damaged";
}

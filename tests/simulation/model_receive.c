/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the modem: V19, and its responses: V2, V6, V9, V15, V28. */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

const uint8_t *client_of(const uint8_t *frame)
{
	size_t len;
	size_t at = wire_tlv(frame, 0x01, &len);

	return at && len >= 2 ? frame + at : NULL;
}

/* Passes on the modem's frame with the session's CID and tid. */
static void pass_on(struct model *m, const struct flight *f, const uint8_t *frame)
{
	struct frame *answer = frame_of(frame, wire_size(frame));

	wire_put_tid(answer->bytes, wire_tid(f->frame->bytes));
	if (f->service != 0)
		wire_put_cid(answer->bytes, wire_cid(f->frame->bytes));
	reached(m, SITUATION_ANSWERED);
	owe(m, f->seat, FROM_MODEM, "V6", answer->bytes, answer->size);
	free(answer);
}

static void drop_response(struct model *m, enum situation situation)
{
	m->counters.dropped_responses++;
	reached(m, situation);
}

/* Reset does, and Stop Network also without effect. */
static bool ends_call(uint16_t message, uint16_t error)
{
	return (message == 0x0000 && error == 0) ||
	       (message == 0x0021 && (error == 0 || error == 26));
}

/* Notes a data call that starts or ends with this response: V9. */
static void note_call(struct model *m, const uint8_t *frame)
{
	int client = client_by_device_cid(m, wire_service(frame), wire_cid(frame));

	if (wire_service(frame) != 1 || client == NOBODY)
		return;
	if (wire_message(frame) == 0x0020 && wire_error(frame) == 0) {
		m->clients[client].call = true;
	} else if (ends_call(wire_message(frame), wire_error(frame))) {
		m->clients[client].call = false;
	}
}

/* True if the response allocates a client of this service. */
static bool is_allocated(const uint8_t *frame, uint8_t wanted)
{
	const uint8_t *value = client_of(frame);

	return wire_error(frame) == 0 && value && value[0] == wanted && value[1] != 0 &&
	       value[1] != 0xFF;
}

/* From now on the mux must make sure that the client is released one day. */
static void hear_of_client(struct model *m, const uint8_t *frame)
{
	m->heard_of[client_of(frame)[0]][client_of(frame)[1]] = true;
}

static void give_client(struct model *m, const struct flight *f, const uint8_t *frame,
			uint8_t device_cid)
{
	struct seat *s = &m->seats[f->seat];
	uint8_t service = client_of(frame)[0];
	struct frame *answer;
	int old = client_by_device_cid(m, service, device_cid);
	int client;

	if (old != NOBODY) {
		reached(m, SITUATION_DUPLICATE_CID);
		forget_client(m, old);
	}
	client = add_client(m, s->node, service, device_cid, f->seat);
	sync_has_client(m);
	answer = frame_of(frame, wire_size(frame));
	answer->bytes[client_of(frame) - frame + 1] = m->clients[client].cid;
	pass_on(m, f, answer->bytes);
	free(answer);
}

static unsigned limit_of(unsigned all)
{
	return all < 4 ? 1 : all < 2 * CLIENTS_MAX ? all / 2 : CLIENTS_MAX;
}

/* V28: the modem has told how many there can be. */
static void note_exhaustion(struct model *m, uint8_t service)
{
	unsigned all = m->of_service[service];

	m->limit[service] = limit_of(all + count_leaving(m, service, false));
	m->sure_limit[service] = limit_of(all + count_leaving(m, service, true));
}

/* V9, V28: returns whether a client is given up for this Allocate CID. */
static bool give_up_client(struct model *m, int flight, uint8_t service)
{
	int user = m->flights[flight].user;
	int client = orphan_to_reclaim(m, user, service, ANY_NODE, false);

	note_exhaustion(m, service);
	if (client != NOBODY) {
		reclaim(m, client, flight);
		return true;
	}
	client = client_to_revoke(m, user, service);
	if (client != NOBODY) {
		revoke(m, client, flight);
		return true;
	}
	reached(m, SITUATION_NOTHING_TO_RECLAIM);
	return false;
}

/* V9: the same once for other words, but only an orphan. */
static bool give_up_orphan(struct model *m, int flight, uint8_t service)
{
	const struct flight *f = &m->flights[flight];
	int client = f->again ? NOBODY : orphan_to_reclaim(m, f->user, service, ANY_NODE, false);

	if (client == NOBODY)
		return false;
	reached(m, SITUATION_RECLAIMED_IN_OTHER_WORDS);
	reclaim(m, client, flight);
	return true;
}

/* Returns false if the Allocate CID has not ended yet. */
static bool answer_allocate(struct model *m, int flight, const uint8_t *frame)
{
	struct flight *f = &m->flights[flight];
	size_t len;
	uint8_t wanted = f->frame->bytes[wire_tlv(f->frame->bytes, 0x01, &len)];
	uint16_t error = wire_error(frame);

	if (is_allocated(frame, wanted))
		hear_of_client(m, frame);
	if (!seat_is_open(f->seat) || m->stopping) {
		drop_response(m, SITUATION_CLOSED_RESPONSE);
		if (is_allocated(frame, wanted)) {
			reached(m, SITUATION_CLOSED_ALLOCATE);
			release_unknown(m, f->user, wanted, client_of(frame)[1]);
		}
	} else if (is_allocated(frame, wanted)) {
		give_client(m, f, frame, client_of(frame)[1]);
	} else if (error == 0) {
		/* Success without a valid client counts as a failure. */
		m->counters.dropped_responses++;
		owe_error(m, f->seat, f->frame, 3, "V2");
	} else {
		if (error == 5 && give_up_client(m, flight, wanted))
			return false;
		if ((error == 2 || error == 3) && give_up_orphan(m, flight, wanted))
			return false;
		pass_on(m, f, frame);
	}
	return true;
}

static void answer_release(struct model *m, const struct flight *f, const uint8_t *frame)
{
	struct frame *answer = frame_of(frame, wire_size(frame));
	const uint8_t *value = client_of(frame);
	const uint8_t *asked = client_of(f->frame->bytes);
	uint16_t error = wire_error(frame);

	if (value)
		memcpy(answer->bytes + (value - frame), asked, 2);
	if (f->client != NOBODY && (error == 0 || error == 7)) {
		forget_client(m, f->client);
	} else if (f->client != NOBODY) {
		reached(m, SITUATION_RELEASE_REFUSED);
		m->clients[f->client].releasing = false;
		release_if_stopping(m, f->client);
	}
	if (seat_is_open(f->seat))
		pass_on(m, f, answer->bytes);
	else
		drop_response(m, SITUATION_CLOSED_RESPONSE);
	free(answer);
}

/* The core may have matched this answer to the next similar request, if any: then returns true. */
static bool forget_either(struct model *m, int late)
{
	struct late l = m->late[late];
	bool open = may_be_gone(m, &l);
	int other;

	forget_late(m, late);
	other = find_late(m, l.service, l.device_cid, l.device_tid, l.message);
	if (open && other != NOBODY)
		m->late[other].doubtful = true;
	return other != NOBODY;
}

/* V15: its client was forgotten, and is still there. */
static void late_refusal(struct model *m, const struct late *l)
{
	int own = release_unknown(m, l->user, l->subject[0], l->subject[1]);

	reached(m, SITUATION_LATE_REFUSAL);
	m->owns[own].unsure = may_be_gone(m, l);
	if (l->owner != l->user)
		m->owns[own].where = WHERE_OF_ANY;
}

/* True if the core dropped this frame: as a late answer, or as one for a closed session. */
static bool was_dropped(const struct seen *seen, const uint8_t *frame, bool late)
{
	return seen->path == MUX_DROPPED && seen->late == late &&
	       seen->frame->size == wire_size(frame) &&
	       memcmp(seen->frame->bytes, frame, wire_size(frame)) == 0;
}

/* If not, the core had forgotten the request. */
static bool was_dropped_as_late(const struct model *m, const uint8_t *frame)
{
	for (unsigned i = 0; i < m->seen_count; i++)
		if (was_dropped(&m->seen[i], frame, true))
			return true;
	return false;
}

/* If so, the core still knew the request, and will release the client. */
static bool was_dropped_as_unclaimed(const struct model *m, const uint8_t *frame)
{
	for (unsigned i = 0; i < m->seen_count; i++)
		if (m->seen[i].unclaimed && was_dropped(&m->seen[i], frame, false))
			return true;
	return false;
}

static void late_response(struct model *m, int late, const uint8_t *frame)
{
	struct late l = m->late[late];
	bool another = forget_either(m, late);

	drop_response(m, SITUATION_LATE_ANSWER);
	if (l.asked == ASKED_OWN_SYNC && was_dropped_as_late(m, frame))
		sync_is_answered(m);
	if (l.asked == ASKED_ALLOCATE && is_allocated(frame, l.subject[0])) {
		int own = release_unknown(m, l.user, l.subject[0], client_of(frame)[1]);

		reached(m, SITUATION_LATE_ALLOCATE);
		m->owns[own].unsure =
			may_be_gone(m, &l) && (another || !was_dropped_as_unclaimed(m, frame));
		if (!m->owns[own].unsure)
			hear_of_client(m, frame);
	}
	if (l.asked == ASKED_RELEASE && wire_error(frame) != 0 && wire_error(frame) != 7 &&
	    client_by_device_cid(m, l.subject[0], l.subject[1]) == NOBODY)
		late_refusal(m, &l);
}

/* True if the core gave it to the requester as the answer to this request. */
static bool was_given_to(const struct model *m, const struct flight *f, const struct seen *seen,
			 const uint8_t *frame)
{
	return seen->path == MUX_TO_APP && seen->handle == m->seats[f->seat].handle &&
	       wire_tid(seen->frame->bytes) == wire_tid(f->frame->bytes) &&
	       wire_message(seen->frame->bytes) == wire_message(frame) &&
	       wire_kind(seen->frame->bytes) == WIRE_RESPONSE;
}

/* True if the core took this frame as the answer to this request. */
static bool was_taken_for(const struct model *m, int flight, const uint8_t *frame)
{
	const struct flight *f = &m->flights[flight];

	for (unsigned i = 0; i < m->seen_count; i++)
		if (seat_is_open(f->seat) ? was_given_to(m, f, &m->seen[i], frame)
					  : was_dropped(&m->seen[i], frame, false))
			return true;
	return false;
}

static void response(struct model *m, const uint8_t *frame)
{
	uint16_t tid = wire_tid(frame);
	uint8_t cid = wire_service(frame) == 0 ? 0 : wire_cid(frame);
	int late = find_late(m, wire_service(frame), cid, tid, wire_message(frame));
	int flight = find_flight(m, frame);
	struct flight *f;

	note_call(m, frame);
	/* The older request is answered first, unless the core has forgotten it. */
	if (late != NOBODY && flight != NOBODY && may_be_gone(m, &m->late[late]) &&
	    was_taken_for(m, flight, frame)) {
		forget_late(m, late);
		late = NOBODY;
	}
	if (late != NOBODY) {
		late_response(m, late, frame);
		return;
	}
	if (flight == NOBODY) {
		m->counters.dropped_responses++;
		return;
	}
	f = &m->flights[flight];
	flight_not_out(m, flight);
	if (f->asked == ASKED_ALLOCATE) {
		if (!answer_allocate(m, flight, frame))
			return;
	} else if (f->asked == ASKED_RELEASE) {
		answer_release(m, f, frame);
	} else if (f->asked == ASKED_PLAIN) {
		if (seat_is_open(f->seat))
			pass_on(m, f, frame);
		else
			drop_response(m, SITUATION_CLOSED_RESPONSE);
	} else {
		if (f->asked == ASKED_OWN_SYNC)
			sync_is_answered(m);
		own_is_over(m, f->own, OWN_ANSWERED);
	}
	drop_flight(m, flight);
}

/* --- the stream from the modem ------------------------------------------------------ */

static void one_frame(struct model *m, const uint8_t *frame)
{
	m->heard++;
	if (wire_kind(frame) == WIRE_RESPONSE) {
		response(m, frame);
		release_overdue(m);
	} else if (wire_service(frame) == 0) {
		ctl_indication(m, frame);
	} else if (wire_cid(frame) == 0xFF) {
		broadcast(m, frame);
	} else {
		unicast(m, frame);
	}
	sync_if_owed(m);
}

/*
 * Handles all complete frames. known: bytes that are no news; skip, stale: bytes at
 * the front that are garbage, and that cannot be the first of a partial frame.
 */
static void take_input(struct model *m, size_t known, size_t skip, size_t stale)
{
	size_t at = skip;
	size_t size = 0;
	unsigned found = WIRE_WHOLE;

	m->counters.garbage += skip;
	while (at < m->input_size && found != WIRE_PARTIAL) {
		found = wire_scan_modem(m->input + at, m->input_size - at, &size);
		if (found == WIRE_PARTIAL && at < stale)
			found = WIRE_BAD;
		if (found == WIRE_BAD) {
			m->counters.garbage++;
			reached(m, SITUATION_MODEM_GARBAGE);
			at++;
		} else if (found == WIRE_WHOLE) {
			struct frame *frame = frame_of(m->input + at, size);

			one_frame(m, frame->bytes);
			free(frame);
			at += size;
		}
	}
	m->input_size -= at;
	memmove(m->input, m->input + at, m->input_size);
	if (at >= known) {
		m->input_since = m->now;
		m->input_old = m->input_size;
	} else {
		m->input_old -= at < m->input_old ? at : m->input_old;
	}
}

void model_received(struct model *m, const uint8_t *data, size_t size, uint64_t now)
{
	m->now = now;
	while (size && !m->unplugged) {
		size_t part = size < WIRE_MAX ? size : WIRE_MAX;

		memcpy(m->input + m->input_size, data, part);
		m->input_size += part;
		take_input(m, m->input_size - part, 0, 0);
		data += part;
		size -= part;
	}
}

void expire_input(struct model *m, uint64_t now)
{
	if (!m->input_size || now < m->input_since + PARTIAL_WAIT_MS)
		return;
	reached(m, SITUATION_MODEM_PARTIAL_LOST);
	take_input(m, 0, 1, m->input_old);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "modem.h"

struct request {
	struct request *next;
	uint8_t bytes[];
};

enum life {
	DEAD,
	ALIVE,
	EXCUSED, /* alive, but the mux need not know it */
};

struct modem {
	unsigned limit;
	uint8_t first;
	unsigned pending;
	struct request *requests;
	struct request **last;
	uint16_t count[256];
	uint8_t life[256][256];
	uint16_t serial;
};

struct modem *modem_create(unsigned limit, uint8_t first)
{
	struct modem *modem = calloc(1, sizeof(*modem));

	if (!modem)
		abort();
	modem->limit = limit;
	modem->first = first;
	modem->last = &modem->requests;
	return modem;
}

static void drop_requests(struct modem *modem)
{
	while (modem->requests) {
		struct request *request = modem->requests;

		modem->requests = request->next;
		free(request);
	}
	modem->last = &modem->requests;
	modem->pending = 0;
}

void modem_destroy(struct modem *modem)
{
	drop_requests(modem);
	free(modem);
}

void modem_take(struct modem *modem, const uint8_t *bytes, size_t size)
{
	struct request *request = malloc(sizeof(*request) + size);

	if (!request)
		abort();
	request->next = NULL;
	memcpy(request->bytes, bytes, size);
	*modem->last = request;
	modem->last = &request->next;
	modem->pending++;
}

unsigned modem_pending(const struct modem *modem)
{
	return modem->pending;
}

static struct request **find(struct modem *modem, unsigned n)
{
	struct request **at = &modem->requests;

	for (n %= modem->pending; n; n--)
		at = &(*at)->next;
	return at;
}

static void drop(struct modem *modem, struct request **at)
{
	struct request *request = *at;

	*at = request->next;
	if (!*at)
		modem->last = at;
	modem->pending--;
	free(request);
}

static void set_life(struct modem *modem, uint8_t service, uint8_t cid, enum life life)
{
	modem->count[service] = (uint16_t)(modem->count[service] + (life != DEAD) -
					   (modem->life[service][cid] != DEAD));
	modem->life[service][cid] = (uint8_t)life;
}

void modem_forget(struct modem *modem, uint8_t service, uint8_t cid)
{
	set_life(modem, service, cid, DEAD);
}

void modem_excuse(struct modem *modem, uint8_t service, uint8_t cid)
{
	if (modem->life[service][cid] == ALIVE)
		modem->life[service][cid] = EXCUSED;
}

void modem_excuse_all(struct modem *modem)
{
	for (unsigned service = 0; service < 256; service++)
		for (unsigned cid = 1; modem->count[service] && cid < 255; cid++)
			modem_excuse(modem, (uint8_t)service, (uint8_t)cid);
}

static void forget_all(struct modem *modem)
{
	memset(modem->life, 0, sizeof(modem->life));
	memset(modem->count, 0, sizeof(modem->count));
}

void modem_restart(struct modem *modem, bool remembers)
{
	if (remembers) {
		modem_excuse_all(modem);
		return;
	}
	drop_requests(modem);
	forget_all(modem);
}

/* Allocates a client and returns its CID, or 0 at the limit. */
static uint8_t allocate(struct modem *modem, uint8_t service)
{
	if (modem->count[service] >= modem->limit)
		return 0;
	for (unsigned i = 0; i < 254; i++) {
		uint8_t cid = (uint8_t)((modem->first - 1U + i) % 254 + 1);

		if (modem->life[service][cid] == DEAD) {
			set_life(modem, service, cid, ALIVE);
			return cid;
		}
	}
	return 0;
}

/* Performs the request. Returns the error; value, of *len bytes, goes into the answer. */
static uint16_t perform(struct modem *modem, const uint8_t *request, uint8_t value[2], size_t *len)
{
	size_t tlv_len = 0;
	size_t at = wire_tlv(request, 0x01, &tlv_len);

	*len = 0;
	if (wire_service(request) == 0 && wire_message(request) == 0x0027)
		forget_all(modem);
	if (wire_service(request) != 0 || !at)
		return 0;
	memcpy(value, request + at, tlv_len < 2 ? tlv_len : 2);
	if (wire_message(request) == 0x0022) {
		value[1] = allocate(modem, value[0]);
		*len = value[1] ? 2 : 0;
		return value[1] ? 0 : 5;
	}
	if (wire_message(request) == 0x0023 && tlv_len == 2) {
		*len = 2;
		if (modem->life[value[0]][value[1]] == DEAD)
			return 7;
		set_life(modem, value[0], value[1], DEAD);
	}
	return 0;
}

static bool is_about_client(const uint8_t *request, uint16_t message)
{
	return wire_service(request) == 0 && wire_message(request) == message;
}

/* Excuses a client whose release went wrong. */
static void excuse_subject(struct modem *modem, const uint8_t *request)
{
	size_t len;
	size_t at = wire_tlv(request, 0x01, &len);

	if (is_about_client(request, 0x0023) && at && len == 2)
		modem_excuse(modem, request[at], request[at + 1]);
}

static void add_result(const struct modem_answer *how, uint8_t *frame, uint16_t error)
{
	if (how->shape == SHAPE_FAILURE_0)
		wire_add(frame, 0x02, (uint8_t[]){1, 0, 0, 0}, 4);
	else if (how->shape != SHAPE_WITHOUT_RESULT)
		wire_add_result(frame, error);
}

static void build(struct modem *modem, const uint8_t *request, const struct modem_answer *how,
		  uint8_t *frame)
{
	static const uint8_t payload[UINT16_MAX];
	uint8_t value[2] = {0, 0};
	size_t len = 0;
	uint16_t error = how->error ? how->error : perform(modem, request, value, &len);
	bool unheard = how->wrong_tid || how->wrong_message || how->without_tlv ||
		       how->odd_client || how->shape == SHAPE_WITHOUT_RESULT ||
		       how->shape == SHAPE_FAILURE_0 || how->shape == SHAPE_OTHER_SERVICE;

	if (len && is_about_client(request, 0x0022) && unheard)
		modem_excuse(modem, value[0], value[1]);
	if (how->error)
		excuse_subject(modem, request);
	if (how->odd_client)
		value[1] = (uint8_t)(how->payload % 4 == 0 ? 0 : how->payload % 4 == 1 ? 255 : 1);
	if (how->shape == SHAPE_OTHER_SERVICE && is_about_client(request, 0x0022))
		value[0] ^= 1;
	wire_begin(frame, WIRE_RESPONSE, wire_service(request),
		   (uint8_t)(wire_cid(request) ^ how->wrong_cid),
		   (uint16_t)(wire_tid(request) ^ how->wrong_tid),
		   (uint16_t)(wire_message(request) ^ how->wrong_message));
	if (how->shape == SHAPE_EXTRA_FIRST)
		wire_add(frame, 0x7E, payload, 5);
	if (how->shape != SHAPE_RESULT_LAST)
		add_result(how, frame, error);
	if (len && !how->without_tlv)
		wire_add(frame, 0x01, value, len);
	if (how->payload)
		wire_add(frame, 0x10, payload, how->payload);
	modem->serial++;
	wire_add(frame, 0x11, (uint8_t[]){(uint8_t)modem->serial, (uint8_t)(modem->serial >> 8)},
		 2);
	if (how->shape == SHAPE_RESULT_LAST)
		add_result(how, frame, error);
}

size_t modem_answer(struct modem *modem, unsigned n, const struct modem_answer *how, uint8_t *frame)
{
	struct request **at = find(modem, n);

	/* Never answer an Allocate CID twice: the second client would be unknown. */
	bool keep = how->keep && !is_about_client((*at)->bytes, 0x0022);

	build(modem, (*at)->bytes, how, frame);
	if (!keep)
		drop(modem, at);
	return wire_size(frame);
}

void modem_unsee(struct modem *modem, const uint8_t *request)
{
	struct request **at = &modem->requests;

	while (*at && (*at)->next)
		at = &(*at)->next;
	if (*at && wire_size((*at)->bytes) == wire_size(request) &&
	    memcmp((*at)->bytes, request, wire_size(request)) == 0)
		drop(modem, at);
}

void modem_ignore(struct modem *modem, unsigned n, bool done)
{
	struct request **at = find(modem, n);
	uint8_t value[2];
	size_t len;

	if (done && perform(modem, (*at)->bytes, value, &len) == 0 && len)
		modem_excuse(modem, value[0], value[1]);
	if (!done)
		excuse_subject(modem, (*at)->bytes);
	drop(modem, at);
}

void modem_each_client(const struct modem *modem, void (*each)(void *, uint8_t, uint8_t), void *arg)
{
	for (unsigned service = 0; service < 256; service++)
		for (unsigned cid = 1; modem->count[service] && cid < 255; cid++)
			if (modem->life[service][cid] == ALIVE)
				each(arg, (uint8_t)service, (uint8_t)cid);
}

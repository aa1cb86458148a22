/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "call.h"

#include "frame.h"
#include "modem.h"
#include "tlv.h"

enum {
	STATUS_DISCONNECTED = 1,
	STATUS_CONNECTED = 2,
};

/* Call end reasons: a generic one, and a verbose one of the type CM, call manager. */
enum {
	END_CLIENT = 2,
	END_NO_SERVICE = 3,
	VERBOSE_CM = 3,
	VERBOSE_CLIENT = 2000,
	VERBOSE_NO_SERVICE = 2001,
};

struct call *call_of(struct modem *modem, unsigned int ip_family)
{
	return &modem->calls[ip_family == IP_FAMILY_IPV6];
}

unsigned int call_family(const struct modem *modem, const struct call *call)
{
	return call == &modem->calls[0] ? IP_FAMILY_IPV4 : IP_FAMILY_IPV6;
}

bool call_any(const struct modem *modem)
{
	for (size_t i = 0; i < CALLS; i++) {
		if (modem->calls[i].up)
			return true;
	}
	return false;
}

static void begin_status(uint8_t *frame, unsigned int status, unsigned int ip_family)
{
	uint8_t value[2] = {(uint8_t)status, 0}; /* no reconfiguration required */

	modem_begin_indication(frame, &service_wds, 0x0022);
	frame_add_tlv(frame, 0x01, value, sizeof(value));
	frame_add_u8(frame, 0x12, ip_family);
	frame_add_u16(frame, 0x34, 34944); /* the technology: EPC */
}

static void add_end_reason(uint8_t *frame, unsigned int reason)
{
	struct tlv tlv;

	frame_add_u16(frame, 0x10, reason);
	tlv_begin(&tlv);
	tlv_u16(&tlv, VERBOSE_CM);
	tlv_u16(&tlv, reason == END_CLIENT ? VERBOSE_CLIENT : VERBOSE_NO_SERVICE);
	tlv_end(&tlv, frame, 0x11);
}

static void report_dormancy(struct modem *modem, const struct call *call)
{
	uint8_t frame[LINE_FRAME_MAX];

	modem_begin_indication(frame, &service_wds, 0x0001);
	frame_add_u8(frame, 0x18, call->dormant ? 1 : 2);
	modem_indicate(modem, frame, WDS_EVENT_DORMANCY);
}

static void report_change(struct modem *modem, const struct call *call)
{
	uint8_t frame[LINE_FRAME_MAX];
	struct tlv tlv;

	modem_begin_indication(frame, &service_wds, 0x0001);
	frame_add_u8(frame, 0x1F, call->up ? 1 : 2); /* activated or terminated */
	modem_indicate(modem, frame, WDS_EVENT_CALL_STATUS);
	if (!call->up)
		return;
	modem_begin_indication(frame, &service_wds, 0x0001);
	tlv_begin(&tlv);
	tlv_u8(&tlv, 2);       /* 3GPP */
	tlv_u32(&tlv, 1 << 5); /* LTE */
	tlv_u32(&tlv, 0);
	tlv_end(&tlv, frame, 0x1D);
	modem_indicate(modem, frame, WDS_EVENT_BEARER);
	report_dormancy(modem, call);
}

void call_start(struct modem *modem, struct call *call, uint8_t cid, uint8_t profile_index,
		const struct profile *profile)
{
	uint8_t frame[LINE_FRAME_MAX];

	*call = (struct call){
		.up = true,
		.cid = cid,
		.profile_index = profile_index,
		.handle = 0xD2A6C000u + 0x40 * ++modem->calls_made,
		.profile = *profile,
	};
	begin_status(frame, STATUS_CONNECTED, call_family(modem, call));
	modem_indicate(modem, frame, 0);
	report_change(modem, call);
}

static void end(struct modem *modem, struct call *call, unsigned int reason)
{
	uint8_t frame[LINE_FRAME_MAX];

	*call = (struct call){0};
	begin_status(frame, STATUS_DISCONNECTED, call_family(modem, call));
	add_end_reason(frame, reason);
	modem_indicate(modem, frame, 0);
	report_change(modem, call);
}

void call_end(struct modem *modem, struct call *call)
{
	end(modem, call, END_CLIENT);
}

void call_end_of_client(struct modem *modem, uint8_t cid)
{
	for (size_t i = 0; i < CALLS; i++) {
		if (modem->calls[i].up && modem->calls[i].cid == cid)
			call_end(modem, &modem->calls[i]);
	}
}

void call_end_all(struct modem *modem)
{
	for (size_t i = 0; i < CALLS; i++) {
		if (modem->calls[i].up)
			end(modem, &modem->calls[i], END_NO_SERVICE);
	}
}

void call_set_dormant(struct modem *modem, struct call *call, bool dormant)
{
	if (call->dormant == dormant)
		return;
	call->dormant = dormant;
	report_dormancy(modem, call);
}

static void indicate_each(struct modem *modem, void (*say)(struct modem *modem, uint8_t *frame))
{
	uint8_t frame[LINE_FRAME_MAX];

	for (size_t i = 0; i < CALLS; i++) {
		if (!modem->calls[i].up)
			continue;
		begin_status(frame, STATUS_CONNECTED, call_family(modem, &modem->calls[i]));
		say(modem, frame);
	}
	if (call_any(modem))
		return;
	begin_status(frame, STATUS_DISCONNECTED, IP_FAMILY_IPV4);
	say(modem, frame);
}

static void say_to_each(struct modem *modem, uint8_t *frame)
{
	modem_indicate(modem, frame, 0);
}

static void say_to_all(struct modem *modem, uint8_t *frame)
{
	frame_set_cid(frame, QMI_CID_BROADCAST);
	line_send(modem->line, frame);
}

void call_indicate(struct modem *modem)
{
	indicate_each(modem, say_to_each);
}

void call_broadcast(struct modem *modem)
{
	indicate_each(modem, say_to_all);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "call.h"

#include "clients.h"
#include "frame.h"
#include "tlv.h"

enum {
	STATUS_DISCONNECTED = 1,
	STATUS_CONNECTED = 2,
};

/* Call end reasons: a generic one, and a verbose one of type CM (call manager). */
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

static void call_begin_status(uint8_t *frame, unsigned int status, unsigned int ip_family)
{
	clients_begin(frame, QMI_SERVICE_WDS, 0x0022);
	tlv_add(frame, 0x01, "bb", status, 0); /* no reconfiguration required */
	tlv_add(frame, 0x12, "b", ip_family);
	tlv_add(frame, 0x34, "h", 34944); /* the technology: EPC */
}

/* A client sees the calls of its own IP family, its own or another's. */
static void call_tell_family(struct modem *modem, uint8_t *frame, const struct call *call)
{
	const struct service *wds = modem_state_service(modem, QMI_SERVICE_WDS);

	for (unsigned int cid = 1; cid <= QMI_CID_MAX; cid++) {
		const struct client *client = clients_find(modem, wds, cid);

		if (!client || call_of(modem, client->ip_family) != call)
			continue;
		frame_set_cid(frame, (uint8_t)cid);
		line_send(modem->line, frame);
	}
}

static void call_report_dormancy(struct modem *modem, const struct call *call)
{
	uint8_t frame[LINE_FRAME_MAX];

	clients_begin(frame, QMI_SERVICE_WDS, 0x0001);
	tlv_add(frame, 0x18, "b", call->dormant ? 1 : 2);
	clients_indicate(modem, frame, WDS_EVENT_DORMANCY);
}

static void call_report_change(struct modem *modem, const struct call *call)
{
	uint8_t frame[LINE_FRAME_MAX];

	clients_begin(frame, QMI_SERVICE_WDS, 0x0001);
	tlv_add(frame, 0x1F, "b", call->up ? 1 : 2); /* activated or terminated */
	clients_indicate(modem, frame, WDS_EVENT_CALL_STATUS);
	if (!call->up)
		return;
	clients_begin(frame, QMI_SERVICE_WDS, 0x0001);
	tlv_add(frame, 0x1D, "bww", 2, 1 << 5, 0); /* 3GPP, LTE */
	clients_indicate(modem, frame, WDS_EVENT_BEARER);
	call_report_dormancy(modem, call);
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
	call_begin_status(frame, STATUS_CONNECTED, call_family(modem, call));
	call_tell_family(modem, frame, call);
	call_report_change(modem, call);
}

static void call_end_because(struct modem *modem, struct call *call, unsigned int reason,
			     unsigned int verbose)
{
	uint8_t frame[LINE_FRAME_MAX];

	*call = (struct call){0};
	call_begin_status(frame, STATUS_DISCONNECTED, call_family(modem, call));
	tlv_add(frame, 0x10, "h", reason);
	tlv_add(frame, 0x11, "hh", VERBOSE_CM, verbose);
	call_tell_family(modem, frame, call);
	call_report_change(modem, call);
}

void call_end(struct modem *modem, struct call *call)
{
	call_end_because(modem, call, END_CLIENT, VERBOSE_CLIENT);
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
			call_end_because(modem, &modem->calls[i], END_NO_SERVICE,
					 VERBOSE_NO_SERVICE);
	}
}

void call_forget(struct modem *modem)
{
	for (size_t i = 0; i < CALLS; i++)
		modem->calls[i] = (struct call){0};
}

void call_set_dormant(struct modem *modem, struct call *call, bool dormant)
{
	call->dormant = dormant;
	call_report_dormancy(modem, call);
}

static void call_say(struct modem *modem, uint32_t events)
{
	uint8_t frame[LINE_FRAME_MAX];

	for (size_t i = 0; i < CALLS; i++) {
		if (!modem->calls[i].up)
			continue;
		call_begin_status(frame, STATUS_CONNECTED, call_family(modem, &modem->calls[i]));
		clients_indicate(modem, frame, events);
	}
	if (call_any(modem))
		return;
	call_begin_status(frame, STATUS_DISCONNECTED, IP_FAMILY_IPV4);
	clients_indicate(modem, frame, events);
}

void call_indicate(struct modem *modem)
{
	call_say(modem, CLIENTS_EACH);
}

void call_broadcast(struct modem *modem)
{
	call_say(modem, CLIENTS_BROADCAST);
}

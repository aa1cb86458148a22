/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WDS: starting and stopping the network, and what can be asked of a call. */
#include <string.h>

#include "errors.h"
#include "frame.h"
#include "modem.h"
#include "tlv.h"

#define HANDLE_ANY 0xFFFFFFFFu

/* The bits of Get Current Settings' mask. */
enum {
	WANT_PROFILE_ID = 1 << 0,
	WANT_PROFILE_NAME = 1 << 1,
	WANT_PDP_TYPE = 1 << 2,
	WANT_APN = 1 << 3,
	WANT_DNS = 1 << 4,
	WANT_USER = 1 << 6,
	WANT_AUTH = 1 << 7,
	WANT_ADDRESS = 1 << 8,
	WANT_GATEWAY = 1 << 9,
	WANT_MTU = 1 << 13,
	WANT_DOMAINS = 1 << 14,
	WANT_FAMILY = 1 << 15,
	WANT_TECHNOLOGY = 1 << 17,
};

/* The call of the family that the client has chosen with Set IP Family. */
static struct call *current_call(struct modem *modem, const struct request *request)
{
	return call_of(modem, request->client->ip_family);
}

static int wds_reset(struct modem *modem, const struct request *request)
{
	call_end_of_client(modem, request->cid);
	request->client->ip_family = IP_FAMILY_IPV4;
	return service_reset(modem, request);
}

static int set_event_report(struct modem *modem, const struct request *request)
{
	static const struct event_switch switches[] = {
		{0x13, WDS_EVENT_DORMANCY},
		{0x15, WDS_EVENT_BEARER},
		{0x17, WDS_EVENT_CALL_STATUS},
	};

	(void)modem;
	service_switch_events(request, switches, COUNT(switches));
	return QMI_ERROR_NONE;
}

static int check_family(uint8_t family)
{
	if (family == IP_FAMILY_IPV4 || family == IP_FAMILY_IPV6 || family == IP_FAMILY_UNSPECIFIED)
		return QMI_ERROR_NONE;
	return QMI_ERROR_INVALID_IP_FAMILY_PREFERENCE;
}

static int set_ip_family(struct modem *modem, const struct request *request)
{
	const uint8_t *family = frame_tlv(request->frame, 0x01, 1, NULL);
	int error;

	(void)modem;
	if (!family)
		return service_missing(request, 0x01);
	error = check_family(*family);
	if (!error)
		request->client->ip_family = *family;
	return error;
}

/* What Start Network asks for: a profile's settings, and then its own. */
static int take_profile(struct modem *modem, const struct request *request, uint8_t *index,
			struct profile *profile)
{
	const uint8_t *asked = frame_tlv(request->frame, 0x31, 1, NULL);
	const uint8_t *auth = frame_tlv(request->frame, 0x16, 1, NULL);
	const struct profile *stored;
	int error;

	*index = asked ? *asked : modem->default_profile;
	stored = profile_at(modem, *index);
	if (asked && !stored)
		return QMI_ERROR_INVALID_PROFILE;
	*profile = stored ? *stored : (struct profile){0};
	if (auth)
		profile->auth = *auth;
	error = profile_take_text(request, 0x14, profile->apn, sizeof(profile->apn));
	if (error)
		return error;
	error = profile_take_text(request, 0x17, profile->user, sizeof(profile->user));
	if (error)
		return error;
	return profile_take_text(request, 0x18, profile->password, sizeof(profile->password));
}

static int refuse_call(uint8_t *answer)
{
	static const uint8_t verbose[] = {3, 0, 0xD1, 0x07}; /* call manager: 2001, no service */

	frame_add_u16(answer, 0x10, 3); /* generic: no service */
	frame_add_tlv(answer, 0x11, verbose, sizeof(verbose));
	return QMI_ERROR_CALL_FAILED;
}

static int start_network(struct modem *modem, const struct request *request)
{
	const uint8_t *asked = frame_tlv(request->frame, 0x19, 1, NULL);
	uint8_t family = asked ? *asked : request->client->ip_family;
	struct call *call = call_of(modem, family);
	struct profile profile;
	uint8_t profile_index;
	int error = check_family(family);

	if (error)
		return error;
	error = take_profile(modem, request, &profile_index, &profile);
	if (error)
		return error;
	if (!modem_online(modem))
		return refuse_call(request->answer);
	if (call->up)
		return QMI_ERROR_NO_EFFECT;
	request->client->ip_family = family;
	call_start(modem, call, request->cid, profile_index, &profile);
	frame_add_u32(request->answer, 0x01, call->handle);
	return QMI_ERROR_NONE;
}

static int stop_network(struct modem *modem, const struct request *request)
{
	const uint8_t *value = frame_tlv(request->frame, 0x01, 4, NULL);
	bool stopped = false;

	if (!value)
		return service_missing(request, 0x01);
	for (size_t i = 0; i < CALLS; i++) {
		struct call *call = &modem->calls[i];

		if (!call->up || call->cid != request->cid ||
		    (le32_get(value) != HANDLE_ANY && le32_get(value) != call->handle))
			continue;
		call_end(modem, call);
		stopped = true;
	}
	if (stopped)
		return QMI_ERROR_NONE;
	return le32_get(value) == HANDLE_ANY ? QMI_ERROR_NO_EFFECT : QMI_ERROR_INVALID_HANDLE;
}

static int get_packet_service_status(struct modem *modem, const struct request *request)
{
	frame_add_u8(request->answer, 0x01, current_call(modem, request)->up ? 2 : 1);
	return QMI_ERROR_NONE;
}

static int get_channel_rates(struct modem *modem, const struct request *request)
{
	struct tlv tlv;

	if (!current_call(modem, request)->up)
		return QMI_ERROR_OUT_OF_CALL;
	tlv_begin(&tlv);
	tlv_u32(&tlv, 50000000);
	tlv_u32(&tlv, 150000000);
	tlv_u32(&tlv, 50000000);
	tlv_u32(&tlv, 150000000);
	tlv_end(&tlv, request->answer, 0x01);
	return QMI_ERROR_NONE;
}

/* There is no data path to count on; the counters stand still. Answers for each bit of a mask. */
static int get_packet_statistics(struct modem *modem, const struct request *request)
{
	static const struct {
		uint8_t tlv;
		uint32_t value;
	} counters[] = {{0x10, 1482}, {0x11, 2113},   {0x12, 0},       {0x13, 0}, {0x14, 0},
			{0x15, 0},    {0x19, 201847}, {0x1A, 1873320}, {0x1D, 0}, {0x1E, 0}};
	const uint8_t *mask = frame_tlv(request->frame, 0x01, 4, NULL);

	if (!mask)
		return service_missing(request, 0x01);
	if (!current_call(modem, request)->up) {
		frame_add_u64(request->answer, 0x1B, modem->calls_made ? 201847 : 0);
		frame_add_u64(request->answer, 0x1C, modem->calls_made ? 1873320 : 0);
		return QMI_ERROR_OUT_OF_CALL;
	}
	for (size_t i = 0; i < COUNT(counters); i++) {
		if (!(le32_get(mask) >> i & 1))
			continue;
		if (counters[i].tlv == 0x19 || counters[i].tlv == 0x1A)
			frame_add_u64(request->answer, counters[i].tlv, counters[i].value);
		else
			frame_add_u32(request->answer, counters[i].tlv, counters[i].value);
	}
	return QMI_ERROR_NONE;
}

static int set_dormant(struct modem *modem, const struct request *request, bool dormant)
{
	struct call *call = current_call(modem, request);

	if (!call->up)
		return QMI_ERROR_OUT_OF_CALL;
	if (call->dormant == dormant)
		return QMI_ERROR_NO_EFFECT;
	call_set_dormant(modem, call, dormant);
	return QMI_ERROR_NONE;
}

static int go_dormant(struct modem *modem, const struct request *request)
{
	return set_dormant(modem, request, true);
}

static int go_active(struct modem *modem, const struct request *request)
{
	return set_dormant(modem, request, false);
}

static int get_dormancy_status(struct modem *modem, const struct request *request)
{
	const struct call *call = current_call(modem, request);

	if (!call->up)
		return QMI_ERROR_OUT_OF_CALL;
	frame_add_u8(request->answer, 0x01, call->dormant ? 1 : 2);
	return QMI_ERROR_NONE;
}

static void add_ipv4(uint8_t *answer, uint32_t wanted)
{
	if (wanted & WANT_DNS) {
		frame_add_u32(answer, 0x15, 0xC0000235); /* 192.0.2.53 */
		frame_add_u32(answer, 0x16, 0xC6336435); /* 198.51.100.53 */
	}
	if (wanted & WANT_ADDRESS)
		frame_add_u32(answer, 0x1E, 0x0A401182); /* 10.64.17.130 */
	if (wanted & WANT_GATEWAY) {
		frame_add_u32(answer, 0x20, 0x0A401181); /* 10.64.17.129 */
		frame_add_u32(answer, 0x21, 0xFFFFFFFC);
	}
}

static void add_ipv6_address(uint8_t *answer, uint8_t tlv, uint8_t subnet, uint8_t host,
			     uint16_t size)
{
	/* 2001:db8:40:SUBNET::HOST, in network order, and the prefix length if size is 17 */
	uint8_t value[17] = {0x20, 0x01, 0x0D, 0xB8, 0, 0x40, 0, subnet, [15] = host, [16] = 64};

	frame_add_tlv(answer, tlv, value, size);
}

static void add_ipv6(uint8_t *answer, uint32_t wanted)
{
	if (wanted & WANT_ADDRESS)
		add_ipv6_address(answer, 0x25, 0x17, 0x82, 17);
	if (wanted & WANT_GATEWAY)
		add_ipv6_address(answer, 0x26, 0x17, 0x01, 17);
	if (wanted & WANT_DNS) {
		add_ipv6_address(answer, 0x27, 0, 0x53, 16);
		add_ipv6_address(answer, 0x28, 0, 0x54, 16);
	}
}

static void add_profile(uint8_t *answer, uint32_t wanted, const struct call *call)
{
	uint8_t id[2] = {PROFILE_3GPP, call->profile_index};

	if (wanted & WANT_PROFILE_ID)
		frame_add_tlv(answer, 0x1F, id, sizeof(id));
	if (wanted & WANT_PROFILE_NAME)
		frame_add_text(answer, 0x10, call->profile.name);
	if (wanted & WANT_PDP_TYPE)
		frame_add_u8(answer, 0x11, call->profile.pdp_type);
	if (wanted & WANT_APN)
		frame_add_text(answer, 0x14, call->profile.apn);
	if (wanted & WANT_USER)
		frame_add_text(answer, 0x1B, call->profile.user);
	if (wanted & WANT_AUTH)
		frame_add_u8(answer, 0x1D, call->profile.auth);
}

static void add_domains(uint8_t *answer)
{
	static const char domain[] = "sim.example";
	struct tlv tlv;

	tlv_begin(&tlv);
	tlv_u8(&tlv, 1);
	tlv_u16(&tlv, sizeof(domain) - 1);
	tlv_bytes(&tlv, domain, sizeof(domain) - 1);
	tlv_end(&tlv, answer, 0x2A);
}

static int get_current_settings(struct modem *modem, const struct request *request)
{
	const uint8_t *mask = frame_tlv(request->frame, 0x10, 4, NULL);
	const struct call *call = current_call(modem, request);
	uint32_t wanted = mask ? le32_get(mask) : UINT32_MAX;

	if (!call->up)
		return QMI_ERROR_OUT_OF_CALL;
	add_profile(request->answer, wanted, call);
	if (call_family(modem, call) == IP_FAMILY_IPV6)
		add_ipv6(request->answer, wanted);
	else
		add_ipv4(request->answer, wanted);
	if (wanted & WANT_MTU)
		frame_add_u32(request->answer, 0x29, 1500);
	if (wanted & WANT_DOMAINS)
		add_domains(request->answer);
	if (wanted & WANT_FAMILY)
		frame_add_u8(request->answer, 0x2B, call_family(modem, call));
	if (wanted & WANT_TECHNOLOGY)
		frame_add_u16(request->answer, 0x2D, 34944); /* EPC */
	return QMI_ERROR_NONE;
}

static int get_autoconnect_settings(struct modem *modem, const struct request *request)
{
	frame_add_u8(request->answer, 0x01, modem->autoconnect);
	frame_add_u8(request->answer, 0x10, 0); /* when roaming too */
	return QMI_ERROR_NONE;
}

static int set_autoconnect_settings(struct modem *modem, const struct request *request)
{
	const uint8_t *status = frame_tlv(request->frame, 0x01, 1, NULL);

	if (!status)
		return service_missing(request, 0x01);
	if (*status > 2)
		return QMI_ERROR_INVALID_ARGUMENT;
	modem->autoconnect = *status;
	return QMI_ERROR_NONE;
}

static int get_data_bearer_technology(struct modem *modem, const struct request *request)
{
	if (!current_call(modem, request)->up) {
		if (modem->calls_made)
			frame_add_u8(request->answer, 0x10, 0x0A);
		return QMI_ERROR_OUT_OF_CALL;
	}
	frame_add_u8(request->answer, 0x01, 0x0A); /* LTE */
	return QMI_ERROR_NONE;
}

static int get_current_data_bearer_technology(struct modem *modem, const struct request *request)
{
	static const uint8_t lte[] = {2, 1 << 5, 0, 0, 0, 0, 0, 0, 0};

	if (!current_call(modem, request)->up) {
		if (modem->calls_made)
			frame_add_tlv(request->answer, 0x10, lte, sizeof(lte));
		return QMI_ERROR_OUT_OF_CALL;
	}
	frame_add_tlv(request->answer, 0x01, lte, sizeof(lte));
	return QMI_ERROR_NONE;
}

static int get_lte_attach_parameters(struct modem *modem, const struct request *request)
{
	if (!modem_online(modem))
		return QMI_ERROR_INFORMATION_UNAVAILABLE;
	frame_add_text(request->answer, 0x10, modem->profiles[0].apn);
	frame_add_u8(request->answer, 0x11, 2); /* IPv4 and IPv6 */
	frame_add_u8(request->answer, 0x12, 1); /* attached over the air */
	return QMI_ERROR_NONE;
}

static const struct message messages[] = {
	{0x0000, wds_reset},
	{0x0001, set_event_report},
	{QMI_WDS_ABORT, service_abort},
	{0x0003, service_accept}, /* Indication Register */
	{0x001E, service_list_messages},
	{QMI_WDS_START_NETWORK, start_network},
	{QMI_WDS_STOP_NETWORK, stop_network},
	{0x0022, get_packet_service_status},
	{0x0023, get_channel_rates},
	{0x0024, get_packet_statistics},
	{0x0025, go_dormant},
	{0x0026, go_active},
	{0x0027, profile_create},
	{0x0028, profile_modify},
	{0x0029, profile_delete},
	{0x002A, profile_list},
	{0x002B, profile_settings},
	{0x002C, profile_default_settings},
	{0x002D, get_current_settings},
	{0x0030, get_dormancy_status},
	{0x0034, get_autoconnect_settings},
	{0x0037, get_data_bearer_technology},
	{0x0044, get_current_data_bearer_technology},
	{0x0049, profile_default_number},
	{0x004A, profile_set_default_number},
	{0x004D, set_ip_family},
	{0x0051, set_autoconnect_settings},
	{0x0085, get_lte_attach_parameters},
	{0x0089, service_accept}, /* Bind Data Port */
	{0x00A2, service_accept}, /* Bind Mux Data Port */
};

const struct service service_wds = {
	QMI_SERVICE_WDS, "wds", 1, 67, messages, COUNT(messages),
};

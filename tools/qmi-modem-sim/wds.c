/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WDS: starting and stopping the network, and queries about a call. */
#include "frame.h"
#include "services.h"
#include "tlv.h"

#define HANDLE_ANY     0xFFFFFFFFu
#define BYTES_SENT     UINT64_C(201847)
#define BYTES_RECEIVED UINT64_C(1873320)

/* Messages that share a handler with another. */
enum {
	WDS_GO_DORMANT = 0x0025,
	WDS_GET_CURRENT_BEARER = 0x0044,
};

/* Mask bits of Get Current Settings. */
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

/* Returns the call of the family that the client chose with Set IP Family. */
static struct call *wds_current_call(const struct request *request)
{
	return call_of(request->modem, request->client->ip_family);
}

static int wds_reset(const struct request *request)
{
	call_end_of_client(request->modem, request->cid);
	request->client->ip_family = IP_FAMILY_IPV4;
	return service_reset(request);
}

static bool wds_is_family(uint8_t family)
{
	return family == IP_FAMILY_IPV4 || family == IP_FAMILY_IPV6 ||
	       family == IP_FAMILY_UNSPECIFIED;
}

static int wds_set_ip_family(const struct request *request)
{
	if (!wds_is_family(*request->value))
		return QMI_ERROR_INVALID_IP_FAMILY_PREFERENCE;
	request->client->ip_family = *request->value;
	return QMI_ERROR_NONE;
}

/* Takes the parameters of Start Network: a stored profile, then its own settings. */
static int wds_take_profile(const struct request *request, uint8_t *index, struct profile *profile)
{
	static const struct profile_tlvs tlvs = {
		.apn = 0x14, .auth = 0x16, .user = 0x17, .password = 0x18};
	const uint8_t *asked = frame_tlv(request->frame, 0x31, 1, NULL);
	const struct profile *stored;

	*index = asked ? *asked : request->modem->default_profile;
	stored = profile_at(request->modem, *index);
	if (asked && !stored)
		return QMI_ERROR_INVALID_PROFILE;
	*profile = stored ? *stored : (struct profile){0};
	return profile_take(request, &tlvs, profile);
}

static int wds_refuse_call(uint8_t *answer)
{
	tlv_add(answer, 0x10, "h", 3);        /* generic: no service */
	tlv_add(answer, 0x11, "hh", 3, 2001); /* call manager: no service */
	return QMI_ERROR_CALL_FAILED;
}

static int wds_start_network(const struct request *request)
{
	const uint8_t *asked = frame_tlv(request->frame, 0x19, 1, NULL);
	uint8_t family = asked ? *asked : request->client->ip_family;
	struct call *call = call_of(request->modem, family);
	struct profile profile;
	uint8_t profile_index;
	int error;

	if (!wds_is_family(family))
		return QMI_ERROR_INVALID_IP_FAMILY_PREFERENCE;
	error = wds_take_profile(request, &profile_index, &profile);
	if (error)
		return error;
	if (!modem_state_online(request->modem))
		return wds_refuse_call(request->answer);
	if (call->up)
		return QMI_ERROR_NO_EFFECT;
	request->client->ip_family = family;
	call_start(request->modem, call, request->cid, profile_index, &profile);
	tlv_add(request->answer, 0x01, "w", call->handle);
	return QMI_ERROR_NONE;
}

static int wds_stop_network(const struct request *request)
{
	uint32_t handle = tlv_get_u32(request->value);
	int error = handle == HANDLE_ANY ? QMI_ERROR_NO_EFFECT : QMI_ERROR_INVALID_HANDLE;

	for (size_t i = 0; i < CALLS; i++) {
		struct call *call = &request->modem->calls[i];

		if (call->up && call->cid == request->cid &&
		    (handle == HANDLE_ANY || handle == call->handle)) {
			call_end(request->modem, call);
			error = QMI_ERROR_NONE;
		}
	}
	return error;
}

static int wds_get_packet_service_status(const struct request *request)
{
	tlv_add(request->answer, 0x01, "b", wds_current_call(request)->up ? 2 : 1);
	return QMI_ERROR_NONE;
}

static int wds_get_channel_rates(const struct request *request)
{
	if (!wds_current_call(request)->up)
		return QMI_ERROR_OUT_OF_CALL;
	tlv_add(request->answer, 0x01, "wwww", 50000000, 150000000, 50000000, 150000000);
	return QMI_ERROR_NONE;
}

/* There is no data path, so the counters are constant. Answers each bit of a mask. */
static int wds_get_packet_statistics(const struct request *request)
{
	static const struct {
		uint8_t tlv;
		uint64_t value;
	} counters[] = {{0x10, 1482}, {0x11, 2113}, {0x12, 0},          {0x13, 0},
			{0x14, 0},    {0x15, 0},    {0x19, BYTES_SENT}, {0x1A, BYTES_RECEIVED},
			{0x1D, 0},    {0x1E, 0}};
	uint32_t mask = tlv_get_u32(request->value);
	uint8_t *answer = request->answer;

	if (!wds_current_call(request)->up) {
		tlv_add(answer, 0x1B, "q", request->modem->calls_made ? BYTES_SENT : 0);
		tlv_add(answer, 0x1C, "q", request->modem->calls_made ? BYTES_RECEIVED : 0);
		return QMI_ERROR_OUT_OF_CALL;
	}
	for (size_t i = 0; i < COUNT(counters); i++) {
		uint8_t type = counters[i].tlv;
		uint64_t value = counters[i].value;

		if (!(mask >> i & 1))
			continue;
		if (type == 0x19 || type == 0x1A) /* bytes; the others count packets */
			tlv_add(answer, type, "q", value);
		else
			tlv_add(answer, type, "w", (uint32_t)value);
	}
	return QMI_ERROR_NONE;
}

static int wds_set_dormant(const struct request *request)
{
	struct call *call = wds_current_call(request);
	bool dormant = request->message == WDS_GO_DORMANT;

	if (!call->up)
		return QMI_ERROR_OUT_OF_CALL;
	if (call->dormant == dormant)
		return QMI_ERROR_NO_EFFECT;
	call_set_dormant(request->modem, call, dormant);
	return QMI_ERROR_NONE;
}

static int wds_get_dormancy_status(const struct request *request)
{
	const struct call *call = wds_current_call(request);

	if (!call->up)
		return QMI_ERROR_OUT_OF_CALL;
	tlv_add(request->answer, 0x01, "b", call->dormant ? 1 : 2);
	return QMI_ERROR_NONE;
}

static void wds_add_ipv4(uint8_t *answer, uint32_t wanted)
{
	if (wanted & WANT_DNS) {
		tlv_add(answer, 0x15, "w", 0xC0000235); /* 192.0.2.53 */
		tlv_add(answer, 0x16, "w", 0xC6336435); /* 198.51.100.53 */
	}
	if (wanted & WANT_ADDRESS)
		tlv_add(answer, 0x1E, "w", 0x0A401182); /* 10.64.17.130 */
	if (wanted & WANT_GATEWAY) {
		tlv_add(answer, 0x20, "w", 0x0A401181); /* 10.64.17.129 */
		tlv_add(answer, 0x21, "w", 0xFFFFFFFC);
	}
}

static void wds_add_ipv6_address(uint8_t *answer, uint8_t tlv, uint8_t subnet, uint8_t host,
				 uint16_t size)
{
	/* 2001:db8:40:SUBNET::HOST, in network order, and the prefix length if size is 17 */
	uint8_t value[17] = {0x20, 0x01, 0x0D, 0xB8, 0, 0x40, 0, subnet, [15] = host, [16] = 64};

	frame_add_tlv(answer, tlv, value, size);
}

static void wds_add_ipv6(uint8_t *answer, uint32_t wanted)
{
	if (wanted & WANT_ADDRESS)
		wds_add_ipv6_address(answer, 0x25, 0x17, 0x82, 17);
	if (wanted & WANT_GATEWAY)
		wds_add_ipv6_address(answer, 0x26, 0x17, 0x01, 17);
	if (wanted & WANT_DNS) {
		wds_add_ipv6_address(answer, 0x27, 0, 0x53, 16);
		wds_add_ipv6_address(answer, 0x28, 0, 0x54, 16);
	}
}

static void wds_add_profile(uint8_t *answer, uint32_t wanted, const struct call *call)
{
	if (wanted & WANT_PROFILE_ID)
		tlv_add(answer, 0x1F, "bb", PROFILE_3GPP, call->profile_index);
	if (wanted & WANT_PROFILE_NAME)
		tlv_add(answer, 0x10, "t", call->profile.name);
	if (wanted & WANT_PDP_TYPE)
		tlv_add(answer, 0x11, "b", call->profile.pdp_type);
	if (wanted & WANT_APN)
		tlv_add(answer, 0x14, "t", call->profile.apn);
	if (wanted & WANT_USER)
		tlv_add(answer, 0x1B, "t", call->profile.user);
	if (wanted & WANT_AUTH)
		tlv_add(answer, 0x1D, "b", call->profile.auth);
}

static int wds_get_current_settings(const struct request *request)
{
	const uint8_t *mask = frame_tlv(request->frame, 0x10, 4, NULL);
	uint32_t wanted = mask ? tlv_get_u32(mask) : UINT32_MAX;
	const struct call *call = wds_current_call(request);
	unsigned int family = call_family(request->modem, call);
	uint8_t *answer = request->answer;

	if (!call->up)
		return QMI_ERROR_OUT_OF_CALL;
	wds_add_profile(answer, wanted, call);
	if (family == IP_FAMILY_IPV6)
		wds_add_ipv6(answer, wanted);
	else
		wds_add_ipv4(answer, wanted);
	if (wanted & WANT_MTU)
		tlv_add(answer, 0x29, "w", 1500);
	if (wanted & WANT_DOMAINS)
		tlv_add(answer, 0x2A, "bht", 1, 11, "sim.example");
	if (wanted & WANT_FAMILY)
		tlv_add(answer, 0x2B, "b", family);
	if (wanted & WANT_TECHNOLOGY)
		tlv_add(answer, 0x2D, "h", 34944); /* EPC */
	return QMI_ERROR_NONE;
}

static void wds_add_autoconnect(const struct modem *modem, uint8_t *answer)
{
	tlv_add(answer, 0x01, "b", modem->autoconnect);
	tlv_add(answer, 0x10, "b", 0); /* when roaming too */
}

static int wds_set_autoconnect(const struct request *request)
{
	if (*request->value > 2)
		return QMI_ERROR_INVALID_ARGUMENT;
	request->modem->autoconnect = *request->value;
	return QMI_ERROR_NONE;
}

/* For the call that is up, or else the last one. */
static int wds_get_bearer(const struct request *request)
{
	bool up = wds_current_call(request)->up;
	uint8_t type = up ? 0x01 : 0x10;

	if (!up && !request->modem->calls_made)
		return QMI_ERROR_OUT_OF_CALL;
	if (request->message == WDS_GET_CURRENT_BEARER)
		tlv_add(request->answer, type, "bww", 2, 1 << 5, 0); /* 3GPP, LTE */
	else
		tlv_add(request->answer, type, "b", 0x0A); /* LTE */
	return up ? QMI_ERROR_NONE : QMI_ERROR_OUT_OF_CALL;
}

static void wds_add_lte_attach_parameters(const struct modem *modem, uint8_t *answer)
{
	tlv_add(answer, 0x10, "t", modem->profiles[0].apn);
	tlv_add(answer, 0x11, "b", 2); /* IPv4 and IPv6 */
	tlv_add(answer, 0x12, "b", 1); /* attached over the air */
}

static const struct message wds_messages[] = {
	{.id = 0x0000, .handle = wds_reset},
	{.id = 0x0001,
	 .switches = {{0x13, WDS_EVENT_DORMANCY},
		      {0x15, WDS_EVENT_BEARER},
		      {0x17, WDS_EVENT_CALL_STATUS}}},
	{.id = QMI_WDS_ABORT, .mandatory = {0x01, 2}, .handle = tasks_abort},
	{.id = 0x0003}, /* Indication Register */
	{.id = 0x001E, .handle = service_list_messages},
	{.id = QMI_WDS_START_NETWORK, .handle = wds_start_network},
	{.id = QMI_WDS_STOP_NETWORK, .mandatory = {0x01, 4}, .handle = wds_stop_network},
	{.id = 0x0022, .handle = wds_get_packet_service_status},
	{.id = 0x0023, .handle = wds_get_channel_rates},
	{.id = 0x0024, .mandatory = {0x01, 4}, .handle = wds_get_packet_statistics},
	{.id = WDS_GO_DORMANT, .handle = wds_set_dormant},
	{.id = 0x0026, .handle = wds_set_dormant},
	{.id = 0x0027, .mandatory = {0x01, 1}, .handle = profile_create},
	{.id = 0x0028, .mandatory = {0x01, 2}, .handle = profile_modify},
	{.id = 0x0029, .mandatory = {0x01, 2}, .handle = profile_delete},
	{.id = 0x002A, .handle = profile_list},
	{.id = 0x002B, .mandatory = {0x01, 2}, .handle = profile_settings},
	{.id = 0x002C, .mandatory = {0x01, 1}, .handle = profile_default_settings},
	{.id = 0x002D, .handle = wds_get_current_settings},
	{.id = 0x0030, .handle = wds_get_dormancy_status},
	{.id = 0x0034, .add = wds_add_autoconnect},
	{.id = 0x0037, .handle = wds_get_bearer},
	{.id = WDS_GET_CURRENT_BEARER, .handle = wds_get_bearer},
	{.id = 0x0049, .mandatory = {0x01, 2}, .handle = profile_default_number},
	{.id = 0x004A, .mandatory = {0x01, 3}, .handle = profile_set_default_number},
	{.id = 0x004D, .mandatory = {0x01, 1}, .handle = wds_set_ip_family},
	{.id = 0x0051, .mandatory = {0x01, 1}, .handle = wds_set_autoconnect},
	{.id = 0x0085, .online = true, .add = wds_add_lte_attach_parameters},
	{.id = 0x0089}, /* Bind Data Port */
	{.id = 0x00A2}, /* Bind Mux Data Port */
};

const struct service wds_service = {
	INDEX_WDS,           QMI_SERVICE_WDS,    "wds", 1, 67, wds_messages,
	COUNT(wds_messages), call_end_of_client,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAS: the network as the modem sees it, and reports of its changes. */
#include "service_nas.h"

#include "errors.h"
#include "frame.h"
#include "network.h"
#include "tlv.h"

enum nas_event {
	NAS_EVENT_REPORT = 1 << 0, /* Event Report of the signal */
	NAS_EVENT_SERVING_SYSTEM = 1 << 1,
	NAS_EVENT_SYSTEM_INFO = 1 << 2,
	NAS_EVENT_SIGNAL_INFO = 1 << 3,
};

/* The bits of Get Signal Strength's mask. */
enum {
	WANT_RSSI = 1 << 0,
	WANT_ECIO = 1 << 1,
	WANT_IO = 1 << 2,
	WANT_SINR = 1 << 3,
	WANT_ERROR_RATE = 1 << 4,
	WANT_RSRQ = 1 << 5,
	WANT_SNR = 1 << 6,
	WANT_RSRP = 1 << 7,
};

void nas_change_signal(struct modem *modem)
{
	uint8_t frame[LINE_FRAME_MAX];

	network_change_signal(modem);
	if (!modem_online(modem))
		return;
	modem_begin_indication(frame, &service_nas, 0x0002);
	network_add_event_report(modem, frame);
	modem_indicate(modem, frame, NAS_EVENT_REPORT);
	modem_begin_indication(frame, &service_nas, 0x0051);
	network_add_signal_info(modem, frame);
	modem_indicate(modem, frame, NAS_EVENT_SIGNAL_INFO);
}

void nas_indicate_serving_system(struct modem *modem)
{
	uint8_t frame[LINE_FRAME_MAX];

	modem_begin_indication(frame, &service_nas, 0x0024);
	network_add_serving_indication(modem, frame);
	modem_indicate(modem, frame, NAS_EVENT_SERVING_SYSTEM);
	modem_begin_indication(frame, &service_nas, 0x004E);
	network_add_system_info(modem, frame);
	modem_indicate(modem, frame, NAS_EVENT_SYSTEM_INFO);
}

static int set_event_report(struct modem *modem, const struct request *request)
{
	static const uint8_t tlvs[] = {0x10, 0x13, 0x1B, 0x1C}; /* strength, RSSI, SNR, RSRP */
	bool on = false, asked = false;

	(void)modem;
	for (size_t i = 0; i < sizeof(tlvs); i++) {
		const uint8_t *value = frame_tlv(request->frame, tlvs[i], 1, NULL);

		asked |= value != NULL;
		on |= value && *value;
	}
	if (on)
		request->client->events |= NAS_EVENT_REPORT;
	else if (asked)
		request->client->events &= ~(uint32_t)NAS_EVENT_REPORT;
	return QMI_ERROR_NONE;
}

static int register_indications(struct modem *modem, const struct request *request)
{
	static const struct event_switch switches[] = {
		{0x13, NAS_EVENT_SERVING_SYSTEM},
		{0x18, NAS_EVENT_SYSTEM_INFO},
		{0x19, NAS_EVENT_SIGNAL_INFO},
	};

	(void)modem;
	service_switch_events(request, switches, COUNT(switches));
	return QMI_ERROR_NONE;
}

/* A list of one: a value of one or two bytes, and the radio it is of. */
static void add_list(uint8_t *answer, uint8_t type, unsigned int value, bool wide)
{
	struct tlv tlv;

	tlv_begin(&tlv);
	tlv_u16(&tlv, 1);
	if (wide)
		tlv_u16(&tlv, value);
	else
		tlv_u8(&tlv, value);
	tlv_u8(&tlv, RADIO_LTE);
	tlv_end(&tlv, answer, type);
}

static void add_strength(uint8_t *answer, unsigned int wanted, const struct signal *signal)
{
	uint8_t strength[2] = {(uint8_t)signal->rssi, RADIO_LTE};
	uint8_t rsrq[2] = {(uint8_t)signal->rsrq, RADIO_LTE};

	frame_add_tlv(answer, 0x01, strength, sizeof(strength));
	if (wanted & WANT_RSSI)
		add_list(answer, 0x11, (unsigned int)-signal->rssi, false);
	if (wanted & WANT_ECIO)
		add_list(answer, 0x12, 5, false); /* in -0.5 dB */
	if (wanted & WANT_IO)
		frame_add_u32(answer, 0x13, (uint32_t)(signal->rssi - 39));
	if (wanted & WANT_SINR)
		frame_add_u8(answer, 0x14, 8); /* a level: 9 dB */
	if (wanted & WANT_ERROR_RATE)
		add_list(answer, 0x15, 0, true);
	if (wanted & WANT_RSRQ)
		frame_add_tlv(answer, 0x16, rsrq, sizeof(rsrq));
	if (wanted & WANT_SNR)
		frame_add_i16(answer, 0x17, signal->snr);
	if (wanted & WANT_RSRP)
		frame_add_i16(answer, 0x18, signal->rsrp);
}

static int get_signal_strength(struct modem *modem, const struct request *request)
{
	const uint8_t *mask = frame_tlv(request->frame, 0x10, 2, NULL);

	if (!modem_online(modem))
		return QMI_ERROR_INFORMATION_UNAVAILABLE;
	add_strength(request->answer, mask ? le16_get(mask) : 0, network_signal(modem));
	return QMI_ERROR_NONE;
}

static int get_signal_info(struct modem *modem, const struct request *request)
{
	if (!modem_online(modem))
		return QMI_ERROR_INFORMATION_UNAVAILABLE;
	network_add_signal_info(modem, request->answer);
	return QMI_ERROR_NONE;
}

static int finish_scan(struct modem *modem, const struct request *request)
{
	if (!modem_online(modem))
		return QMI_ERROR_INFORMATION_UNAVAILABLE;
	network_add_scan(request->answer);
	return QMI_ERROR_NONE;
}

static int network_scan(struct modem *modem, const struct request *request)
{
	if (!modem_online(modem))
		return QMI_ERROR_INFORMATION_UNAVAILABLE;
	return modem_add_task(modem, request, modem->settings->scan_time, finish_scan);
}

static int get_serving_system(struct modem *modem, const struct request *request)
{
	network_add_serving_system(modem, request->answer);
	return QMI_ERROR_NONE;
}

static int get_home_network(struct modem *modem, const struct request *request)
{
	static const uint8_t mnc[] = {1, 0}; /* of 3GPP, two digits */
	const struct plmn *home = network_home();
	struct tlv tlv;

	(void)modem;
	tlv_begin(&tlv);
	tlv_u16(&tlv, home->mcc);
	tlv_u16(&tlv, home->mnc);
	tlv_text(&tlv, home->name);
	tlv_end(&tlv, request->answer, 0x01);
	frame_add_tlv(request->answer, 0x12, mnc, sizeof(mnc));
	frame_add_u32(request->answer, 0x13, 6); /* the service provider's name, from the SIM */
	return QMI_ERROR_NONE;
}

static int get_system_info(struct modem *modem, const struct request *request)
{
	network_add_system_info(modem, request->answer);
	return QMI_ERROR_NONE;
}

static int get_rf_band_information(struct modem *modem, const struct request *request)
{
	if (!modem_online(modem))
		return QMI_ERROR_INFORMATION_UNAVAILABLE;
	network_add_rf_bands(request->answer);
	return QMI_ERROR_NONE;
}

static int get_cell_location_info(struct modem *modem, const struct request *request)
{
	if (!modem_online(modem))
		return QMI_ERROR_INFORMATION_UNAVAILABLE;
	network_add_cell(modem, request->answer);
	return QMI_ERROR_NONE;
}

static int get_operator_name(struct modem *modem, const struct request *request)
{
	const char *name = network_home()->name;
	struct tlv tlv;

	(void)modem;
	tlv_begin(&tlv);
	tlv_u8(&tlv, 1); /* shown where the network is the SIM's own */
	tlv_text(&tlv, name);
	tlv_end(&tlv, request->answer, 0x10);
	frame_add_text(request->answer, 0x13, name);
	return QMI_ERROR_NONE;
}

static int set_selection(struct modem *modem, const struct request *request)
{
	const uint8_t *modes = frame_tlv(request->frame, 0x11, 2, NULL);
	const uint8_t *roaming = frame_tlv(request->frame, 0x14, 2, NULL);
	const uint8_t *bands = frame_tlv(request->frame, 0x15, 8, NULL);

	if (modes)
		modem->selection.modes = le16_get(modes);
	if (roaming)
		modem->selection.roaming = le16_get(roaming);
	if (bands)
		modem->selection.lte_bands = le32_get(bands) | (uint64_t)le32_get(bands + 4) << 32;
	return QMI_ERROR_NONE;
}

static int get_selection(struct modem *modem, const struct request *request)
{
	static const uint8_t order[] = {2, RADIO_LTE, RADIO_UMTS};
	uint8_t *answer = request->answer;

	frame_add_u8(answer, 0x10, 0); /* no emergency */
	frame_add_u16(answer, 0x11, modem->selection.modes);
	frame_add_u16(answer, 0x14, modem->selection.roaming);
	frame_add_u64(answer, 0x15, modem->selection.lte_bands);
	frame_add_u8(answer, 0x16, 0);  /* the network is chosen automatically */
	frame_add_u32(answer, 0x18, 2); /* for calls and packets */
	frame_add_u32(answer, 0x19, 0);
	frame_add_tlv(answer, 0x1C, order, sizeof(order));
	frame_add_u32(answer, 0x1F, 2); /* centred on data */
	frame_add_u32(answer, 0x20, 1); /* voice: over packets alone */
	return QMI_ERROR_NONE;
}

static const struct message messages[] = {
	{0x0000, service_reset},
	{QMI_NAS_ABORT, service_abort},
	{0x0002, set_event_report},
	{0x0003, register_indications},
	{0x001E, service_list_messages},
	{0x0020, get_signal_strength},
	{0x0021, network_scan},
	{0x0022, service_accept}, /* Initiate Network Register */
	{0x0024, get_serving_system},
	{0x0025, get_home_network},
	{0x0031, get_rf_band_information},
	{0x0033, set_selection},
	{0x0034, get_selection},
	{0x0039, get_operator_name},
	{0x0043, get_cell_location_info},
	{0x004D, get_system_info},
	{0x004F, get_signal_info},
	{0x0050, service_accept}, /* Config Signal Info */
	{0x0067, service_accept}, /* Force Network Search */
	{0x006C, service_accept}, /* Config Signal Info v2 */
};

const struct service service_nas = {
	QMI_SERVICE_NAS, "nas", 1, 25, messages, COUNT(messages),
};

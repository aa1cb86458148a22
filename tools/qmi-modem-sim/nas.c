/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAS: the simulated operator, its cell and the signal, and reports of their changes. */
#include "clients.h"
#include "frame.h"
#include "services.h"
#include "tlv.h"

#define RADIO_NONE 0
#define RADIO_UMTS 5
#define RADIO_LTE  8

#define CELL_ID   0x01A2D003
#define CELL_TAC  0x2B67
#define CELL_PCI  301
#define EARFCN    1850
#define LTE_BAND3 122
#define LTE_LAC   0xFFFE /* LTE has no location areas */

#define HOME (&nas_plmns[0])

enum nas_event {
	NAS_EVENT_REPORT = 1 << 0, /* Event Report of the signal */
	NAS_EVENT_SERVING_SYSTEM = 1 << 1,
	NAS_EVENT_SYSTEM_INFO = 1 << 2,
	NAS_EVENT_SIGNAL_INFO = 1 << 3,
};

/* The mask bits of Get Signal Strength. */
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

enum plmn_status {
	PLMN_SERVING = 1 << 0,
	PLMN_AVAILABLE = 1 << 1,
	PLMN_HOME = 1 << 2,
	PLMN_ROAMING = 1 << 3,
	PLMN_FORBIDDEN = 1 << 4,
	PLMN_NOT_FORBIDDEN = 1 << 5,
	PLMN_NOT_PREFERRED = 1 << 7,
};

struct plmn {
	uint16_t mcc;
	uint16_t mnc;
	uint8_t status; /* as a network scan reports it */
	uint8_t radio;
	const char *name;
};

/* The mobile country codes 001 and 999 are for tests and private networks. */
static const struct plmn nas_plmns[] = {
	{1, 1, PLMN_SERVING | PLMN_HOME | PLMN_NOT_FORBIDDEN | PLMN_NOT_PREFERRED, RADIO_LTE,
	 "Sim Mobile"},
	{1, 2, PLMN_AVAILABLE | PLMN_ROAMING | PLMN_NOT_FORBIDDEN | PLMN_NOT_PREFERRED, RADIO_UMTS,
	 "Other Mobile"},
	{999, 70, PLMN_AVAILABLE | PLMN_ROAMING | PLMN_FORBIDDEN | PLMN_NOT_PREFERRED, RADIO_LTE,
	 "Campus"},
};

struct signal {
	int rssi; /* dBm */
	int rsrq; /* dB */
	int rsrp; /* dBm */
	int snr;  /* 0.1 dB */
};

static const struct signal nas_signals[] = {
	{-67, -9, -95, 142},
	{-71, -10, -99, 112},
	{-63, -8, -91, 168},
	{-79, -12, -108, 54},
};

static const struct signal *nas_signal(const struct modem *modem)
{
	return &nas_signals[modem->signal % COUNT(nas_signals)];
}

static void nas_add_signal_info(const struct modem *modem, uint8_t *frame)
{
	const struct signal *signal = nas_signal(modem);

	tlv_add(frame, 0x14, "bbhh", signal->rssi, signal->rsrq, signal->rsrp, signal->snr);
}

static void nas_add_event_report(const struct modem *modem, uint8_t *frame)
{
	const struct signal *signal = nas_signal(modem);

	tlv_add(frame, 0x10, "bb", signal->rssi, RADIO_LTE);
	tlv_add(frame, 0x13, "bb", -signal->rssi, RADIO_LTE);
	tlv_add(frame, 0x18, "bb", signal->rsrq, RADIO_LTE);
	tlv_add(frame, 0x19, "h", signal->snr);
	tlv_add(frame, 0x1A, "h", signal->rsrp);
}

/* TLV types that differ between the response and the indication. */
struct serving_tlvs {
	uint8_t lac;
	uint8_t cell;
	uint8_t detailed;
	uint8_t tac;
	uint8_t pcs_digit;
	uint8_t name_source;
};

static void nas_add_registration(const struct modem *modem, uint8_t *frame)
{
	bool online = modem_state_online(modem);
	unsigned int attached = online ? 1 : 2;

	tlv_add(frame, 0x01, "bbbbbb", online, attached, attached, /* for calls and for packets */
		2,                                                 /* 3GPP */
		1, online ? RADIO_LTE : RADIO_NONE);
}

static void nas_add_plmn(uint8_t *frame)
{
	tlv_add(frame, 0x10, "b", 1);        /* not roaming */
	tlv_add(frame, 0x11, "bb", 1, 0x0B); /* capability: LTE */
	tlv_add(frame, 0x12, "hhs", HOME->mcc, HOME->mnc, HOME->name);
	tlv_add(frame, 0x15, "bbb", 1, RADIO_LTE, 1); /* not roaming */
	tlv_add(frame, 0x1A, "b", 4);                 /* time zone, quarters of an hour */
	tlv_add(frame, 0x1B, "b", 0);                 /* no daylight saving */
}

static void nas_add_serving(const struct modem *modem, uint8_t *frame,
			    const struct serving_tlvs *tlvs)
{
	nas_add_registration(modem, frame);
	if (!modem_state_online(modem)) {
		tlv_add(frame, tlvs->detailed, "bbbbb", 0, 0, 0, 0, 0);
		return;
	}
	nas_add_plmn(frame);
	tlv_add(frame, tlvs->lac, "h", LTE_LAC);
	tlv_add(frame, tlvs->cell, "w", CELL_ID);
	tlv_add(frame, tlvs->detailed, "bbbbb", 2, 3, 0, 0, 0); /* available, calls and packets */
	tlv_add(frame, tlvs->tac, "h", CELL_TAC);
	tlv_add(frame, tlvs->pcs_digit, "hhb", HOME->mcc, HOME->mnc, 0); /* a two-digit MNC */
	tlv_add(frame, tlvs->name_source, "w", 3);                       /* from the network */
}

static void nas_add_serving_system(const struct modem *modem, uint8_t *answer)
{
	static const struct serving_tlvs tlvs = {0x1C, 0x1D, 0x21, 0x24, 0x27, 0x29};

	nas_add_serving(modem, answer, &tlvs);
}

static void nas_add_serving_indication(const struct modem *modem, uint8_t *frame)
{
	static const struct serving_tlvs tlvs = {0x1D, 0x1E, 0x22, 0x25, 0x29, 0x2B};

	nas_add_serving(modem, frame, &tlvs);
}

/* Each field is preceded by a byte that says whether it is valid. */
static void nas_add_lte_info(uint8_t *frame)
{
	struct tlv tlv = {0};

	tlv_put(&tlv, "bb", 1, 3); /* domain: calls and packets */
	tlv_put(&tlv, "bb", 1, 3); /* service capability: the same */
	tlv_put(&tlv, "bb", 1, 0); /* roaming: no */
	tlv_put(&tlv, "bb", 1, 0); /* forbidden: no */
	tlv_put(&tlv, "bh", 0, LTE_LAC);
	tlv_put(&tlv, "bw", 1, CELL_ID);
	tlv_put(&tlv, "bbb", 0, 0, 0); /* no registration was rejected */
	tlv_put(&tlv, "btb", 1, "00101", 0xFF);
	tlv_put(&tlv, "bh", 1, CELL_TAC);
	tlv_end(&tlv, frame, 0x19);
}

static void nas_add_system_info(const struct modem *modem, uint8_t *frame)
{
	tlv_add(frame, 0x12, "bbb", 0, 0, 0); /* GSM */
	tlv_add(frame, 0x13, "bbb", 0, 0, 0); /* WCDMA */
	if (!modem_state_online(modem)) {
		tlv_add(frame, 0x14, "bbb", 0, 0, 0);
		return;
	}
	tlv_add(frame, 0x14, "bbb", 2, 2, 0); /* LTE: available */
	nas_add_lte_info(frame);
	tlv_add(frame, 0x1E, "h", 0xFFFF); /* geographic system index */
	tlv_add(frame, 0x21, "b", 1);      /* voice is supported */
}

static void nas_add_home(const struct modem *modem, uint8_t *answer)
{
	(void)modem;
	tlv_add(answer, 0x01, "hhs", HOME->mcc, HOME->mnc, HOME->name);
	tlv_add(answer, 0x12, "bb", 1, 0); /* a 3GPP MNC with two digits */
	tlv_add(answer, 0x13, "w", 6);     /* the service provider's name, from the SIM */
}

static void nas_add_operator_name(const struct modem *modem, uint8_t *answer)
{
	(void)modem;
	tlv_add(answer, 0x10, "bs", 1, HOME->name); /* shown on the SIM's own network */
	tlv_add(answer, 0x13, "t", HOME->name);
}

/* A scan lists a network once for each of its radio technologies. */
static void nas_add_scan(uint8_t *answer)
{
	struct tlv networks = {0}, radios = {0}, digits = {0};

	tlv_put(&networks, "h", (unsigned int)COUNT(nas_plmns));
	tlv_put(&radios, "h", (unsigned int)COUNT(nas_plmns));
	tlv_put(&digits, "h", (unsigned int)COUNT(nas_plmns));
	for (size_t i = 0; i < COUNT(nas_plmns); i++) {
		const struct plmn *plmn = &nas_plmns[i];

		tlv_put(&networks, "hhbs", plmn->mcc, plmn->mnc, plmn->status, plmn->name);
		tlv_put(&radios, "hhb", plmn->mcc, plmn->mnc, plmn->radio);
		tlv_put(&digits, "hhb", plmn->mcc, plmn->mnc, 0);
	}
	tlv_end(&networks, answer, 0x10);
	tlv_end(&radios, answer, 0x11);
	tlv_end(&digits, answer, 0x12);
	tlv_add(answer, 0x13, "w", 0); /* the scan is complete */
}

static void nas_add_cell(const struct modem *modem, uint8_t *answer)
{
	const struct signal *signal = nas_signal(modem);
	struct tlv tlv = {0};

	tlv_put(&tlv, "b", !call_any(modem));   /* idle */
	tlv_put(&tlv, "bbb", 0x00, 0xF1, 0x10); /* 001 01 in swapped BCD */
	tlv_put(&tlv, "hwhh", CELL_TAC, CELL_ID, EARFCN, CELL_PCI);
	tlv_put(&tlv, "bbbb", 4, 10, 6, 62); /* reselection: priority and thresholds */
	tlv_put(&tlv, "bhhhhh", 1, CELL_PCI, signal->rsrq * 10, signal->rsrp * 10,
		signal->rssi * 10, 29);
	tlv_end(&tlv, answer, 0x13);
}

static void nas_add_rf_bands(const struct modem *modem, uint8_t *answer)
{
	(void)modem;
	tlv_add(answer, 0x01, "bbhh", 1, RADIO_LTE, LTE_BAND3, EARFCN);
	tlv_add(answer, 0x11, "bbhw", 1, RADIO_LTE, LTE_BAND3, EARFCN);
	tlv_add(answer, 0x12, "bbw", 1, RADIO_LTE, 5); /* 20 MHz */
}

static void nas_indicate(struct modem *modem, uint16_t message,
			 void (*add)(const struct modem *modem, uint8_t *frame),
			 enum nas_event event)
{
	uint8_t frame[LINE_FRAME_MAX];

	clients_begin(frame, QMI_SERVICE_NAS, message);
	add(modem, frame);
	clients_indicate(modem, frame, event);
}

void nas_change_signal(struct modem *modem)
{
	modem->signal++;
	if (!modem_state_online(modem))
		return;
	nas_indicate(modem, 0x0002, nas_add_event_report, NAS_EVENT_REPORT);
	nas_indicate(modem, 0x0051, nas_add_signal_info, NAS_EVENT_SIGNAL_INFO);
}

void nas_indicate_serving_system(struct modem *modem)
{
	nas_indicate(modem, 0x0024, nas_add_serving_indication, NAS_EVENT_SERVING_SYSTEM);
	nas_indicate(modem, 0x004E, nas_add_system_info, NAS_EVENT_SYSTEM_INFO);
}

static int nas_set_event_report(const struct request *request)
{
	static const uint8_t tlvs[] = {0x10, 0x13, 0x1B, 0x1C}; /* strength, RSSI, SNR, RSRP */
	bool on = false, asked = false;

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

/* Each list begins with a count of 1, and each value is followed by its radio. */
static int nas_get_signal_strength(const struct request *request)
{
	const uint8_t *mask = frame_tlv(request->frame, 0x10, 2, NULL);
	const struct signal *signal = nas_signal(request->modem);
	unsigned int wanted = mask ? le16_get(mask) : 0;
	uint8_t *answer = request->answer;

	tlv_add(answer, 0x01, "bb", signal->rssi, RADIO_LTE);
	if (wanted & WANT_RSSI)
		tlv_add(answer, 0x11, "hbb", 1, -signal->rssi, RADIO_LTE);
	if (wanted & WANT_ECIO)
		tlv_add(answer, 0x12, "hbb", 1, 5, RADIO_LTE); /* in -0.5 dB */
	if (wanted & WANT_IO)
		tlv_add(answer, 0x13, "w", signal->rssi - 39);
	if (wanted & WANT_SINR)
		tlv_add(answer, 0x14, "b", 8); /* a level: 9 dB */
	if (wanted & WANT_ERROR_RATE)
		tlv_add(answer, 0x15, "hhb", 1, 0, RADIO_LTE);
	if (wanted & WANT_RSRQ)
		tlv_add(answer, 0x16, "bb", signal->rsrq, RADIO_LTE);
	if (wanted & WANT_SNR)
		tlv_add(answer, 0x17, "h", signal->snr);
	if (wanted & WANT_RSRP)
		tlv_add(answer, 0x18, "h", signal->rsrp);
	return QMI_ERROR_NONE;
}

static int nas_finish_scan(const struct request *request)
{
	if (!modem_state_online(request->modem))
		return QMI_ERROR_INFORMATION_UNAVAILABLE;
	nas_add_scan(request->answer);
	return QMI_ERROR_NONE;
}

static int nas_scan(const struct request *request)
{
	return tasks_add(request, request->modem->settings->scan_time, nas_finish_scan);
}

static int nas_set_selection(const struct request *request)
{
	const uint8_t *modes = frame_tlv(request->frame, 0x11, 2, NULL);
	const uint8_t *roaming = frame_tlv(request->frame, 0x14, 2, NULL);
	const uint8_t *bands = frame_tlv(request->frame, 0x15, 8, NULL);
	struct selection *selection = &request->modem->selection;

	if (modes)
		selection->modes = le16_get(modes);
	if (roaming)
		selection->roaming = le16_get(roaming);
	if (bands)
		selection->lte_bands = tlv_get_u64(bands);
	return QMI_ERROR_NONE;
}

static void nas_add_selection(const struct modem *modem, uint8_t *answer)
{
	tlv_add(answer, 0x10, "b", 0); /* no emergency */
	tlv_add(answer, 0x11, "h", modem->selection.modes);
	tlv_add(answer, 0x14, "h", modem->selection.roaming);
	tlv_add(answer, 0x15, "q", modem->selection.lte_bands);
	tlv_add(answer, 0x16, "b", 0); /* the network is chosen automatically */
	tlv_add(answer, 0x18, "w", 2); /* for calls and packets */
	tlv_add(answer, 0x19, "w", 0);
	tlv_add(answer, 0x1C, "bbb", 2, RADIO_LTE, RADIO_UMTS);
	tlv_add(answer, 0x1F, "w", 2); /* centred on data */
	tlv_add(answer, 0x20, "w", 1); /* voice over packets only */
}

static const struct message nas_messages[] = {
	{.id = 0x0000, .handle = service_reset},
	{.id = QMI_NAS_ABORT, .mandatory = {0x01, 2}, .handle = tasks_abort},
	{.id = 0x0002, .handle = nas_set_event_report},
	{.id = 0x0003,
	 .switches = {{0x13, NAS_EVENT_SERVING_SYSTEM},
		      {0x18, NAS_EVENT_SYSTEM_INFO},
		      {0x19, NAS_EVENT_SIGNAL_INFO}}},
	{.id = 0x001E, .handle = service_list_messages},
	{.id = 0x0020, .online = true, .handle = nas_get_signal_strength},
	{.id = 0x0021, .online = true, .handle = nas_scan},
	{.id = 0x0022}, /* Initiate Network Register */
	{.id = 0x0024, .add = nas_add_serving_system},
	{.id = 0x0025, .add = nas_add_home},
	{.id = 0x0031, .online = true, .add = nas_add_rf_bands},
	{.id = 0x0033, .handle = nas_set_selection},
	{.id = 0x0034, .add = nas_add_selection},
	{.id = 0x0039, .add = nas_add_operator_name},
	{.id = 0x0043, .online = true, .add = nas_add_cell},
	{.id = 0x004D, .add = nas_add_system_info},
	{.id = 0x004F, .online = true, .add = nas_add_signal_info},
	{.id = 0x0050}, /* Config Signal Info */
	{.id = 0x0067}, /* Force Network Search */
	{.id = 0x006C}, /* Config Signal Info v2 */
};

const struct service nas_service = {
	INDEX_NAS, QMI_SERVICE_NAS, "nas", 1, 25, nas_messages, COUNT(nas_messages), NULL,
};

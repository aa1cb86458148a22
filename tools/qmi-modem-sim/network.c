/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "network.h"

#include "frame.h"
#include "tlv.h"

#define CELL_ID   0x01A2D003
#define CELL_TAC  0x2B67
#define CELL_PCI  301
#define EARFCN    1850
#define LTE_BAND3 122
#define LTE_LAC   0xFFFE /* LTE has no location areas */

enum plmn_status {
	PLMN_SERVING = 1 << 0,
	PLMN_AVAILABLE = 1 << 1,
	PLMN_HOME = 1 << 2,
	PLMN_ROAMING = 1 << 3,
	PLMN_FORBIDDEN = 1 << 4,
	PLMN_NOT_FORBIDDEN = 1 << 5,
	PLMN_NOT_PREFERRED = 1 << 7,
};

/* The mobile country codes 001 and 999 are for tests and private networks. */
static const struct plmn plmns[] = {
	{1, 1, PLMN_SERVING | PLMN_HOME | PLMN_NOT_FORBIDDEN | PLMN_NOT_PREFERRED, "Sim Mobile"},
	{1, 2, PLMN_AVAILABLE | PLMN_ROAMING | PLMN_NOT_FORBIDDEN | PLMN_NOT_PREFERRED,
	 "Other Mobile"},
	{999, 70, PLMN_AVAILABLE | PLMN_ROAMING | PLMN_FORBIDDEN | PLMN_NOT_PREFERRED, "Campus"},
};

static const struct signal signals[] = {
	{-67, -9, -95, 142},
	{-71, -10, -99, 112},
	{-63, -8, -91, 168},
	{-79, -12, -108, 54},
};

const struct plmn *network_home(void)
{
	return &plmns[0];
}

const struct signal *network_signal(const struct modem *modem)
{
	return &signals[modem->signal % COUNT(signals)];
}

void network_change_signal(struct modem *modem)
{
	modem->signal++;
}

void network_add_signal_info(const struct modem *modem, uint8_t *frame)
{
	const struct signal *signal = network_signal(modem);
	struct tlv tlv;

	tlv_begin(&tlv);
	tlv_i8(&tlv, signal->rssi);
	tlv_i8(&tlv, signal->rsrq);
	tlv_i16(&tlv, signal->rsrp);
	tlv_i16(&tlv, signal->snr);
	tlv_end(&tlv, frame, 0x14);
}

static void add_pair(uint8_t *frame, uint8_t type, int value)
{
	uint8_t pair[2] = {(uint8_t)value, RADIO_LTE};

	frame_add_tlv(frame, type, pair, sizeof(pair));
}

void network_add_event_report(const struct modem *modem, uint8_t *frame)
{
	const struct signal *signal = network_signal(modem);

	add_pair(frame, 0x10, signal->rssi);
	add_pair(frame, 0x13, -signal->rssi);
	add_pair(frame, 0x18, signal->rsrq);
	frame_add_i16(frame, 0x19, signal->snr);
	frame_add_i16(frame, 0x1A, signal->rsrp);
}

/* Serving System's TLVs that its answer and its indication number differently. */
struct serving_tlvs {
	uint8_t lac;
	uint8_t cell;
	uint8_t detailed;
	uint8_t tac;
	uint8_t pcs_digit;
	uint8_t name_source;
};

static void add_registration(const struct modem *modem, uint8_t *frame)
{
	bool online = modem_online(modem);
	struct tlv tlv;

	tlv_begin(&tlv);
	tlv_u8(&tlv, online ? 1 : 0); /* registered */
	tlv_u8(&tlv, online ? 1 : 2); /* attached, or detached: for calls */
	tlv_u8(&tlv, online ? 1 : 2); /* and for packets */
	tlv_u8(&tlv, 2);              /* 3GPP */
	tlv_u8(&tlv, 1);
	tlv_u8(&tlv, online ? RADIO_LTE : RADIO_NONE);
	tlv_end(&tlv, frame, 0x01);
}

static void add_plmn(uint8_t *frame)
{
	const struct plmn *home = network_home();
	static const uint8_t roaming[] = {1, RADIO_LTE, 1};
	static const uint8_t capability[] = {1, 0x0B}; /* LTE */
	struct tlv tlv;

	frame_add_u8(frame, 0x10, 1); /* not roaming */
	frame_add_tlv(frame, 0x11, capability, sizeof(capability));
	tlv_begin(&tlv);
	tlv_u16(&tlv, home->mcc);
	tlv_u16(&tlv, home->mnc);
	tlv_text(&tlv, home->name);
	tlv_end(&tlv, frame, 0x12);
	frame_add_tlv(frame, 0x15, roaming, sizeof(roaming));
	frame_add_u8(frame, 0x1A, 4); /* time zone, quarters of an hour */
	frame_add_u8(frame, 0x1B, 0); /* no daylight saving */
}

static void add_serving(const struct modem *modem, uint8_t *frame, const struct serving_tlvs *tlvs)
{
	static const uint8_t served[] = {2, 3, 0, 0, 0}; /* available, calls and packets */
	static const uint8_t unserved[5];
	const struct plmn *home = network_home();
	struct tlv tlv;

	add_registration(modem, frame);
	if (!modem_online(modem)) {
		frame_add_tlv(frame, tlvs->detailed, unserved, sizeof(unserved));
		return;
	}
	add_plmn(frame);
	frame_add_u16(frame, tlvs->lac, LTE_LAC);
	frame_add_u32(frame, tlvs->cell, CELL_ID);
	frame_add_tlv(frame, tlvs->detailed, served, sizeof(served));
	frame_add_u16(frame, tlvs->tac, CELL_TAC);
	tlv_begin(&tlv);
	tlv_u16(&tlv, home->mcc);
	tlv_u16(&tlv, home->mnc);
	tlv_u8(&tlv, 0); /* the MNC has two digits */
	tlv_end(&tlv, frame, tlvs->pcs_digit);
	frame_add_u32(frame, tlvs->name_source, 3); /* the network said it */
}

void network_add_serving_system(const struct modem *modem, uint8_t *answer)
{
	static const struct serving_tlvs tlvs = {0x1C, 0x1D, 0x21, 0x24, 0x27, 0x29};

	add_serving(modem, answer, &tlvs);
}

void network_add_serving_indication(const struct modem *modem, uint8_t *frame)
{
	static const struct serving_tlvs tlvs = {0x1D, 0x1E, 0x22, 0x25, 0x29, 0x2B};

	add_serving(modem, frame, &tlvs);
}

/* Each field of it comes after a byte that says whether it is valid. */
static void add_lte_info(uint8_t *frame)
{
	struct tlv tlv;

	tlv_begin(&tlv);
	tlv_u16(&tlv, 0x0301); /* domain: calls and packets */
	tlv_u16(&tlv, 0x0301); /* service capability: the same */
	tlv_u16(&tlv, 0x0001); /* roaming: no */
	tlv_u16(&tlv, 0x0001); /* forbidden: no */
	tlv_u8(&tlv, 0);
	tlv_u16(&tlv, LTE_LAC);
	tlv_u8(&tlv, 1);
	tlv_u32(&tlv, CELL_ID);
	tlv_bytes(&tlv, "\0\0\0", 3); /* no registration was rejected */
	tlv_u8(&tlv, 1);
	tlv_bytes(&tlv, "00101\xFF", 6);
	tlv_u8(&tlv, 1);
	tlv_u16(&tlv, CELL_TAC);
	tlv_end(&tlv, frame, 0x19);
}

void network_add_system_info(const struct modem *modem, uint8_t *frame)
{
	static const uint8_t none[3];
	static const uint8_t available[] = {2, 2, 0};

	frame_add_tlv(frame, 0x12, none, sizeof(none)); /* GSM */
	frame_add_tlv(frame, 0x13, none, sizeof(none)); /* WCDMA */
	if (!modem_online(modem)) {
		frame_add_tlv(frame, 0x14, none, sizeof(none));
		return;
	}
	frame_add_tlv(frame, 0x14, available, sizeof(available));
	add_lte_info(frame);
	frame_add_u16(frame, 0x1E, 0xFFFF); /* geographic system index */
	frame_add_u8(frame, 0x21, 1);       /* voice is supported */
}

/* A scan lists a network once for each radio technology it has. */
void network_add_scan(uint8_t *answer)
{
	struct tlv networks, radios, digits;

	tlv_begin(&networks);
	tlv_begin(&radios);
	tlv_begin(&digits);
	tlv_u16(&networks, COUNT(plmns));
	tlv_u16(&radios, COUNT(plmns));
	tlv_u16(&digits, COUNT(plmns));
	for (size_t i = 0; i < COUNT(plmns); i++) {
		tlv_u16(&networks, plmns[i].mcc);
		tlv_u16(&networks, plmns[i].mnc);
		tlv_u8(&networks, plmns[i].status);
		tlv_text(&networks, plmns[i].name);
		tlv_u16(&radios, plmns[i].mcc);
		tlv_u16(&radios, plmns[i].mnc);
		tlv_u8(&radios, i == 1 ? RADIO_UMTS : RADIO_LTE);
		tlv_u16(&digits, plmns[i].mcc);
		tlv_u16(&digits, plmns[i].mnc);
		tlv_u8(&digits, 0);
	}
	tlv_end(&networks, answer, 0x10);
	tlv_end(&radios, answer, 0x11);
	tlv_end(&digits, answer, 0x12);
	frame_add_u32(answer, 0x13, 0); /* the scan is complete */
}

void network_add_cell(const struct modem *modem, uint8_t *answer)
{
	static const uint8_t plmn[] = {0x00, 0xF1, 0x10}; /* 001 01 in swapped BCD */
	const struct signal *signal = network_signal(modem);
	struct tlv tlv;

	tlv_begin(&tlv);
	tlv_u8(&tlv, !call_any(modem)); /* idle */
	tlv_bytes(&tlv, plmn, sizeof(plmn));
	tlv_u16(&tlv, CELL_TAC);
	tlv_u32(&tlv, CELL_ID);
	tlv_u16(&tlv, EARFCN);
	tlv_u16(&tlv, CELL_PCI);
	tlv_u8(&tlv, 4);  /* reselection: priority */
	tlv_u8(&tlv, 10); /* and thresholds */
	tlv_u8(&tlv, 6);
	tlv_u8(&tlv, 62);
	tlv_u8(&tlv, 1);
	tlv_u16(&tlv, CELL_PCI);
	tlv_i16(&tlv, signal->rsrq * 10);
	tlv_i16(&tlv, signal->rsrp * 10);
	tlv_i16(&tlv, signal->rssi * 10);
	tlv_i16(&tlv, 29);
	tlv_end(&tlv, answer, 0x13);
}

void network_add_rf_bands(uint8_t *answer)
{
	struct tlv tlv;

	tlv_begin(&tlv);
	tlv_u8(&tlv, 1);
	tlv_u8(&tlv, RADIO_LTE);
	tlv_u16(&tlv, LTE_BAND3);
	tlv_u16(&tlv, EARFCN);
	tlv_end(&tlv, answer, 0x01);
	tlv_begin(&tlv);
	tlv_u8(&tlv, 1);
	tlv_u8(&tlv, RADIO_LTE);
	tlv_u16(&tlv, LTE_BAND3);
	tlv_u32(&tlv, EARFCN);
	tlv_end(&tlv, answer, 0x11);
	tlv_begin(&tlv);
	tlv_u8(&tlv, 1);
	tlv_u8(&tlv, RADIO_LTE);
	tlv_u32(&tlv, 5); /* 20 MHz */
	tlv_end(&tlv, answer, 0x12);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is on the air: the simulated operator, its cell, and the signal. */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdint.h>

#include "modem.h"

#define RADIO_NONE 0
#define RADIO_UMTS 5
#define RADIO_LTE  8

struct signal {
	int rssi; /* dBm */
	int rsrq; /* dB */
	int rsrp; /* dBm */
	int snr;  /* 0.1 dB */
};

struct plmn {
	uint16_t mcc;
	uint16_t mnc;
	uint8_t status; /* as a network scan tells it */
	const char *name;
};

const struct plmn *network_home(void);
const struct signal *network_signal(const struct modem *modem);
void network_change_signal(struct modem *modem);

/* The TLVs of these messages and indications; the two do not always number them alike. */
void network_add_signal_info(const struct modem *modem, uint8_t *frame);
void network_add_event_report(const struct modem *modem, uint8_t *frame);
void network_add_serving_system(const struct modem *modem, uint8_t *answer);
void network_add_serving_indication(const struct modem *modem, uint8_t *frame);
void network_add_system_info(const struct modem *modem, uint8_t *frame);
void network_add_scan(uint8_t *answer);
void network_add_cell(const struct modem *modem, uint8_t *answer);
void network_add_rf_bands(uint8_t *answer);

#endif

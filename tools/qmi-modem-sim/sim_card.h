/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SIM card in the modem, of the test network 001 01. */
#ifndef SIM_CARD_H
#define SIM_CARD_H

#define SIM_CARD_ICCID  "8949000000000001230"
#define SIM_CARD_IMSI   "001010123456789"
#define SIM_CARD_MSISDN "+4900000012345"

#endif

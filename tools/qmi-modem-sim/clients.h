/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CIDs of each service, and the indications that go to those who have one. */
#ifndef CLIENTS_H
#define CLIENTS_H

#include "modem_state.h"

/* NULL: this CID is not allocated. */
struct client *clients_find(struct modem *modem, const struct service *service, unsigned int cid);
unsigned int clients_count(const struct modem *modem, const struct service *service);

/* The lowest free CID; QMI_CID_NONE if the service has as many clients as it may have. */
uint8_t clients_allocate(struct modem *modem, const struct service *service);
/* Frees the CID and what it registered for, and tells the service. */
void clients_release(struct modem *modem, const struct service *service, uint8_t cid);
void clients_forget(struct modem *modem);

/*
 * An indication: clients_begin() starts it in a frame with room for
 * LINE_FRAME_MAX, TLVs are added, then it goes to each client of the service
 * that registered for one of the events.
 */
void clients_begin(uint8_t *frame, enum qmi_service service, uint16_t message);
void clients_indicate(struct modem *modem, uint8_t *frame, uint32_t events);

/* Instead of events: to each client, or once to the CID that stands for all. */
#define CLIENTS_EACH      0
#define CLIENTS_BROADCAST UINT32_MAX

#endif

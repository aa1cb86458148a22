/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CIDs of each service, and the indications sent to them. */
#ifndef CLIENTS_H
#define CLIENTS_H

#include "modem_state.h"

/* Returns NULL if the CID is not allocated. */
struct client *clients_find(struct modem *modem, const struct service *service, unsigned int cid);
unsigned int clients_count(const struct modem *modem, const struct service *service);

/* Allocates the lowest free CID. Returns QMI_CID_NONE if the service has reached its limit. */
uint8_t clients_allocate(struct modem *modem, const struct service *service);
/* Frees the CID with its registrations, and notifies the service. */
void clients_release(struct modem *modem, const struct service *service, uint8_t cid);
void clients_forget(struct modem *modem);

/*
 * To send an indication, start it with clients_begin() in a buffer of LINE_FRAME_MAX
 * bytes, add TLVs, then call clients_indicate(), which sends it to each client of the
 * service that registered for one of the events.
 */
void clients_begin(uint8_t *frame, enum qmi_service service, uint16_t message);
void clients_indicate(struct modem *modem, uint8_t *frame, uint32_t events);

/* In place of events: to every client, or once to the broadcast CID. */
#define CLIENTS_EACH      0
#define CLIENTS_BROADCAST UINT32_MAX

#endif

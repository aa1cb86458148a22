/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The services, and the functions that the rest of the modem needs from them. */
#ifndef SERVICES_H
#define SERVICES_H

#include "modem_state.h"

extern const struct service ctl_service;
extern const struct service wds_service;
extern const struct service dms_service;
extern const struct service nas_service;
extern const struct service wms_service;
extern const struct service uim_service;
extern const struct service wda_service;

/* Takes a CID away from its client, and sends the indication. */
void ctl_revoke(struct modem *modem, const struct service *service, uint8_t cid);
/* Does what Sync does: drops every client, call and registration. */
void ctl_forget(struct modem *modem);

/* The mode's name on the control socket. */
const char *dms_mode_name(enum operating_mode mode);

/* Changes the signal, and indicates it to the clients that registered. */
void nas_change_signal(struct modem *modem);
void nas_indicate_serving_system(struct modem *modem);

/*
 * Stores an SMS with this text of up to SMS_TEXT_MAX ASCII characters, and reports it to
 * the clients that registered. Returns false if the store is full.
 */
bool wms_deliver(struct modem *modem, const char *text);

#endif

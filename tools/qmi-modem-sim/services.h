/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The services, and what the rest of the modem asks of them. */
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

void ctl_indicate_sync(struct modem *modem);
/* Takes the CID from its client, and tells. */
void ctl_revoke(struct modem *modem, const struct service *service, uint8_t cid);
/* What Sync does: no client, no call and no registration is left. */
void ctl_forget(struct modem *modem);

/* As the control socket spells it. */
const char *dms_mode_name(enum operating_mode mode);

/* The signal changes, and those who registered for it hear of it. */
void nas_change_signal(struct modem *modem);
void nas_indicate_serving_system(struct modem *modem);

#endif

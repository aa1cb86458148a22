/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SERVICE_CTL_H
#define SERVICE_CTL_H

#include "modem.h"

void ctl_indicate_sync(struct modem *modem);
void ctl_indicate_revoke(struct modem *modem, const struct service *service, uint8_t cid);

#endif

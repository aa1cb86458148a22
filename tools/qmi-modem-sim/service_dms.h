/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SERVICE_DMS_H
#define SERVICE_DMS_H

#include "modem.h"

/* To those who asked for reports of the operating mode. */
void dms_indicate_mode(struct modem *modem);

/* As a command of the control socket and its answers spell it. */
const char *dms_mode_name(enum operating_mode mode);

#endif

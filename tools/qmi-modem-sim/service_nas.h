/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SERVICE_NAS_H
#define SERVICE_NAS_H

#include "modem.h"

/* The signal changes, and those who registered for it hear. */
void nas_change_signal(struct modem *modem);
void nas_indicate_serving_system(struct modem *modem);

#endif

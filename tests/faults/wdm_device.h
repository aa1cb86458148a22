/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device that plays a cdc-wdm, in a process of its own. */
#ifndef WDM_DEVICE_H
#define WDM_DEVICE_H

#include "wdm.h"

#define WDM_NAME "cdc-wdm-faults"

/* Two bytes on its socket: an order, and its value. It answers each with one byte. */
enum order {
	ORDER_FAIL_WRITES,
	ORDER_LOSE_WRITES,
	ORDER_FAIL_WRITE,
	ORDER_FAIL_WRITE_TWICE,
	ORDER_FAIL_READ,
	ORDER_BEGIN_COMMAND,
	ORDER_END_COMMAND,
	ORDER_RAISE_ERROR,
	ORDER_REFUSE,
	ORDER_UNPLUG,
	ORDER_BEGIN_RESET,
	ORDER_END_RESET,
};

/* Until the orders or the port end. A byte on `orders` tells that the device is there. */
__attribute__((noreturn)) void wdm_device(int orders, struct wdm_report *report, const char *port);

#endif

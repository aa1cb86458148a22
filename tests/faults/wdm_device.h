/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device that plays a cdc-wdm, in its own process. */
#ifndef WDM_DEVICE_H
#define WDM_DEVICE_H

#include "wdm.h"

#define WDM_NAME "cdc-wdm-faults"

/* Two bytes on its socket: an order and its value. It answers each with one byte. */
enum order {
	ORDER_FAIL_WRITES,
	ORDER_LOSE_WRITES,
	ORDER_FAIL_WRITE,
	ORDER_FAIL_WRITE_TWICE,
	ORDER_FAIL_READ,
	ORDER_FAIL_READS,
	ORDER_BEGIN_COMMAND,
	ORDER_END_COMMAND,
	ORDER_RAISE_ERROR,
	ORDER_REFUSE,
	ORDER_LIMIT,
	ORDER_UNPLUG,
	ORDER_BEGIN_RESET,
	ORDER_END_RESET,
	ORDER_HOLD,
};

/* Runs until orders or the port ends. Writes a byte to orders once the device exists. */
__attribute__((noreturn)) void wdm_device(int orders, struct wdm_report *report, const char *port);

#endif

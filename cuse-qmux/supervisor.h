/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports the service's state to its supervisor, by the protocol of sd_notify(3). */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include <stdint.h>

/*
 * Sends a state, which is lines such as "READY=1", to the socket named by
 * NOTIFY_SOCKET. Does nothing if that is not set; a failure is logged.
 */
void supervisor_notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Begins to give signs of life if the supervisor asks for them with WATCHDOG_USEC.
 * supervisor_tick() must then be called by supervisor_deadline(), a time in ms like now,
 * or UINT64_MAX. Calling it earlier is harmless.
 */
void supervisor_watch(uint64_t now);
uint64_t supervisor_deadline(void);
void supervisor_tick(uint64_t now);

#endif

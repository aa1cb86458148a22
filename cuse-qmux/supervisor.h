/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports the service's state to its supervisor, by the protocol of sd_notify(3). */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#define SUPERVISOR_NAME_MAX 64 /* bytes of a stored descriptor's name, with its end */

/*
 * Sends a state, which is lines such as "READY=1", to the socket named by
 * NOTIFY_SOCKET. Does nothing if that is not set; a failure is logged.
 */
void supervisor_notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Has the supervisor keep a copy of the descriptor for the next process of the service,
 * under a name without a colon. False if there is none to do so, or it did not get it,
 * which has been logged; it may still have no room for it. supervisor_unstore() has it
 * close all copies of that name.
 */
bool supervisor_store(const char *name, int fd);
void supervisor_unstore(const char *name);

/* Waits, but not long, until the supervisor has dealt with all that it was sent. */
void supervisor_await(void);

/*
 * Begins to give signs of life if the supervisor asks for them with WATCHDOG_USEC.
 * supervisor_tick() must then be called by supervisor_deadline(), a time in ms like now,
 * or UINT64_MAX. Calling it earlier is harmless.
 */
void supervisor_watch(uint64_t now);
uint64_t supervisor_deadline(void);
void supervisor_tick(uint64_t now);

#endif

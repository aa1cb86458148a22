/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports the service's state to its supervisor, by the protocol of sd_notify(3). */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

/*
 * Sends a state, which is lines such as "READY=1", to the socket named by
 * NOTIFY_SOCKET. Does nothing if that is not set; a failure is logged.
 */
void supervisor_notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

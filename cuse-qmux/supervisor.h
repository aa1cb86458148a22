/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Telling the supervisor, systemd or another, how the service is doing: sd_notify(3)'s protocol. */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

/*
 * Sends a state, lines such as "READY=1", to the socket that NOTIFY_SOCKET
 * names. Does nothing where there is none; a failure is logged.
 */
void supervisor_notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

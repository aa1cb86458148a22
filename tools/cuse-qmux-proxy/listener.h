/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The abstract socket @qmi-proxy, to which libqmi's clients connect. */
#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>

/*
 * Returns the listening socket, non-blocking: systemd's, as in sd_listen_fds(3), or one
 * bound here. Returns -1 if the reason has been logged.
 */
int listener_open(void);

/* True if nobody else has the name; otherwise who has, and what to do, has been logged. */
bool listener_check(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libqmi's proxy socket (V26), and the broker that listens there. */
#ifndef PROXY_SOCKET_H
#define PROXY_SOCKET_H

#include "daemon.h"

/* Connects, and says nothing; flags: SOCK_NONBLOCK or 0. Returns a descriptor, or -1 with errno. */
int proxy_socket_connect(int flags);

/* Starts a broker, and waits until it listens. */
void proxy_socket_serve(struct daemon *broker);

#endif

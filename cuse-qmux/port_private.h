/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What port.c and port_restart.c share. */
#ifndef PORT_PRIVATE_H
#define PORT_PRIVATE_H

#include "port.h"

/* Nothing is open. */
void port_init(struct port *port);

/* Stores the longest frame. True if that is one to work with; otherwise the reason has been logged.
 */
bool port_find_limit(struct port *port, int fd);

#endif

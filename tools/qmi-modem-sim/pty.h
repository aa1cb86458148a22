/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modem's end of a pty. Whoever opens the other end, named name, has the
 * port open; this side never keeps it open itself.
 */
#ifndef PTY_H
#define PTY_H

#include <stdbool.h>

#include "port.h"

struct pty {
	struct port port; /* the first: a pointer to it is one to the pty */
	int master;
	int watch; /* inotify: readable when somebody opens the port */
	char name[64];
};

/* false: errno says why. It is closed through its port. */
bool pty_open(struct pty *pty);

#endif

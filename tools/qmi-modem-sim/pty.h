/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modem's end of a pty. Whoever opens the other end, named name, has the
 * port open; this side never keeps it open itself.
 */
#ifndef PTY_H
#define PTY_H

#include <stdbool.h>

#include "port_kind.h"

struct pty {
	struct port port; /* the first: a pointer to it is one to the pty */
	int master;
	int watch; /* inotify: readable when somebody opens the port */
	char name[64];
};

/* false: errno says why. It is closed through its port. */
bool pty_open(struct pty *pty);

/*
 * A symlink to name, which at once replaces the link that may be there. false:
 * errno says why. pty_unlink() leaves one alone that by now leads elsewhere.
 */
bool pty_link(const struct pty *pty, const char *path);
void pty_unlink(const struct pty *pty, const char *path);

#endif

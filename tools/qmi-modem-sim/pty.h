/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modem's end of a pty. Programs open the other end, called name, as their port;
 * this side never keeps that open itself.
 */
#ifndef PTY_H
#define PTY_H

#include <stdbool.h>

#include "port_kind.h"

struct pty {
	struct port port; /* first, so that a pointer to it can be cast to the pty */
	int master;
	int watch; /* inotify: readable when somebody opens the port */
	char name[64];
};

/* On false, errno says why. Close it through its port. */
bool pty_open(struct pty *pty);

/*
 * Makes a symlink at path to the pty, atomically replacing an existing link. On false,
 * errno says why. pty_unlink() leaves the link alone if it now points elsewhere.
 */
bool pty_link(const struct pty *pty, const char *path);
void pty_unlink(const struct pty *pty, const char *path);

#endif

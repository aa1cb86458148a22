/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modem's end of a pty. Whoever opens the other end, named name, has the
 * port open; this side never keeps it open itself.
 */
#ifndef PTY_H
#define PTY_H

#include <stdbool.h>

struct pty {
	int master;
	int watch; /* inotify: readable when somebody opens the port */
	bool open; /* somebody has it open, as far as is known */
	char name[64];
};

bool pty_open(struct pty *pty); /* false: errno says why */
void pty_close(struct pty *pty);

/* Whether nobody has the port open at this moment. */
bool pty_hung_up(const struct pty *pty);

/* Takes the openings that the watch has seen: each sets open. */
void pty_take_openings(struct pty *pty);

/* Nobody has the port open: throws away what they left unread. */
void pty_discard(struct pty *pty);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the loop knows of whoever a session belongs to. It is embedded in the
 * session's owner, a node's open file or what another front end has in its place,
 * and is what mux_open() is given as owner.
 */
#ifndef OWNER_H
#define OWNER_H

struct owner {
	/*
	 * The session has something to read or room to write, or is dead: go on with
	 * what was blocked, and wake whoever waits. The session may be closed here.
	 */
	void (*session_changed)(struct owner *owner);
};

#endif

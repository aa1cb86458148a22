/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface to a session's owner. It is embedded in the owner (a node's open file,
 * or its counterpart in another front end) and passed to mux_open() as owner.
 */
#ifndef OWNER_H
#define OWNER_H

#include <stdint.h>
#include <sys/types.h>

#include "process.h"

struct owner {
	/*
	 * The session has something to read or room to write, or is dead: continue
	 * blocked calls and notify pollers. This function may close the session. now is
	 * in ms.
	 */
	void (*session_changed)(struct owner *owner, uint64_t now);
	/* Of the program, for logs. The name is empty until it is needed. */
	pid_t pid;
	char command[PROCESS_COMMAND_MAX];
};

#endif

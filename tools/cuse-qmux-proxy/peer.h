/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of a connection, and whether it may use modems. */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <sys/types.h>

#include "process.h"

struct peer {
	pid_t pid;
	uid_t uid;
	bool permitted; /* root, or in the group */
};

#define PEER_NAME_MAX (PROCESS_COMMAND_MAX + 64)

/* Chooses the group whose members may use modems, besides root. False if it does not exist. */
bool peer_permit_group(const char *name);

/* Returns 0 or -errno. */
int peer_find(struct peer *peer, int fd);

/* Writes the peer's name, for a message. */
void peer_describe(const struct peer *peer, char name[PEER_NAME_MAX]);

#endif

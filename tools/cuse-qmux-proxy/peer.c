/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "peer.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static struct {
	bool exists;
	gid_t gid;
} peer_group;

bool peer_permit_group(const char *name)
{
	const struct group *group = getgrnam(name);

	peer_group.exists = group != NULL;
	if (group)
		peer_group.gid = group->gr_gid;
	return peer_group.exists;
}

/* As it was when the peer connected. */
static bool peer_has_supplementary(int fd)
{
	socklen_t size = 0;
	gid_t *gids;
	bool found = false;

	/* Fails with ERANGE, and tells the size. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno != ERANGE)
		return false;
	gids = malloc(size);
	if (gids && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, gids, &size) == 0) {
		for (size_t i = 0; i < size / sizeof(*gids); i++)
			found |= gids[i] == peer_group.gid;
	}
	free(gids);
	return found;
}

int peer_find(struct peer *peer, int fd)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return -errno;
	*peer = (struct peer){.pid = credentials.pid, .uid = credentials.uid};
	peer->permitted = peer->uid == 0 ||
			  (peer_group.exists &&
			   (credentials.gid == peer_group.gid || peer_has_supplementary(fd)));
	return 0;
}

void peer_describe(const struct peer *peer, char name[PEER_NAME_MAX])
{
	char command[PROCESS_COMMAND_MAX];

	process_command(command, peer->pid);
	snprintf(name, PEER_NAME_MAX, "%s (pid %d, uid %u)", command, (int)peer->pid, peer->uid);
}

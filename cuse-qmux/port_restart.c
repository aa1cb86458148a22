/* SPDX-License-Identifier: GPL-2.0-or-later */
/* V29: a port that outlives the process. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "by_id.h"
#include "port_private.h"
#include "takeover.h"

void port_save(const struct port *port, struct pack *pack)
{
	size_t left = port->frame ? port->frame_left : 0;

	pack_number(pack, port->device);
	pack_text(pack, port->path);
	pack_text(pack, port->modem.place);
	pack_text(pack, port->modem.id);
	pack_number(pack, port->waits);
	pack_number(pack, port->again);
	pack_number(pack, port->empty);
	pack_number(pack, port->failing);
	pack_number(pack, left);
	pack_bytes(pack, port->frame, left);
}

struct port_saved {
	char path[PATH_MAX];
	char place[sizeof(((struct identity *)0)->place)];
	char id[IDENTITY_ID_MAX];
};

static void port_unpack(struct port *port, struct unpack *saved, struct port_saved *modem)
{
	const uint8_t *rest;

	port->device = unpack_number(saved, UINT64_MAX);
	unpack_text(saved, modem->path, sizeof(modem->path));
	unpack_text(saved, modem->place, sizeof(modem->place));
	unpack_text(saved, modem->id, sizeof(modem->id));
	port->waits = unpack_number(saved, UINT64_MAX);
	port->again = unpack_number(saved, true);
	port->empty = unpack_number(saved, true);
	port->failing = unpack_number(saved, true);
	port->frame_left = (size_t)unpack_number(saved, UINT16_MAX + 1);
	rest = unpack_bytes(saved, port->frame_left);
	if (!rest || port->frame_left == 0)
		return;
	port->rest = malloc(port->frame_left);
	if (!port->rest) {
		saved->failed = true;
		return;
	}
	memcpy(port->rest, rest, port->frame_left);
	port->frame = port->rest;
}

/* True if the descriptor is the port that the command line names. */
static bool port_is_the_one(const struct port *port, const char *path)
{
	char found[PATH_MAX];
	struct stat st;
	dev_t device;

	if (fstat(port->fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != port->device)
		return false;
	/* An unplugged port has no path. That it is gone will show. */
	if (!realpath(path, found))
		return true;
	if (!takeover_resolve(found, &device))
		device = stat(found, &st) == 0 ? st.st_rdev : 0;
	return device == 0 || device == port->device;
}

/* V27: its node may have another name meanwhile. */
static int port_find_node(const struct port *port)
{
	char paths[2][PATH_MAX];

	takeover_real_path(port->path, paths[0]);
	memcpy(paths[1], port->path, PATH_MAX);
	for (unsigned i = 0; i < 2; i++) {
		int fd = open(paths[i], O_PATH | O_CLOEXEC);
		struct stat st;

		if (fd >= 0 && fstat(fd, &st) == 0 && st.st_rdev == port->device)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

/* NULL, or why the modem is not the one. */
static const char *port_check_modem(struct port *port, const struct port_saved *modem)
{
	identity_find(&port->modem, port->device);
	if (strcmp(port->modem.place, modem->place) != 0)
		return "it is of a modem in another place";
	if (modem->id[0] && strcmp(port->modem.id, modem->id) != 0)
		return "it is of another modem";
	/* Another instance has its links in by-id. */
	if (!modem->id[0])
		port->modem.id[0] = '\0';
	port->resets = port->modem.kind == MODEM_UNKNOWN;
	return NULL;
}

static const char *port_take_claims(struct port *port, const struct port_descriptors *fds)
{
	char name[CLAIM_PORT_MAX];

	claim_port_name(name, port->device);
	if (!claim_resume(&port->claim, name, fds->claim))
		return "its port is not claimed any more";
	if (fds->id_claim >= 0)
		by_id_resume(&port->id_claim, &port->modem, port->path, fds->id_claim);
	return NULL;
}

static const char *port_resume_with(struct port *port, const char *path, struct unpack *saved,
				    const struct port_descriptors *fds)
{
	struct port_saved modem;
	const char *why;

	port_unpack(port, saved, &modem);
	if (saved->failed)
		return "it is damaged";
	if (!port_is_the_one(port, path))
		return "it is of another port";
	memcpy(port->path, modem.path, sizeof(port->path));
	why = port_check_modem(port, &modem);
	if (!why)
		why = port_take_claims(port, fds);
	if (why)
		return why;
	if (!port_find_limit(port, port->fd))
		return "its port has changed";
	port->node = port_find_node(port);
	return NULL;
}

const char *port_resume(struct port *port, const char *path, struct unpack *saved,
			const struct port_descriptors *fds)
{
	const char *why;

	port_init(port);
	port->fd = fds->port;
	port->claim.fd = fds->claim;
	port->id_claim.fd = fds->id_claim;
	why = port_resume_with(port, path, saved, fds);
	if (!why)
		return NULL;
	port_close(port);
	return why;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "by_id.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define DESCRIPTION_MAX 512

/* The owner of the claim says there which modem it is. Without that the claim still holds. */
static void by_id_sign(const struct claim *claim, const struct identity *modem, const char *port)
{
	char text[DESCRIPTION_MAX];

	snprintf(text, sizeof(text), "%s (%s)", port, modem->place);
	claim_write(claim, text);
}

static void by_id_read_owner(const char *path, char text[DESCRIPTION_MAX])
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, DESCRIPTION_MAX - 1);

	if (fd >= 0)
		close(fd);
	text[length > 0 ? length : 0] = '\0';
	if (!text[0])
		snprintf(text, DESCRIPTION_MAX, "another one");
}

void by_id_take(struct claim *claim, struct identity *modem, const char *port)
{
	char name[sizeof("id-") + IDENTITY_ID_MAX];
	char owner[DESCRIPTION_MAX];
	pid_t pid;
	int err;

	if (!modem->id[0])
		return;
	snprintf(name, sizeof(name), "id-%s", modem->id);
	err = claim_take(claim, name, &pid);
	if (err == 0) {
		by_id_sign(claim, modem, port);
	} else if (err == -EBUSY) {
		by_id_read_owner(claim->path, owner);
		log_warning("%s (%s) has the same serial number as %s, which keeps the links in "
			    "/dev/qmi-virt/by-id: use by-path instead",
			    port, modem->place, owner);
		modem->id[0] = '\0';
	}
}

void by_id_resume(struct claim *claim, const struct identity *modem, const char *port, int fd)
{
	char name[sizeof("id-") + IDENTITY_ID_MAX];

	snprintf(name, sizeof(name), "id-%s", modem->id);
	if (claim_resume(claim, name, fd))
		by_id_sign(claim, modem, port);
}

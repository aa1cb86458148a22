/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <termios.h>
#include <unistd.h>

/* A pty's master acts on the slave's settings, so the slave need not be open. */
static int set_raw(int master)
{
	struct termios raw;

	if (tcgetattr(master, &raw) < 0)
		return -1;
	cfmakeraw(&raw);
	return tcsetattr(master, TCSAFLUSH, &raw);
}

/* A master shows a hangup only once its slave was open and was closed. */
static int hang_up(const char *name)
{
	int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);

	return slave < 0 ? -1 : close(slave);
}

bool pty_open(struct pty *pty)
{
	int error;

	pty->open = false;
	pty->watch = -1;
	pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (pty->master < 0)
		return false;
	if (grantpt(pty->master) < 0 || unlockpt(pty->master) < 0 ||
	    ptsname_r(pty->master, pty->name, sizeof(pty->name)) != 0 || hang_up(pty->name) < 0 ||
	    set_raw(pty->master) < 0)
		goto cleanup;
	pty->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (pty->watch < 0 || inotify_add_watch(pty->watch, pty->name, IN_OPEN) < 0)
		goto cleanup;
	return true;

cleanup:
	error = errno;
	pty_close(pty);
	errno = error;
	return false;
}

void pty_close(struct pty *pty)
{
	if (pty->watch >= 0)
		close(pty->watch);
	if (pty->master >= 0)
		close(pty->master);
	pty->watch = -1;
	pty->master = -1;
	pty->open = false;
}

bool pty_hung_up(const struct pty *pty)
{
	struct pollfd pollfd = {.fd = pty->master};

	return poll(&pollfd, 1, 0) > 0 && (pollfd.revents & POLLHUP);
}

void pty_take_openings(struct pty *pty)
{
	char events[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];

	while (read(pty->watch, events, sizeof(events)) > 0)
		pty->open = true;
}

/*
 * On its way to the slave a byte waits in two buffers: the flush of the
 * master's output empties the first, TCSAFLUSH the second.
 */
void pty_discard(struct pty *pty)
{
	tcflush(pty->master, TCOFLUSH);
	set_raw(pty->master);
}

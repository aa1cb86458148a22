/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static struct pty *pty_from(struct port *port)
{
	return (struct pty *)port;
}

/* The master can change the slave's settings, so the slave need not be open. */
static int pty_set_raw(int master)
{
	struct termios raw;

	if (tcgetattr(master, &raw) < 0)
		return -1;
	cfmakeraw(&raw);
	return tcsetattr(master, TCSAFLUSH, &raw);
}

/* A master reports a hangup only after its slave has been opened and closed. */
static int pty_hang_up(const char *name)
{
	int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);

	return slave < 0 ? -1 : close(slave);
}

static void pty_prepare(struct port *port, short events, struct pollfd *fds)
{
	const struct pty *pty = pty_from(port);

	fds[0] = (struct pollfd){.fd = port->open ? pty->master : -1, .events = events};
	fds[1] = (struct pollfd){.fd = pty->watch, .events = POLLIN};
}

static short pty_handle(struct port *port, const struct pollfd *fds)
{
	(void)port;
	return fds[0].revents;
}

static void pty_take_openings(struct port *port)
{
	char events[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];

	while (read(pty_from(port)->watch, events, sizeof(events)) > 0)
		port->open = true;
}

/* Assume that the port is open: that finds a hangup left unread by the stall. */
static void pty_resume(struct port *port)
{
	port->open = true;
}

static ssize_t pty_read(struct port *port, uint8_t *bytes, size_t size)
{
	return read(pty_from(port)->master, bytes, size);
}

static ssize_t pty_write(struct port *port, const uint8_t *bytes, size_t len)
{
	return write(pty_from(port)->master, bytes, len);
}

/*
 * On its way to the slave a byte passes two buffers: flushing the master's output
 * empties the first, TCSAFLUSH the second.
 */
static void pty_discard(struct port *port)
{
	port->open = false;
	tcflush(pty_from(port)->master, TCOFLUSH);
	pty_set_raw(pty_from(port)->master);
}

static bool pty_in_use(const struct port *port)
{
	struct pollfd pollfd = {.fd = ((const struct pty *)port)->master};

	return poll(&pollfd, 1, 0) <= 0 || !(pollfd.revents & POLLHUP);
}

static void pty_close(struct port *port)
{
	struct pty *pty = pty_from(port);

	if (pty->watch >= 0)
		close(pty->watch);
	if (pty->master >= 0)
		close(pty->master);
	pty->watch = -1;
	pty->master = -1;
	port->open = false;
}

static const struct port_kind pty_kind = {
	.prepare = pty_prepare,
	.handle = pty_handle,
	.take_openings = pty_take_openings,
	.resume = pty_resume,
	.read = pty_read,
	.write = pty_write,
	.discard = pty_discard,
	.in_use = pty_in_use,
	.close = pty_close,
};

bool pty_open(struct pty *pty)
{
	int error;

	*pty = (struct pty){.port.kind = &pty_kind, .watch = -1};
	pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (pty->master < 0)
		return false;
	if (grantpt(pty->master) < 0 || unlockpt(pty->master) < 0 ||
	    ptsname_r(pty->master, pty->name, sizeof(pty->name)) != 0 ||
	    pty_hang_up(pty->name) < 0 || pty_set_raw(pty->master) < 0)
		goto cleanup;
	pty->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (pty->watch < 0 || inotify_add_watch(pty->watch, pty->name, IN_OPEN) < 0)
		goto cleanup;
	return true;

cleanup:
	error = errno;
	pty_close(&pty->port);
	errno = error;
	return false;
}

bool pty_link(const struct pty *pty, const char *path)
{
	char fresh[PATH_MAX];
	struct stat st;
	int error;

	if (snprintf(fresh, sizeof(fresh), "%s.%d", path, (int)getpid()) >= (int)sizeof(fresh)) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (lstat(path, &st) == 0 && !S_ISLNK(st.st_mode)) {
		errno = EEXIST;
		return false;
	}
	if (symlink(pty->name, fresh) < 0)
		return false;
	if (rename(fresh, path) == 0)
		return true;
	error = errno;
	unlink(fresh);
	errno = error;
	return false;
}

void pty_unlink(const struct pty *pty, const char *path)
{
	char found[sizeof(pty->name)] = "";

	if (readlink(path, found, sizeof(found) - 1) > 0 && strcmp(found, pty->name) == 0)
		unlink(path);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <termios.h>
#include <unistd.h>

static struct pty *pty_of(struct port *port)
{
	return (struct pty *)port;
}

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

static void prepare(struct port *port, short events, struct pollfd *fds)
{
	const struct pty *pty = pty_of(port);

	fds[0] = (struct pollfd){.fd = port->open ? pty->master : -1, .events = events};
	fds[1] = (struct pollfd){.fd = pty->watch, .events = POLLIN};
}

static short handle(struct port *port, const struct pollfd *fds)
{
	(void)port;
	return fds[0].revents;
}

static void take_openings(struct port *port)
{
	char events[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];

	while (read(pty_of(port)->watch, events, sizeof(events)) > 0)
		port->open = true;
}

/* The hangup that the stall has left unread is found by taking the port for open. */
static void resume(struct port *port)
{
	port->open = true;
}

static ssize_t read_bytes(struct port *port, uint8_t *bytes, size_t size)
{
	return read(pty_of(port)->master, bytes, size);
}

static ssize_t write_bytes(struct port *port, const uint8_t *bytes, size_t len)
{
	return write(pty_of(port)->master, bytes, len);
}

/*
 * On its way to the slave a byte waits in two buffers: the flush of the
 * master's output empties the first, TCSAFLUSH the second.
 */
static void discard(struct port *port)
{
	port->open = false;
	tcflush(pty_of(port)->master, TCOFLUSH);
	set_raw(pty_of(port)->master);
}

static bool in_use(const struct port *port)
{
	struct pollfd pollfd = {.fd = ((const struct pty *)port)->master};

	return poll(&pollfd, 1, 0) <= 0 || !(pollfd.revents & POLLHUP);
}

static void close_port(struct port *port)
{
	struct pty *pty = pty_of(port);

	if (pty->watch >= 0)
		close(pty->watch);
	if (pty->master >= 0)
		close(pty->master);
	pty->watch = -1;
	pty->master = -1;
	port->open = false;
}

static const struct port_kind kind = {
	.prepare = prepare,
	.handle = handle,
	.take_openings = take_openings,
	.resume = resume,
	.read = read_bytes,
	.write = write_bytes,
	.discard = discard,
	.in_use = in_use,
	.close = close_port,
};

bool pty_open(struct pty *pty)
{
	int error;

	*pty = (struct pty){.port.kind = &kind, .watch = -1};
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
	close_port(&pty->port);
	errno = error;
	return false;
}

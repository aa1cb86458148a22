/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the modem is plugged in by, as its line sees it: a pty or a USB device. */
#ifndef PORT_KIND_H
#define PORT_KIND_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PORT_FDS 2

struct port {
	const struct port_kind *kind;
	bool open; /* what is written may be heard, as far as is known */
};

struct port_kind {
	bool messages; /* each read returns one message, not a piece of a stream */

	/* Fills PORT_FDS entries for poll(); events is what the line waits for. */
	void (*prepare)(struct port *port, short events, struct pollfd *fds);
	/* After poll(): which of POLLIN and POLLHUP the line has to act on. */
	short (*handle)(struct port *port, const struct pollfd *fds);
	/* After the line has read: opens the port if somebody has opened it meanwhile. */
	void (*take_openings)(struct port *port);
	/* The line reads again after a stall, in which hangups went unseen. */
	void (*resume)(struct port *port);

	/* Like read() and write() without waiting; EIO: whoever was there has gone. */
	ssize_t (*read)(struct port *port, uint8_t *bytes, size_t size);
	ssize_t (*write)(struct port *port, const uint8_t *bytes, size_t len);
	/* Whoever was there has gone: throws away what they left unread. */
	void (*discard)(struct port *port);

	/* What happens because time passes, and when, with events as above; NULL: nothing. */
	void (*work)(struct port *port);
	uint64_t (*due)(const struct port *port, short events);

	bool (*in_use)(const struct port *port); /* somebody has it open at this moment */
	void (*close)(struct port *port);
};

#endif

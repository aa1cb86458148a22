/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modem's port as its line sees it: a pty or a USB device. */
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
	bool open; /* somebody may read what is written, as far as is known */
};

struct port_kind {
	bool messages; /* each read returns one message, not a piece of a stream */

	/* Fills PORT_FDS entries for poll(); events is what the line waits for. */
	void (*prepare)(struct port *port, short events, struct pollfd *fds);
	/* Call after poll(). Returns which of POLLIN and POLLHUP the line must act on. */
	short (*handle)(struct port *port, const struct pollfd *fds);
	/* Call after reading: sets open if somebody has opened the port meanwhile. */
	void (*take_openings)(struct port *port);
	/* Call when a stall ends, during which hangups went unnoticed. */
	void (*resume)(struct port *port);

	/* Like non-blocking read() and write(). EIO: the program at the port has closed it. */
	ssize_t (*read)(struct port *port, uint8_t *bytes, size_t size);
	ssize_t (*write)(struct port *port, const uint8_t *bytes, size_t len);
	/* Call after the port was closed: discards what was left unread. */
	void (*discard)(struct port *port);

	/* Timed work, and when it is due (ms), with events as above. NULL: none. */
	void (*work)(struct port *port);
	uint64_t (*due)(const struct port *port, short events);

	bool (*in_use)(const struct port *port); /* somebody has it open right now */
	void (*close)(struct port *port);
};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The port: the real device. It deals in bytes and errors, not in sessions.
 *
 * The facts about cdc-wdm come from the kernel's drivers/usb/class/cdc-wdm.c.
 */
#ifndef PORT_H
#define PORT_H

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "claim.h"
#include "driver.h"
#include "identity.h"
#include "loop.h"
#include "pack.h"

/* Largest frame for a port that does not state one: qmi_wwan's wMaxCommand. */
#define PORT_FRAME_MAX 4096

/* The longest frame that the daemon itself sends, Release CID, must fit. */
#define PORT_FRAME_MIN 17

#define PORT_OPEN_FLAGS (O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* Callbacks through which a port reports events. data is valid during the call only. */
struct port_events {
	void (*received)(void *context, const uint8_t *data, size_t size);
	void (*sent)(void *context);      /* the whole frame; the next one may be written */
	void (*failed)(void *context);    /* the frame could not be sent */
	void (*lost)(void *context);      /* a frame reported as sent did not go out after all */
	void (*cut)(void *context);       /* the driver has lost bytes that the modem sent */
	void (*reset)(void *context);     /* the modem has been reset; the port stays open */
	void (*unplugged)(void *context); /* the port cannot be used any more */
};

struct port {
	char path[PATH_MAX];   /* with links resolved */
	size_t frame_max;      /* bytes */
	struct identity modem; /* the modem behind it */
	dev_t device;
	int node;              /* O_PATH: its name may lead to a virtual node meanwhile (V27) */
	struct claim claim;    /* of the device */
	struct claim id_claim; /* of the modem's links in by-id */
	struct loop *loop;
	int fd;
	struct driver *driver; /* owns fd; NULL before port_start(), and for a terminal */
	struct watch watch;    /* the driver's socket, or a terminal */
	const struct port_events *events;
	void *context;
	const uint8_t *frame; /* the unwritten rest of a frame, or NULL */
	uint8_t *rest;        /* V29: that of the process before, or NULL */
	size_t frame_left;
	uint64_t waits;      /* how often a frame had to wait because the port was busy */
	unsigned open_pause; /* ms until the next attempt; reset by a successful read */
	bool reopening;      /* it is stuck, and the driver is to reopen it */
	bool again;          /* the frame is being written again after EIO */
	bool empty;          /* the last read returned 0 */
	bool failing;        /* the last write failed, which has been logged */
	bool unsuitable;     /* retrying will not help */
	bool resets;         /* EIO on a read means a reset, not a failed transfer */
};

/*
 * Opens the port at path. On false the reason has been logged, port->unsuitable is valid
 * and nothing is open.
 */
bool port_open(struct port *port, const char *path);

/*
 * Watches the port on the loop, after sandbox_begin(). events, and *port itself, must stay
 * where they are until port_close(); context is passed to every callback. On false the
 * reason has been logged.
 */
bool port_start(struct port *port, struct loop *loop, const struct port_events *events,
		void *context);

/* True if each read gives one message, as a driver's does, and not a terminal's. */
bool port_gives_messages(const struct port *port);

/*
 * Ends everything but the port itself and its claims, once what was read has been handled,
 * and returns its descriptor, for port_resume(); or -errno if that is impossible. Then, or
 * if the port was unplugged, which has been reported, call port_close(). False from
 * port_can_be_left(): not now, but soon.
 */
bool port_can_be_left(const struct port *port);
int port_leave(struct port *port);

/* What another process needs to go on with it, apart from its descriptors and its frame. */
void port_save(const struct port *port, struct pack *pack);

/*
 * In place of port_open(), goes on with a port that was saved, if it is the one at path. The
 * descriptors belong to the port. A frame that was not sent yet is, and reported as sent, by
 * port_start(). NULL, or why it is impossible; then nothing is open.
 */
struct port_descriptors {
	int port;
	int claim;
	int id_claim; /* -1: none */
};

const char *port_resume(struct port *port, const char *path, struct unpack *saved,
			const struct port_descriptors *fds);

/* Whether or not it was started. May be called twice. */
void port_close(struct port *port);

/* The last component of the path, within the port: V25. */
const char *port_basename(const struct port *port);

/*
 * port_write() may be called only while port_idle() returns true. The caller keeps the
 * frame valid until sent, failed or unplugged is called, which may happen before
 * port_write() returns.
 */
bool port_idle(const struct port *port);
void port_write(struct port *port, const uint8_t *frame, size_t size);

#endif

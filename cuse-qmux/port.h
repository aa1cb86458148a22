/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The port: the real device. It knows bytes and errors, and no session.
 *
 * The facts about cdc-wdm are from the kernel's drivers/usb/class/cdc-wdm.c.
 */
#ifndef PORT_H
#define PORT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "identity.h"
#include "loop.h"

/* What a port takes at a time that does not say: qmi_wwan's wMaxCommand. */
#define PORT_FRAME_MAX 4096

/* Of what happens on a port its user is told by these. */
struct port_events {
	void (*received)(void *context, const uint8_t *data, size_t size);
	void (*sent)(void *context);   /* the whole frame; the next one may be written */
	void (*failed)(void *context); /* the frame could not be sent */
	void (*lost)(void *context);   /* one that was sent before is found not to have gone out */
	void (*reset)(void *context);
	void (*unplugged)(void *context); /* the port is of no use any more */
};

struct port {
	char path[PATH_MAX];   /* with links resolved */
	size_t frame_max;      /* bytes */
	struct identity modem; /* behind it */
	struct loop *loop;
	struct watch watch;
	const struct port_events *events;
	void *context;
	const uint8_t *frame; /* what of a frame is still to be written, or NULL */
	size_t frame_left;
	uint64_t waits;      /* how often a frame had to wait because the port was busy */
	uint64_t open_at;    /* ms, when a port that is stuck is opened anew, or UINT64_MAX */
	unsigned open_pause; /* ms until the next time; short again once something was read */
	bool empty;          /* the last read returned 0 */
	bool failing;        /* the last write failed, and that was logged */
	bool unsuitable;     /* it can never be one of ours */
	bool resets;         /* EIO on a read is a reset, not a transfer that failed */
};

/*
 * Opens the port at path on the loop. False: what is wrong with it has been
 * logged, and nothing is open.
 */
bool port_open(struct port *port, const char *path, struct loop *loop,
	       const struct port_events *events, void *context);
void port_close(struct port *port);

/* The path's last part: V25. */
const char *port_basename(const struct port *port);

/*
 * Whether a frame may be given to port_write(). The frame has to stay until
 * sent, failed or unplugged is called, which may be at once.
 */
bool port_idle(const struct port *port);
void port_write(struct port *port, const uint8_t *frame, size_t size);

/* When port_tick() has to be called at the latest, or UINT64_MAX. */
uint64_t port_deadline(const struct port *port);
void port_tick(struct port *port);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of USB/IP, as Documentation/usb/usbip_protocol.rst of the Linux
 * kernel has them, on a stream socket to a virtual host controller. The host
 * submits URBs and may unlink them; this side returns each of them once.
 */
#ifndef USBIP_H
#define USBIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USBIP_HEADER   48
#define USBIP_DATA_MAX 4096 /* of what goes out to the device; the rest is not kept */

/* What the host wants transferred. */
struct urb {
	struct urb *next; /* for its keeper */
	uint32_t seqnum;
	uint8_t endpoint; /* its number, without the direction */
	bool in;
	uint32_t length;  /* bytes that come with it, or that it has room for */
	uint8_t setup[8]; /* of a control transfer */
	size_t kept;
	uint8_t data[USBIP_DATA_MAX]; /* the first kept bytes of what goes out */
};

enum usbip_event {
	USBIP_NOTHING,
	USBIP_SUBMIT,
	USBIP_UNLINK,
	USBIP_CLOSED, /* by the host, or the stream is malformed */
};

struct usbip_message {
	struct urb *urb;   /* USBIP_SUBMIT: the receiver's, for free() */
	uint32_t seqnum;   /* USBIP_UNLINK: of this message, for the answer */
	uint32_t unlinked; /* USBIP_UNLINK: the seqnum of the URB that is meant */
};

struct usbip {
	int fd; /* -1: closed */
	uint8_t header[USBIP_HEADER];
	size_t have;     /* bytes of the header */
	struct urb *urb; /* its data is on the way */
	size_t skipped;  /* bytes of it that are not kept */
};

void usbip_open(struct usbip *usbip, int fd); /* fd is taken over */
void usbip_close(struct usbip *usbip);

/* The next message that is there, without waiting for one. */
enum usbip_event usbip_receive(struct usbip *usbip, struct usbip_message *message);

/*
 * Gives the URB back and frees it. status: 0 or a negative errno; len: bytes
 * transferred; data: those that come in, else NULL. usbip_receive()
 * reports a host that is gone.
 */
void usbip_return(struct usbip *usbip, struct urb *urb, int status, const uint8_t *data,
		  size_t len);
/* status: -ECONNRESET if this gives the URB back; 0 if it had been given back before. */
void usbip_return_unlink(struct usbip *usbip, uint32_t seqnum, int status);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB/IP messages (see Documentation/usb/usbip_protocol.rst in the Linux kernel) on a
 * stream socket to a virtual host controller. The host submits URBs and may unlink
 * them; this side returns each of them once.
 */
#ifndef USBIP_H
#define USBIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USBIP_HEADER   48
#define USBIP_DATA_MAX 4096 /* bytes kept of data to the device */

/* A transfer that the host requests. */
struct urb {
	struct urb *next; /* for use by the owner */
	uint32_t seqnum;
	uint8_t endpoint; /* its number, without the direction */
	bool in;
	uint32_t length;  /* bytes that it carries or has room for */
	uint8_t setup[8]; /* of a control transfer */
	size_t kept;
	uint8_t data[USBIP_DATA_MAX]; /* the first kept bytes of outgoing data */
};

enum usbip_event {
	USBIP_NOTHING,
	USBIP_SUBMIT,
	USBIP_UNLINK,
	USBIP_CLOSED, /* by the host, or the stream is malformed */
};

struct usbip_message {
	struct urb *urb;   /* USBIP_SUBMIT: owned by the receiver until returned */
	uint32_t seqnum;   /* USBIP_UNLINK: seqnum of this message, for the answer */
	uint32_t unlinked; /* USBIP_UNLINK: seqnum of the URB to unlink */
};

struct usbip {
	int fd; /* -1: closed */
	uint8_t header[USBIP_HEADER];
	size_t have;     /* bytes of the header */
	struct urb *urb; /* whose data is still arriving */
	size_t skipped;  /* bytes of its data that are discarded */
};

void usbip_open(struct usbip *usbip, int fd); /* takes ownership of fd */
void usbip_close(struct usbip *usbip);

/* Receives the next message without blocking. */
enum usbip_event usbip_receive(struct usbip *usbip, struct usbip_message *message);

/*
 * Returns the URB to the host and frees it. status: 0 or a negative errno; len: bytes
 * transferred; data: the incoming bytes, or NULL. If the host is gone, the next
 * usbip_receive() reports it.
 */
void usbip_return(struct usbip *usbip, struct urb *urb, int status, const uint8_t *data,
		  size_t len);
/* status: -ECONNRESET if this returns the URB, 0 if it was returned before. */
void usbip_return_unlink(struct usbip *usbip, uint32_t seqnum, int status);

#endif

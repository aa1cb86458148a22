/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modem as a USB device: it is enumerated, takes QMI requests as CDC's
 * encapsulated commands, announces each message of its own by a notification
 * and gives it out as an encapsulated response. What goes through the data
 * endpoints is swallowed.
 */
#ifndef USB_DEVICE_H
#define USB_DEVICE_H

#include <sys/types.h>

#include "settings.h"
#include "usbip.h"

#define USB_RESPONSES_MAX 16
#define USB_RESPONSE_MAX  USBIP_DATA_MAX

/* URBs that can be made to fail. */
enum usb_fault {
	USB_FAULT_COMMAND,
	USB_FAULT_RESPONSE,
	USB_FAULT_NOTIFICATION,
	USB_FAULTS,
};

struct usb_counters {
	unsigned long configured; /* times that the host has chosen the configuration */
	unsigned long commands;
	unsigned long responses;
	unsigned long notifications;
	unsigned long unlinked; /* URBs that the host took back */
	unsigned long refused;  /* control requests that were stalled */
	unsigned long failed;   /* URBs that usb_device_fail() made fail */
	unsigned long lost;     /* responses that found no room */
};

struct usb_response {
	size_t len;
	uint8_t bytes[USB_RESPONSE_MAX];
};

struct usb_device {
	struct usbip usbip;
	const struct settings *settings;
	struct usb_counters counters;
	unsigned int faults[USB_FAULTS]; /* of the next URBs this many fail, with -EPROTO */
	bool configured;
	bool listening;       /* the host asks for notifications: somebody has the port open */
	uint64_t notified_at; /* when the last notification went out */

	struct urb *pending; /* to be given back, the oldest first */
	struct usb_response responses[USB_RESPONSES_MAX];
	size_t first;
	size_t count;
	size_t unannounced; /* of them, the last */
};

void usb_device_open(struct usb_device *device, const struct settings *settings, int fd);
void usb_device_close(struct usb_device *device);

/* Serves what the host has sent; false: the host is gone. */
bool usb_device_serve(struct usb_device *device);

/* Takes the oldest command that waits; -1, EAGAIN: there is none. */
ssize_t usb_device_read(struct usb_device *device, uint8_t *bytes, size_t size);
bool usb_device_has_command(const struct usb_device *device);

/*
 * Queues up to USB_RESPONSE_MAX bytes as one response, and returns how many.
 * Without room: -1, EAGAIN if somebody has the port open; if not, it is lost.
 */
ssize_t usb_device_write(struct usb_device *device, const uint8_t *bytes, size_t len);

/* The next count URBs of this kind fail. */
void usb_device_fail(struct usb_device *device, enum usb_fault fault, unsigned int count);

#endif

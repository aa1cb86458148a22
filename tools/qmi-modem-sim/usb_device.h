/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modem as a USB device. It takes QMI requests as CDC encapsulated commands,
 * announces each message of its own with a notification and delivers it as an
 * encapsulated response. It discards data sent to the data endpoints.
 */
#ifndef USB_DEVICE_H
#define USB_DEVICE_H

#include <sys/types.h>

#include "settings.h"
#include "usbip.h"

#define USB_RESPONSES_MAX 16
#define USB_RESPONSE_MAX  USBIP_DATA_MAX

/* Kinds of URB that can be made to fail. */
enum usb_fault {
	USB_FAULT_COMMAND,
	USB_FAULT_RESPONSE,
	USB_FAULT_NOTIFICATION,
	USB_FAULTS,
};

struct usb_counters {
	unsigned long configured; /* times the host selected the configuration */
	unsigned long commands;
	unsigned long responses;
	unsigned long notifications;
	unsigned long unlinked; /* URBs that the host unlinked */
	unsigned long refused;  /* control requests that were stalled */
	unsigned long failed;   /* URBs failed by usb_device_fail() */
	unsigned long lost;     /* responses that did not fit */
};

struct usb_response {
	size_t len;
	uint8_t bytes[USB_RESPONSE_MAX];
};

struct usb_device {
	struct usbip usbip;
	const struct settings *settings;
	struct usb_counters counters;
	unsigned int faults[USB_FAULTS]; /* this many more URBs fail, with -EPROTO */
	bool configured;
	bool listening;       /* the host asks for notifications: somebody has the port open */
	uint64_t notified_at; /* ms, when the last notification went out */

	struct urb *pending; /* not returned yet, oldest first */
	struct usb_response responses[USB_RESPONSES_MAX];
	size_t first;
	size_t count;
	size_t unannounced; /* the last ones, without a notification so far */
};

/* Takes ownership of fd, the stream to the host. settings must outlive the device. */
void usb_device_open(struct usb_device *device, const struct settings *settings, int fd);
void usb_device_close(struct usb_device *device);

/* Serves what the host has sent. Returns false if the host is gone. */
bool usb_device_serve(struct usb_device *device);

/* Takes the oldest pending command. Returns its size, or -1 with EAGAIN if there is none. */
ssize_t usb_device_read(struct usb_device *device, uint8_t *bytes, size_t size);
bool usb_device_has_command(const struct usb_device *device);

/*
 * Queues up to USB_RESPONSE_MAX bytes as one response, and returns how many. If there
 * is no room, it returns -1 with EAGAIN while somebody has the port open, and otherwise
 * drops the response.
 */
ssize_t usb_device_write(struct usb_device *device, const uint8_t *bytes, size_t len);

/* Makes the next count URBs of this kind fail. */
void usb_device_fail(struct usb_device *device, enum usb_fault fault, unsigned int count);

#endif

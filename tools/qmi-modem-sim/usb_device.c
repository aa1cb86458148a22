/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usb_device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "frame.h"
#include "usb_descriptors.h"

/* bmRequestType and bRequest of USB 2.0, chapter 9, and of CDC 1.2 and its subclass PSTN. */
enum control_request {
	GET_DEVICE_STATUS = 0x8000,
	GET_INTERFACE_STATUS = 0x8100,
	GET_ENDPOINT_STATUS = 0x8200,
	CLEAR_ENDPOINT_FEATURE = 0x0201,
	GET_DESCRIPTOR = 0x8006,
	GET_CONFIGURATION = 0x8008,
	SET_CONFIGURATION = 0x0009,
	GET_INTERFACE = 0x810A,
	SET_INTERFACE = 0x010B,
	SEND_ENCAPSULATED_COMMAND = 0x2100,
	GET_ENCAPSULATED_RESPONSE = 0xA101,
	SET_CONTROL_LINE_STATE = 0x2122,
};

#define RESPONSE_AVAILABLE 0x01
#define NOTIFICATION_SIZE  8

/*
 * The driver asks for the next notification at once. If it takes so long, the
 * port was closed just when one went out, and has been opened anew.
 */
#define REOPENED_MS 100

void usb_device_open(struct usb_device *device, const struct settings *settings, int fd)
{
	struct usb_counters counters = device->counters;

	*device = (struct usb_device){.settings = settings, .counters = counters};
	usbip_open(&device->usbip, fd);
}

static void keep(struct usb_device *device, struct urb *urb)
{
	struct urb **at = &device->pending;

	while (*at)
		at = &(*at)->next;
	*at = urb;
}

/* The link to the oldest pending URB of an endpoint; or to NULL. */
static struct urb **oldest(struct usb_device *device, uint8_t endpoint)
{
	struct urb **at = &device->pending;

	while (*at && (*at)->endpoint != endpoint)
		at = &(*at)->next;
	return at;
}

static struct urb *take(struct urb **at)
{
	struct urb *urb = *at;

	*at = urb->next;
	return urb;
}

static void finish(struct usb_device *device, struct urb *urb)
{
	usbip_return(&device->usbip, urb, 0, NULL, urb->in ? 0 : urb->length);
}

/* As much of it as the host has room for. */
static void finish_in(struct usb_device *device, struct urb *urb, const uint8_t *data, size_t len)
{
	usbip_return(&device->usbip, urb, 0, data, len < urb->length ? len : urb->length);
}

static void stall(struct usb_device *device, struct urb *urb)
{
	device->counters.refused++;
	usbip_return(&device->usbip, urb, -EPIPE, NULL, 0);
}

/*
 * As of a real controller the host gets its URBs back: vhci_hcd would not give
 * it a command in flight, and cdc-wdm waits for that while a write() is blocked.
 */
void usb_device_close(struct usb_device *device)
{
	while (device->pending)
		usbip_return(&device->usbip, take(&device->pending), -ESHUTDOWN, NULL, 0);
	usbip_close(&device->usbip);
	device->configured = false;
	device->listening = false;
	device->count = 0;
	device->unannounced = 0;
}

/* Whether it is this URB's turn to fail; then it has. */
static bool fail(struct usb_device *device, struct urb *urb, enum usb_fault fault)
{
	if (!device->faults[fault])
		return false;
	device->faults[fault]--;
	device->counters.failed++;
	usbip_return(&device->usbip, urb, -EPROTO, NULL, 0);
	return true;
}

static void announce(struct usb_device *device)
{
	static const uint8_t notification[NOTIFICATION_SIZE] = {
		0xA1, RESPONSE_AVAILABLE, 0, 0, USB_MODEM_INTERFACE, 0, 0, 0,
	};
	struct urb **at;

	while (*(at = oldest(device, USB_NOTIFICATIONS_IN))) {
		struct urb *urb;

		if (!device->faults[USB_FAULT_NOTIFICATION] && !device->unannounced)
			return;
		urb = take(at);
		device->notified_at = clock_now();
		if (fail(device, urb, USB_FAULT_NOTIFICATION))
			continue;
		device->unannounced--;
		device->counters.notifications++;
		finish_in(device, urb, notification, sizeof(notification));
	}
}

/* Somebody has opened the port, and is told of what was left there. */
static void listen_to(struct usb_device *device, struct urb *urb)
{
	if (!device->listening || clock_now() - device->notified_at > REOPENED_MS)
		device->unannounced = device->count;
	device->listening = true;
	keep(device, urb);
	announce(device);
}

static void forget_responses(struct usb_device *device)
{
	device->count = 0;
	device->unannounced = 0;
}

static void send_descriptor(struct usb_device *device, struct urb *urb)
{
	uint8_t descriptor[USB_DESCRIPTOR_MAX];
	size_t size = usb_descriptor(device->settings, le16_get(urb->setup + 2), descriptor);

	if (size)
		finish_in(device, urb, descriptor, size);
	else
		stall(device, urb);
}

static void send_response(struct usb_device *device, struct urb *urb)
{
	const struct usb_response *response = &device->responses[device->first];

	if (!device->count) {
		finish_in(device, urb, NULL, 0);
		return;
	}
	device->first = (device->first + 1) % USB_RESPONSES_MAX;
	device->count--;
	if (device->unannounced > device->count)
		device->unannounced = device->count;
	if (fail(device, urb, USB_FAULT_RESPONSE))
		return;
	device->counters.responses++;
	finish_in(device, urb, response->bytes, response->len);
}

static void take_command(struct usb_device *device, struct urb *urb)
{
	if (fail(device, urb, USB_FAULT_COMMAND))
		return;
	device->counters.commands++;
	keep(device, urb);
}

/* Also after a reset of the port, of which a device learns no more than this. */
static void configure(struct usb_device *device, struct urb *urb)
{
	uint16_t value = le16_get(urb->setup + 2);

	if (value > USB_CONFIGURATION) {
		stall(device, urb);
		return;
	}
	device->configured = value == USB_CONFIGURATION;
	device->counters.configured += device->configured;
	device->listening = false;
	forget_responses(device);
	finish(device, urb);
}

/* What the host may ask of the modem's interface. */
static void serve_interface(struct usb_device *device, struct urb *urb)
{
	static const uint8_t first_setting;

	if (!device->configured || urb->setup[4] != USB_MODEM_INTERFACE) {
		stall(device, urb);
		return;
	}
	switch (urb->setup[0] << 8 | urb->setup[1]) {
	case SEND_ENCAPSULATED_COMMAND:
		take_command(device, urb);
		break;
	case GET_ENCAPSULATED_RESPONSE:
		send_response(device, urb);
		break;
	case SET_CONTROL_LINE_STATE:
		finish(device, urb);
		break;
	case GET_INTERFACE:
		finish_in(device, urb, &first_setting, sizeof(first_setting));
		break;
	case SET_INTERFACE:
		if (le16_get(urb->setup + 2) == first_setting)
			finish(device, urb);
		else
			stall(device, urb);
		break;
	default:
		stall(device, urb);
	}
}

static void serve_control(struct usb_device *device, struct urb *urb)
{
	static const uint8_t no_status[2];
	uint8_t configuration = device->configured ? USB_CONFIGURATION : 0;

	switch (urb->setup[0] << 8 | urb->setup[1]) {
	case GET_DESCRIPTOR:
		send_descriptor(device, urb);
		break;
	case GET_CONFIGURATION:
		finish_in(device, urb, &configuration, sizeof(configuration));
		break;
	case SET_CONFIGURATION:
		configure(device, urb);
		break;
	case GET_DEVICE_STATUS:
	case GET_INTERFACE_STATUS:
	case GET_ENDPOINT_STATUS:
		finish_in(device, urb, no_status, sizeof(no_status));
		break;
	case CLEAR_ENDPOINT_FEATURE:
		finish(device, urb);
		break;
	default:
		serve_interface(device, urb);
	}
}

static void serve_urb(struct usb_device *device, struct urb *urb)
{
	if (urb->endpoint == 0)
		serve_control(device, urb);
	else if (urb->endpoint == USB_NOTIFICATIONS_IN && urb->in)
		listen_to(device, urb);
	else if (urb->endpoint == USB_DATA_IN && urb->in)
		keep(device, urb);
	else if (urb->endpoint == USB_DATA_OUT && !urb->in)
		finish(device, urb);
	else
		stall(device, urb);
}

static void unlink_urb(struct usb_device *device, const struct usbip_message *message)
{
	struct urb **at = &device->pending;

	while (*at && (*at)->seqnum != message->unlinked)
		at = &(*at)->next;
	if (*at) {
		struct urb *urb = take(at);

		if (urb->endpoint == USB_NOTIFICATIONS_IN)
			device->listening = false;
		device->counters.unlinked++;
		usbip_return_unlink(&device->usbip, message->seqnum, -ECONNRESET);
		free(urb);
	} else {
		usbip_return_unlink(&device->usbip, message->seqnum, 0);
	}
}

bool usb_device_serve(struct usb_device *device)
{
	struct usbip_message message;

	for (;;) {
		switch (usbip_receive(&device->usbip, &message)) {
		case USBIP_SUBMIT:
			serve_urb(device, message.urb);
			break;
		case USBIP_UNLINK:
			unlink_urb(device, &message);
			break;
		case USBIP_NOTHING:
			return true;
		case USBIP_CLOSED:
			return false;
		}
	}
}

/* Of what goes over endpoint 0 only commands are kept. */
bool usb_device_has_command(const struct usb_device *device)
{
	for (const struct urb *urb = device->pending; urb; urb = urb->next) {
		if (urb->endpoint == 0)
			return true;
	}
	return false;
}

ssize_t usb_device_read(struct usb_device *device, uint8_t *bytes, size_t size)
{
	struct urb **at = oldest(device, 0);
	struct urb *urb;
	size_t len;

	if (!*at) {
		errno = EAGAIN;
		return -1;
	}
	urb = take(at);
	len = urb->kept < size ? urb->kept : size;
	memcpy(bytes, urb->data, len);
	finish(device, urb);
	return (ssize_t)len;
}

ssize_t usb_device_write(struct usb_device *device, const uint8_t *bytes, size_t len)
{
	struct usb_response *response;

	if (len > USB_RESPONSE_MAX)
		len = USB_RESPONSE_MAX;
	if (device->count == USB_RESPONSES_MAX && device->listening) {
		errno = EAGAIN;
		return -1;
	}
	if (device->count == USB_RESPONSES_MAX) {
		device->counters.lost++;
		return (ssize_t)len;
	}
	response = &device->responses[(device->first + device->count) % USB_RESPONSES_MAX];
	memcpy(response->bytes, bytes, len);
	response->len = len;
	device->count++;
	device->unannounced++;
	announce(device);
	return (ssize_t)len;
}

void usb_device_fail(struct usb_device *device, enum usb_fault fault, unsigned int count)
{
	device->faults[fault] = count;
	announce(device);
}

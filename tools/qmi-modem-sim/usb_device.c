/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usb_device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "millis.h"
#include "usb_descriptors.h"

/* bmRequestType and bRequest, from USB 2.0 chapter 9 and from CDC 1.2 with its PSTN subclass. */
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
 * The driver asks for the next notification at once. If it takes this many ms, the port
 * was closed just as one went out, and has been opened again.
 */
#define REOPENED_MS 100

void usb_device_open(struct usb_device *device, const struct settings *settings, int fd)
{
	struct usb_counters counters = device->counters;

	*device = (struct usb_device){.settings = settings, .counters = counters};
	usbip_open(&device->usbip, fd);
}

static void usb_device_keep(struct usb_device *device, struct urb *urb)
{
	struct urb **at = &device->pending;

	while (*at)
		at = &(*at)->next;
	*at = urb;
}

/* Returns the link to the oldest pending URB of an endpoint, or to NULL. */
static struct urb **usb_device_oldest(struct usb_device *device, uint8_t endpoint)
{
	struct urb **at = &device->pending;

	while (*at && (*at)->endpoint != endpoint)
		at = &(*at)->next;
	return at;
}

static struct urb *usb_device_take(struct urb **at)
{
	struct urb *urb = *at;

	*at = urb->next;
	return urb;
}

static void usb_device_finish(struct usb_device *device, struct urb *urb)
{
	usbip_return(&device->usbip, urb, 0, NULL, urb->in ? 0 : urb->length);
}

/* Returns as much of the data as the host has room for. */
static void usb_device_finish_in(struct usb_device *device, struct urb *urb, const uint8_t *data,
				 size_t len)
{
	usbip_return(&device->usbip, urb, 0, data, len < urb->length ? len : urb->length);
}

static void usb_device_stall(struct usb_device *device, struct urb *urb)
{
	device->counters.refused++;
	usbip_return(&device->usbip, urb, -EPIPE, NULL, 0);
}

static void usb_device_forget_responses(struct usb_device *device)
{
	device->count = 0;
	device->unannounced = 0;
}

/*
 * Returns all URBs to the host, as a real controller would: vhci_hcd would not return a
 * command in flight, which cdc-wdm waits for while a write() blocks.
 */
void usb_device_close(struct usb_device *device)
{
	while (device->pending)
		usbip_return(&device->usbip, usb_device_take(&device->pending), -ESHUTDOWN, NULL,
			     0);
	usbip_close(&device->usbip);
	device->configured = false;
	device->listening = false;
	usb_device_forget_responses(device);
}

/* Returns true if this URB had to fail, in which case it is gone. */
static bool usb_device_fails(struct usb_device *device, struct urb *urb, enum usb_fault fault)
{
	if (!device->faults[fault])
		return false;
	device->faults[fault]--;
	device->counters.failed++;
	usbip_return(&device->usbip, urb, -EPROTO, NULL, 0);
	return true;
}

static void usb_device_announce(struct usb_device *device)
{
	static const uint8_t notification[NOTIFICATION_SIZE] = {
		0xA1, RESPONSE_AVAILABLE, 0, 0, USB_MODEM_INTERFACE, 0, 0, 0,
	};
	struct urb **at;

	while (*(at = usb_device_oldest(device, USB_NOTIFICATIONS_IN))) {
		struct urb *urb;

		if (!device->faults[USB_FAULT_NOTIFICATION] && !device->unannounced)
			return;
		urb = usb_device_take(at);
		device->notified_at = millis_now();
		if (usb_device_fails(device, urb, USB_FAULT_NOTIFICATION))
			continue;
		device->unannounced--;
		device->counters.notifications++;
		usb_device_finish_in(device, urb, notification, sizeof(notification));
	}
}

/* Somebody has opened the port: announce the responses left there. */
static void usb_device_listen_to(struct usb_device *device, struct urb *urb)
{
	if (!device->listening || millis_now() - device->notified_at > REOPENED_MS)
		device->unannounced = device->count;
	device->listening = true;
	usb_device_keep(device, urb);
	usb_device_announce(device);
}

static void usb_device_send_descriptor(struct usb_device *device, struct urb *urb)
{
	uint8_t descriptor[USB_DESCRIPTOR_MAX];
	size_t size = usb_descriptors_get(device->settings, le16_get(urb->setup + 2), descriptor);

	if (size)
		usb_device_finish_in(device, urb, descriptor, size);
	else
		usb_device_stall(device, urb);
}

static void usb_device_send_response(struct usb_device *device, struct urb *urb)
{
	const struct usb_response *response = &device->responses[device->first];

	if (!device->count) {
		usb_device_finish_in(device, urb, NULL, 0);
		return;
	}
	device->first = (device->first + 1) % USB_RESPONSES_MAX;
	device->count--;
	if (device->unannounced > device->count)
		device->unannounced = device->count;
	if (usb_device_fails(device, urb, USB_FAULT_RESPONSE))
		return;
	device->counters.responses++;
	usb_device_finish_in(device, urb, response->bytes, response->len);
}

static void usb_device_take_command(struct usb_device *device, struct urb *urb)
{
	if (usb_device_fails(device, urb, USB_FAULT_COMMAND))
		return;
	device->counters.commands++;
	usb_device_keep(device, urb);
}

/* Also called after a port reset, which the device sees in no other way. */
static void usb_device_configure(struct usb_device *device, struct urb *urb)
{
	uint16_t value = le16_get(urb->setup + 2);

	if (value > USB_CONFIGURATION) {
		usb_device_stall(device, urb);
		return;
	}
	device->configured = value == USB_CONFIGURATION;
	device->counters.configured += device->configured;
	device->listening = false;
	usb_device_forget_responses(device);
	usb_device_finish(device, urb);
}

static void usb_device_send_configuration(struct usb_device *device, struct urb *urb)
{
	uint8_t configuration = device->configured ? USB_CONFIGURATION : 0;

	usb_device_finish_in(device, urb, &configuration, sizeof(configuration));
}

/* The status of anything: 2 bytes. The number of the interface's only setting: the host asks for 1.
 */
static void usb_device_send_zeros(struct usb_device *device, struct urb *urb)
{
	static const uint8_t zeros[2];

	usb_device_finish_in(device, urb, zeros, sizeof(zeros));
}

static void usb_device_take_setting(struct usb_device *device, struct urb *urb)
{
	if (le16_get(urb->setup + 2) == 0)
		usb_device_finish(device, urb);
	else
		usb_device_stall(device, urb);
}

static const struct {
	enum control_request request;
	bool interface; /* for the modem's interface, once configured */
	void (*serve)(struct usb_device *device, struct urb *urb);
} usb_device_requests[] = {
	{GET_DESCRIPTOR, false, usb_device_send_descriptor},
	{GET_CONFIGURATION, false, usb_device_send_configuration},
	{SET_CONFIGURATION, false, usb_device_configure},
	{GET_DEVICE_STATUS, false, usb_device_send_zeros},
	{GET_INTERFACE_STATUS, false, usb_device_send_zeros},
	{GET_ENDPOINT_STATUS, false, usb_device_send_zeros},
	{CLEAR_ENDPOINT_FEATURE, false, usb_device_finish},
	{SEND_ENCAPSULATED_COMMAND, true, usb_device_take_command},
	{GET_ENCAPSULATED_RESPONSE, true, usb_device_send_response},
	{SET_CONTROL_LINE_STATE, true, usb_device_finish},
	{GET_INTERFACE, true, usb_device_send_zeros},
	{SET_INTERFACE, true, usb_device_take_setting},
};

static void usb_device_serve_control(struct usb_device *device, struct urb *urb)
{
	bool of_interface = device->configured && urb->setup[4] == USB_MODEM_INTERFACE;
	enum control_request request = (enum control_request)(urb->setup[0] << 8 | urb->setup[1]);

	for (size_t i = 0; i < sizeof(usb_device_requests) / sizeof(usb_device_requests[0]); i++) {
		if (usb_device_requests[i].request != request)
			continue;
		if (usb_device_requests[i].interface && !of_interface)
			break;
		usb_device_requests[i].serve(device, urb);
		return;
	}
	usb_device_stall(device, urb);
}

static void usb_device_serve_urb(struct usb_device *device, struct urb *urb)
{
	if (urb->endpoint == 0)
		usb_device_serve_control(device, urb);
	else if (urb->endpoint == USB_NOTIFICATIONS_IN && urb->in)
		usb_device_listen_to(device, urb);
	else if (urb->endpoint == USB_DATA_IN && urb->in)
		usb_device_keep(device, urb);
	else if (urb->endpoint == USB_DATA_OUT && !urb->in)
		usb_device_finish(device, urb);
	else
		usb_device_stall(device, urb);
}

static void usb_device_unlink_urb(struct usb_device *device, const struct usbip_message *message)
{
	struct urb **at = &device->pending;

	while (*at && (*at)->seqnum != message->unlinked)
		at = &(*at)->next;
	if (*at) {
		struct urb *urb = usb_device_take(at);

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
			usb_device_serve_urb(device, message.urb);
			break;
		case USBIP_UNLINK:
			usb_device_unlink_urb(device, &message);
			break;
		case USBIP_NOTHING:
			return true;
		case USBIP_CLOSED:
			return false;
		}
	}
}

/* Of endpoint 0, only commands are kept. */
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
	struct urb **at = usb_device_oldest(device, 0);
	struct urb *urb;
	size_t len;

	if (!*at) {
		errno = EAGAIN;
		return -1;
	}
	urb = usb_device_take(at);
	len = urb->kept < size ? urb->kept : size;
	memcpy(bytes, urb->data, len);
	usb_device_finish(device, urb);
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
	usb_device_announce(device);
	return (ssize_t)len;
}

void usb_device_fail(struct usb_device *device, enum usb_fault fault, unsigned int count)
{
	device->faults[fault] = count;
	usb_device_announce(device);
}

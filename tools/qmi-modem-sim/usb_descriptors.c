/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usb_descriptors.h"

#include <string.h>

#define LE16(value) (uint8_t)((value)&0xFF), (uint8_t)((value) >> 8)

enum descriptor_type {
	TYPE_DEVICE = 1,
	TYPE_CONFIGURATION = 2,
	TYPE_STRING = 3,
	TYPE_INTERFACE = 4,
	TYPE_ENDPOINT = 5,
};

enum string_index {
	STRING_LANGUAGES = 0,
	STRING_MANUFACTURER = 1,
	STRING_PRODUCT = 2,
	STRING_SERIAL = 3,
};

enum transfer {
	TRANSFER_BULK = 2,
	TRANSFER_INTERRUPT = 3,
};

#define DEVICE_SIZE        18
#define CONFIGURATION_SIZE 9
#define INTERFACE_SIZE     9
#define ENDPOINT_SIZE      7
#define ENDPOINTS          3
#define TOTAL_SIZE         (CONFIGURATION_SIZE + INTERFACE_SIZE + ENDPOINTS * ENDPOINT_SIZE)

#define USB_2           0x0200
#define RELEASE         0x0100
#define CONTROL_PACKET  64
#define ENDPOINT_IN     0x80
#define VENDOR_SPECIFIC 0xFF
#define ENGLISH_US      0x0409
#define BULK_PACKET     512
#define NOTICE_PACKET   16
#define NOTICE_INTERVAL 6    /* 2^(6-1) microframes: 4 ms */
#define BUS_POWERED     0x80 /* no remote wakeup: it stays awake while its port is open */
#define MILLIAMPERE_500 250

#define ENDPOINT(address, transfer, packet, interval)                                              \
	ENDPOINT_SIZE, TYPE_ENDPOINT, (address), (transfer), LE16(packet), (interval)

/* clang-format off: one row for each item described */

/* Each interface has its own class, subclass and protocol. */
static const uint8_t usb_descriptors_device[DEVICE_SIZE] = {DEVICE_SIZE,
							    TYPE_DEVICE,
							    LE16(USB_2),
							    0,
							    0,
							    0,
							    CONTROL_PACKET,
							    LE16(USB_MODEM_VENDOR),
							    LE16(USB_MODEM_PRODUCT),
							    LE16(RELEASE),
							    STRING_MANUFACTURER,
							    STRING_PRODUCT,
							    STRING_SERIAL,
							    1};

static const uint8_t usb_descriptors_configuration[TOTAL_SIZE] = {
	CONFIGURATION_SIZE,
	TYPE_CONFIGURATION,
	LE16(TOTAL_SIZE),
	1,
	USB_CONFIGURATION,
	0,
	BUS_POWERED,
	MILLIAMPERE_500,
	INTERFACE_SIZE,
	TYPE_INTERFACE,
	USB_MODEM_INTERFACE,
	0,
	ENDPOINTS,
	VENDOR_SPECIFIC,
	VENDOR_SPECIFIC,
	VENDOR_SPECIFIC,
	0,
	ENDPOINT(ENDPOINT_IN | USB_NOTIFICATIONS_IN, TRANSFER_INTERRUPT, NOTICE_PACKET,
		 NOTICE_INTERVAL),
	ENDPOINT(ENDPOINT_IN | USB_DATA_IN, TRANSFER_BULK, BULK_PACKET, 0),
	ENDPOINT(USB_DATA_OUT, TRANSFER_BULK, BULK_PACKET, 0)};

/* clang-format on */

/* Converts ASCII text to UTF-16. */
static size_t usb_descriptors_put_string(uint8_t *descriptor, const char *text)
{
	size_t size = 2;

	for (; *text && size + 2 <= USB_DESCRIPTOR_MAX; text++) {
		descriptor[size++] = *text & 0x80 ? '?' : (uint8_t)*text;
		descriptor[size++] = 0;
	}
	descriptor[0] = (uint8_t)size;
	descriptor[1] = TYPE_STRING;
	return size;
}

static size_t usb_descriptors_put(uint8_t *descriptor, const uint8_t *bytes, size_t size)
{
	memcpy(descriptor, bytes, size);
	return size;
}

size_t usb_descriptors_get(const struct settings *settings, uint16_t value,
			   uint8_t descriptor[USB_DESCRIPTOR_MAX])
{
	static const uint8_t languages[] = {4, TYPE_STRING, LE16(ENGLISH_US)};

	switch (value) {
	case TYPE_DEVICE << 8:
		return usb_descriptors_put(descriptor, usb_descriptors_device, DEVICE_SIZE);
	case TYPE_CONFIGURATION << 8:
		return usb_descriptors_put(descriptor, usb_descriptors_configuration, TOTAL_SIZE);
	case TYPE_STRING << 8 | STRING_LANGUAGES:
		return usb_descriptors_put(descriptor, languages, sizeof(languages));
	case TYPE_STRING << 8 | STRING_MANUFACTURER:
		return usb_descriptors_put_string(descriptor, MODEM_MANUFACTURER);
	case TYPE_STRING << 8 | STRING_PRODUCT:
		return usb_descriptors_put_string(descriptor, settings->model);
	case TYPE_STRING << 8 | STRING_SERIAL:
		return usb_descriptors_put_string(descriptor, settings->imei);
	default:
		return 0;
	}
}

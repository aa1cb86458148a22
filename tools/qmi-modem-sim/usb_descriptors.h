/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The USB descriptors by which the host identifies the modem. */
#ifndef USB_DESCRIPTORS_H
#define USB_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>

#include "settings.h"

/*
 * Ids and interface number from a QMI_QUIRK_SET_DTR entry in the kernel's
 * drivers/net/usb/qmi_wwan.c. No other driver is known to claim them.
 */
#define USB_MODEM_VENDOR    0x05C6
#define USB_MODEM_PRODUCT   0x9025
#define USB_MODEM_INTERFACE 4

#define USB_CONFIGURATION 1

/* Endpoint numbers. */
#define USB_NOTIFICATIONS_IN 1
#define USB_DATA_IN          2
#define USB_DATA_OUT         3

#define USB_DESCRIPTOR_MAX 255

/*
 * Copies a descriptor, given by the wValue of GET_DESCRIPTOR (type in the high byte,
 * index in the low). Returns its size, or 0 if there is none.
 */
size_t usb_descriptors_get(const struct settings *settings, uint16_t value,
			   uint8_t descriptor[USB_DESCRIPTOR_MAX]);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modem's port as a USB device: plugged into a port of vhci_hcd, and out of it. */
#ifndef USB_PORT_H
#define USB_PORT_H

#include <stdio.h>

#include "port_kind.h"
#include "settings.h"
#include "usb_device.h"
#include "vhci.h"

struct usb_port {
	struct port port; /* the first: a pointer to it is one to the USB port */
	const struct settings *settings;
	struct usb_device device;
	struct vhci_names names; /* as far as they are known */
	int vhci_port;           /* where it is or was */
	bool gone;               /* unplugged, and the line does not know yet */
	uint64_t plug_at;        /* 0: it is plugged in, or stays out */
	uint64_t plug_until;     /* it waits for its old port, then takes any */
	uint64_t settled_at;     /* the kernel has forgotten the last time by then */
	uint64_t look_at;        /* for names; 0: all are known, or none will come */
	uint64_t warn_at;        /* 0: no warning is due */
};

/* Plugs it in. false: why[] says why not. It is closed through its port. */
bool usb_port_open(struct usb_port *usb, const struct settings *settings, char *why, size_t size);

void usb_port_unplug(struct usb_port *usb);
/* ms from now, and where it was before if that port becomes free. */
void usb_port_plug(struct usb_port *usb, unsigned int ms);
bool usb_port_reset(struct usb_port *usb); /* false: errno says why not */

/* One line for each name, such as "usb.node=/dev/cdc-wdm0". */
void usb_port_print_names(const struct usb_port *usb, FILE *out);
void usb_port_print_state(const struct usb_port *usb, FILE *out);

#endif

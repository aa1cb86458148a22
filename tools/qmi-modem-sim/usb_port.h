/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modem's port as a USB device that can be plugged into vhci_hcd and unplugged. */
#ifndef USB_PORT_H
#define USB_PORT_H

#include <stdio.h>

#include "port_kind.h"
#include "settings.h"
#include "usb_device.h"
#include "vhci.h"

struct usb_port {
	struct port port; /* first, so that a pointer to it can be cast to the USB port */
	const struct settings *settings;
	struct usb_device device;
	struct vhci_names names; /* as far as known */
	int vhci_port;           /* where it is or was */
	bool gone;               /* unplugged, but the line does not know yet */
	uint64_t plug_at;        /* ms; 0: it is plugged in, or stays unplugged */
	uint64_t plug_until;     /* until then it waits for its old port; later it takes any */
	uint64_t settled_at;     /* by then the kernel has dropped the last connection */
	uint64_t look_at;        /* when to look for names; 0: all are known, or none will come */
	uint64_t warn_at;        /* 0: no warning is due */
};

/* Plugs it in. On false, why[] says why. Close it through its port. */
bool usb_port_open(struct usb_port *usb, const struct settings *settings, char *why, size_t size);

void usb_port_unplug(struct usb_port *usb);
/* Plugs it in ms from now, into its previous port if that becomes free. */
void usb_port_plug(struct usb_port *usb, unsigned int ms);
bool usb_port_reset(struct usb_port *usb); /* on false, errno says why */

/* Print lines such as "usb.node=/dev/cdc-wdm0". */
void usb_port_print_names(const struct usb_port *usb, FILE *out);
void usb_port_print_state(const struct usb_port *usb, FILE *out);

#endif

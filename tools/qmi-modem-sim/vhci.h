/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vhci_hcd, the kernel's virtual USB host controller: its ports, and the kernel's
 * names for the device on a port. Facts: drivers/usb/usbip/vhci_sysfs.c.
 *
 * Of the ways to get a USB device without hardware, this is the one in which the
 * device is a process. It sees every URB and can make it fail, it needs no configfs,
 * the kernel cleans up when it dies, and several modems are just several processes.
 */
#ifndef VHCI_H
#define VHCI_H

#include <stdbool.h>
#include <stddef.h>

#define VHCI_ANY      (-1)
#define VHCI_NAME_MAX 32

struct vhci_names {
	char device[VHCI_NAME_MAX]; /* the USB device, such as 1-1, or "" */
	char node[VHCI_NAME_MAX];   /* such as cdc-wdm0, or "" without a driver */
	char net[VHCI_NAME_MAX];    /* such as wwan0, or "" */
};

/*
 * Attaches a high-speed device to this port, or to any with VHCI_ANY. The caller serves
 * the device through the other end of the stream socket fd, which the kernel keeps a
 * reference to. Returns the port, or -1 with the reason in why[]; errno is EBUSY if a
 * port may become free later.
 */
int vhci_attach(int fd, int port, char *why, size_t size);

/* Stores the names of the device now at this port and of its interface. */
void vhci_find_names(int port, unsigned int interface, struct vhci_names *names);

/* Makes the kernel reset the USB device, without waiting. On false, errno says why. */
bool vhci_reset(const char *device);

#endif

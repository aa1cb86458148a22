/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vhci_hcd, the kernel's virtual USB host controller: its ports, and what the
 * kernel has made of the device on one. Facts: drivers/usb/usbip/vhci_sysfs.c.
 *
 * Of all ways to have a USB device without hardware, this is the one in which
 * the device is a process. It sees every URB and can make it fail, it needs no
 * configfs, the kernel cleans up when it dies, and several modems are just
 * several processes.
 */
#ifndef VHCI_H
#define VHCI_H

#include <stdbool.h>
#include <stddef.h>

#define VHCI_ANY      (-1)
#define VHCI_NAME_MAX 32

struct vhci_names {
	char device[VHCI_NAME_MAX]; /* the USB device, such as 1-1; "" while there is none */
	char node[VHCI_NAME_MAX];   /* the interface's cdc-wdm0; "" without a driver */
	char net[VHCI_NAME_MAX];    /* its wwan0 */
};

/*
 * Attaches a high-speed device, which is served through the other end of the
 * stream socket fd, to this port, or VHCI_ANY. The kernel keeps fd's socket.
 * Returns the port, or -1 and says why in why[]; errno is EBUSY if a port may
 * become free later.
 */
int vhci_attach(int fd, int port, char *why, size_t size);

/* The device at this port now, and the names at this interface of it. */
void vhci_find_names(int port, unsigned int interface, struct vhci_names *names);

/* Makes the kernel reset the USB device, without waiting for it. false: errno says why not. */
bool vhci_reset(const char *device);

#endif

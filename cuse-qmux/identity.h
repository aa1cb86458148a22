/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What udev knows about the modem behind a port. */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

enum modem_kind {
	MODEM_QMI,     /* a QMI port of usbmisc or wwan */
	MODEM_MBIM,    /* a port of cdc_mbim, or of type MBIM */
	MODEM_UNKNOWN, /* udev recognises it as neither */
};

#define IDENTITY_ID_MAX 240

struct identity {
	enum modem_kind kind;
	char name[128];  /* for messages: vendor, model and driver as far as known; may be empty */
	char place[128]; /* its ID_PATH udev property: where it is plugged in; may be empty */
	char id[IDENTITY_ID_MAX]; /* what its links in by-id are called; empty: it has none */
	char properties[2048];    /* its ID_* udev properties, one KEY=VALUE per line */
	char options[1024];       /* its CUSE_QMUX_OPTIONS udev property; may be empty */
	bool options_cut;         /* options was truncated */
};

/*
 * Fills *identity for the port with this device number, waiting up to 10 s for
 * udev to finish with it. Never fails: fields that cannot be determined stay
 * MODEM_UNKNOWN or empty.
 */
void identity_find(struct identity *identity, dev_t port);

struct udev_device;

/* What kind of port the device is. */
enum modem_kind identity_kind(struct udev_device *device);

/* False while udev has not run its rules for the port. */
bool identity_udev_is_done(struct udev_device *device);

#endif

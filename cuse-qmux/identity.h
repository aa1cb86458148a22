/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the system knows about the modem behind a port: libudev. */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

enum modem_kind {
	MODEM_QMI,     /* a QMI port of usbmisc or wwan */
	MODEM_MBIM,    /* a port of cdc_mbim, or of type MBIM */
	MODEM_UNKNOWN, /* nothing that udev knows as either */
};

struct identity {
	enum modem_kind kind;
	char name[128]; /* for people: vendor, model and driver as far as known, maybe empty */
	char properties[2048]; /* udev's that identify it, ID_*: a line KEY=VALUE for each */
	char options[1024];    /* its udev property CUSE_QMUX_OPTIONS, maybe empty */
	bool options_cut;      /* for which there was not enough room */
};

/* Never fails: what cannot be found out is unknown. */
void identity_find(struct identity *identity, dev_t port);

#endif

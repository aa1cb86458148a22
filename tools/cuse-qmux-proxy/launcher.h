/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts instances of cuse-qmux for QMI ports that have none. */
#ifndef LAUNCHER_H
#define LAUNCHER_H

#include <stdint.h>
#include <sys/types.h>

enum launcher_port {
	LAUNCHER_NO_PORT,  /* not a QMI port of a modem */
	LAUNCHER_EXPECTED, /* udev starts an instance for it */
	LAUNCHER_FREE,     /* nobody does */
};

/* What sort of a device has these numbers. */
enum launcher_port launcher_find(dev_t device);

/*
 * Starts an instance for a free port, unless one was started a moment ago or still runs.
 * now is in ms. A failure is logged.
 */
void launcher_start(dev_t device, uint64_t now);

/* A child of this process has ended. */
void launcher_ended(pid_t pid);

#endif

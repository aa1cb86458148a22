/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps two instances off the same port: a lock on a file that is named after the
 * device's numbers, so that any name of the device counts. It ends with the process.
 */
#ifndef CLAIM_H
#define CLAIM_H

#include <sys/types.h>

struct claim {
	int fd; /* -1: none */
	dev_t device;
};

/*
 * Returns 0; -EBUSY with the pid of the instance that has the device, or 0 if that is
 * in another pid namespace; or -errno if it is unknown whether there is one.
 */
int claim_take(struct claim *claim, dev_t device, pid_t *owner);

/* Does nothing if there is none. */
void claim_drop(struct claim *claim);

#endif

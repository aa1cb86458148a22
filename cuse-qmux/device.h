/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel calls a device, according to sysfs: the names in /dev can mislead. */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>
#include <sys/types.h>

#define DEVICE_NAME_MAX 64

/*
 * Stores the number of the class's device with this name. Returns 0, or -errno with
 * *device left alone.
 */
int device_number(const char *class, const char *name, dev_t *device);

/* Stores the name of a character device. False if the kernel has no such device. */
bool device_name(dev_t device, char name[DEVICE_NAME_MAX]);

/* True if it is a character device of CUSE. */
bool device_is_cuse(dev_t device);

#endif

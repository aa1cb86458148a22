/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fakes what libudev finds about a CUSE device, in the tests' own mount namespace. */
#ifndef SYSFS_H
#define SYSFS_H

/* Makes the device with this name look like a QMI port to processes started later. */
void sysfs_pretend_qmi(const char *name);

/* Removes the fake, if there is one. */
void sysfs_restore(void);

#endif

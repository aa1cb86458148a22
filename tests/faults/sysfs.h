/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libudev finds of a CUSE device: made up, in a mount namespace of the tests' own. */
#ifndef SYSFS_H
#define SYSFS_H

/* The device of this name is a QMI port of a modem, for all that are started from now on. */
void sysfs_pretend_qmi(const char *name);

/* Nothing is made up any more; it need not have been. */
void sysfs_restore(void);

#endif

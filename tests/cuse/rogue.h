/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CUSE devices of a program other than the daemon. They merely exist. */
#ifndef ROGUE_H
#define ROGUE_H

#include <stddef.h>

/* Makes a device that lasts until the returned descriptor is closed. -1 if the kernel refuses. */
int rogue_device(const char *name);

/* Makes devices until the kernel has no dynamic major number left. Returns how many. */
#define ROGUES_MAX 256
size_t rogue_take_all_majors(int rogues[ROGUES_MAX]);
void rogue_close(const int rogues[ROGUES_MAX], size_t count);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CUSE devices of a program other than the daemon, that do nothing but be there. */
#ifndef ROGUE_H
#define ROGUE_H

#include <stddef.h>

/* A device of this name, there until the descriptor is closed; -1 if the kernel refuses it. */
int rogue_device(const char *name);

/* Devices until the kernel has no dynamic major number left for another one. */
#define ROGUES_MAX 256
size_t rogue_take_all_majors(int rogues[ROGUES_MAX]);
void rogue_close(const int rogues[ROGUES_MAX], size_t count);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stops whoever opens a node later, while the other hooks run and the kernel writes its
 * files to the disk.
 */
#ifndef GUARD_H
#define GUARD_H

#include "hunt.h"
#include "record.h"

/*
 * Starts a process that does so until the record is gone. Without it, which is possible if
 * the system refuses a resource, the machine will nearly always sleep too.
 */
void guard_start(struct hunt *hunt, struct record *record);

#endif

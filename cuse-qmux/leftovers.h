/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What instances that were killed have left of their nodes. */
#ifndef LEFTOVERS_H
#define LEFTOVERS_H

/*
 * Removes the aliases (V25) and the registry's files of nodes with this prefix that
 * the kernel does not have any more. Waits for the registry's lock.
 */
void leftovers_remove(const char *prefix);

#endif

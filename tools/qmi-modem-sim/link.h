/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The symlink by which the pty is found. */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>

/* In place of whatever link is there, at once. false: errno says why. */
bool link_make(const char *path, const char *target);
/* Unless by now it leads elsewhere. */
void link_remove(const char *path, const char *target);

#endif

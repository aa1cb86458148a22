/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ASK_H
#define ASK_H

/*
 * Sends the words to the control socket at path, prints the reply, and returns
 * the status to exit with.
 */
int ask(const char *path, char *const *words, int count);

#endif

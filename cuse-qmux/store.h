/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V29: descriptors that outlive the process, by name: those that its predecessor has left
 * it, and those that it leaves. They pass through the supervisor's descriptor store, or
 * directly to the program that the process becomes; see sd_listen_fds(3).
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stdint.h>

#define STORE_NAME_MAX 32 /* bytes of a name, with its end */

/* Receives those that were passed. Call it before the process opens files. */
void store_receive(void);

/* The one of this name, which belongs to the caller from then on; -1 if there is none. */
int store_take(const char *name);

/* The same for a name that is the prefix and a number, which is stored. */
int store_take_numbered(const char *prefix, uint64_t *number);

/* Closes those that nobody has taken, and has the supervisor forget all that it had. */
void store_clear(void);

/* Leaves a descriptor for the next process, which must stay open until then. */
void store_leave(const char *name, int fd);

/* Closes those of this name that were left. */
void store_drop(const char *name);

/* Has the supervisor keep them. False if it does not take them, which has been logged. */
bool store_hand_over(void);

/*
 * Becomes the program, with these arguments and those descriptors; as its supervisor, or as
 * the process before. Returns -errno.
 */
int store_execute(const char *program, char *argv[], bool supervises);

#endif

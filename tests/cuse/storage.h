/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A supervisor's descriptor store, as in sd_notify(3) and sd_listen_fds(3). */
#ifndef STORAGE_H
#define STORAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon.h"

#define STORAGE_MAX      64
#define STORAGE_NAME_MAX 64

struct storage {
	size_t count;
	bool is_settled; /* the daemon has waited until it has been heard */
	struct stored {
		int fd;
		char name[STORAGE_NAME_MAX];
	} stored[STORAGE_MAX];
};

/* Has the daemon leave everything and end, and keeps it. */
void storage_take(struct storage *storage, struct daemon *d);

/*
 * Starts another process of the daemon with these arguments and all that is kept, which it
 * must remove from the store.
 */
void storage_pass(struct storage *storage, struct daemon *d, const char *const args[]);

/* Changes a byte of a memory file, from the end if at is negative. */
void storage_damage(const struct storage *storage, const char *name, long at);

/* Loses the descriptor of this name. */
void storage_drop(struct storage *storage, const char *name);

#endif

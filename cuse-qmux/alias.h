/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual node's device nodes in /dev: its own, and an alias with the real
 * port's basename (V25).
 */
#ifndef ALIAS_H
#define ALIAS_H

#include <sys/types.h>

struct alias {
	char node[96];       /* /dev/PREFIXN */
	char base[96];       /* /dev/PREFIX */
	char directory[128]; /* /dev/PREFIX/N */
	char path[400];      /* /dev/PREFIX/N/BASENAME */
};

/* Fills *alias for nodes that exist. */
void alias_set_paths(struct alias *alias, const char *prefix, unsigned number,
		     const char *basename);

/*
 * Fills *alias with the paths and makes both device nodes refer to the device,
 * replacing leftovers with the same names. Returns 0, or -errno after removing
 * whatever it had made.
 */
int alias_create(struct alias *alias, const char *prefix, unsigned number, const char *basename,
		 dev_t device);

/* Removes both device nodes, and the directories of the alias if they are empty. */
void alias_destroy(const struct alias *alias);

/* Removes the aliases of a node that does not exist any more. */
void alias_remove(const char *prefix, const char *number);

#endif

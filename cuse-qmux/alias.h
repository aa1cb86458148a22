/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device nodes in /dev of a virtual node: its own, and the alias that has
 * the real port's basename (V25).
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

/*
 * Makes sure that both device nodes stand for this device. Left-overs under
 * the same names are replaced. 0, or -errno and nothing is left of the alias.
 */
int alias_create(struct alias *alias, const char *prefix, unsigned number, const char *basename,
		 dev_t device);

/* Removes both device nodes, and the directories of the alias if they are empty. */
void alias_destroy(const struct alias *alias);

#endif

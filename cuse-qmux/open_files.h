/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The open files of a node by number, the kernel's handle for them: a hash table that
 * grows and shrinks with its contents. Nothing here can fail.
 */
#ifndef OPEN_FILES_H
#define OPEN_FILES_H

#include <stddef.h>
#include <stdint.h>

#define OPEN_FILES_FEW_BITS 3

/* Embedded in an open file. */
struct open_files_entry {
	uint64_t number;
	struct open_files_entry *next; /* in its bucket */
};

struct open_files {
	struct open_files_entry **buckets; /* 2^bits of them: few, or allocated memory */
	unsigned bits;
	size_t count;
	uint64_t unique; /* the kernel's number of the request that is being served */
	uint64_t kh;     /* and of the poll handle that came with it */
	struct open_files_entry *few[1 << OPEN_FILES_FEW_BITS];
};

/* The table must not move afterwards: it points into itself. */
void open_files_init(struct open_files *files);

/* The number must not be in the table yet. The caller owns the entry. */
void open_files_add(struct open_files *files, struct open_files_entry *entry, uint64_t number);
void open_files_remove(struct open_files *files, struct open_files_entry *entry);

/* Returns NULL if no entry has the number. */
struct open_files_entry *open_files_find(const struct open_files *files, uint64_t number);

/* Calls visit() for each, which must not change the table. */
void open_files_visit(const struct open_files *files,
		      void (*visit)(struct open_files_entry *entry, void *context), void *context);

/* Removes every entry, calling gone() for each, and frees the table's memory. */
void open_files_clear(struct open_files *files,
		      void (*gone)(struct open_files_entry *entry, void *context), void *context);

#endif

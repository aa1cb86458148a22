/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The open files of a node by their numbers, which is how the kernel names them: a
 * hash table that grows and shrinks with what is in it. Nothing here can fail.
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
	struct open_files_entry **buckets; /* 2^bits of them: few, or allocated */
	unsigned bits;
	size_t count;
	struct open_files_entry *few[1 << OPEN_FILES_FEW_BITS];
};

/* The table must not be moved. */
void open_files_init(struct open_files *files);

/* The number must be new to the table. */
void open_files_add(struct open_files *files, struct open_files_entry *entry, uint64_t number);
void open_files_remove(struct open_files *files, struct open_files_entry *entry);

/* NULL if no entry has the number. */
struct open_files_entry *open_files_find(const struct open_files *files, uint64_t number);

/* Takes every entry out and calls gone() for it. Returns the memory. */
void open_files_clear(struct open_files *files,
		      void (*gone)(struct open_files_entry *entry, void *context), void *context);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "open_files.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static size_t open_files_size(const struct open_files *files)
{
	return (size_t)1 << files->bits;
}

/* Fibonacci hashing: numbers a fixed distance apart do not collide. */
static struct open_files_entry **open_files_bucket(const struct open_files *files, uint64_t number)
{
	return &files->buckets[number * UINT64_C(0x9e3779b97f4a7c15) >> (64 - files->bits)];
}

/* Returns the pointer to the entry with this number, or to the NULL at the end of its bucket. */
static struct open_files_entry **open_files_place(const struct open_files *files, uint64_t number)
{
	struct open_files_entry **place = open_files_bucket(files, number);

	while (*place && (*place)->number != number)
		place = &(*place)->next;
	return place;
}

void open_files_init(struct open_files *files)
{
	*files = (struct open_files){.bits = OPEN_FILES_FEW_BITS};
	files->buckets = files->few;
}

/* Frees buckets that are no longer used. */
static void open_files_discard(struct open_files *files, struct open_files_entry **buckets)
{
	if (buckets == files->few)
		memset(files->few, 0, sizeof(files->few));
	else
		free(buckets);
}

/* Keeps the old buckets if memory runs out: searches then only take longer. */
static void open_files_resize(struct open_files *files, unsigned bits)
{
	struct open_files new = {.bits = bits, .buckets = files->few};
	size_t size = open_files_size(files);

	if (bits > OPEN_FILES_FEW_BITS)
		new.buckets = calloc(open_files_size(&new), sizeof(struct open_files_entry *));
	if (!new.buckets)
		return;
	for (size_t i = 0; i < size; i++) {
		struct open_files_entry *entry = files->buckets[i];

		while (entry) {
			struct open_files_entry *next = entry->next;
			struct open_files_entry **bucket = open_files_bucket(&new, entry->number);

			entry->next = *bucket;
			*bucket = entry;
			entry = next;
		}
	}
	open_files_discard(files, files->buckets);
	files->buckets = new.buckets;
	files->bits = bits;
}

void open_files_add(struct open_files *files, struct open_files_entry *entry, uint64_t number)
{
	struct open_files_entry **place;

	if (files->count >= open_files_size(files))
		open_files_resize(files, files->bits + 1);
	place = open_files_place(files, number);
	assert(!*place);
	*entry = (struct open_files_entry){.number = number};
	*place = entry;
	files->count++;
}

void open_files_remove(struct open_files *files, struct open_files_entry *entry)
{
	struct open_files_entry **place = open_files_place(files, entry->number);

	assert(*place == entry);
	*place = entry->next;
	files->count--;
	if (files->bits > OPEN_FILES_FEW_BITS && files->count < open_files_size(files) / 4)
		open_files_resize(files, files->bits - 1);
}

struct open_files_entry *open_files_find(const struct open_files *files, uint64_t number)
{
	return *open_files_place(files, number);
}

void open_files_visit(const struct open_files *files,
		      void (*visit)(struct open_files_entry *entry, void *context), void *context)
{
	for (size_t i = 0; i < open_files_size(files); i++) {
		for (struct open_files_entry *entry = files->buckets[i]; entry; entry = entry->next)
			visit(entry, context);
	}
}

void open_files_clear(struct open_files *files,
		      void (*gone)(struct open_files_entry *entry, void *context), void *context)
{
	for (size_t i = 0; i < open_files_size(files); i++) {
		struct open_files_entry *entry = files->buckets[i];

		while (entry) {
			struct open_files_entry *next = entry->next;

			gone(entry, context);
			files->count--;
			entry = next;
		}
	}
	assert(files->count == 0);
	open_files_discard(files, files->buckets);
	open_files_init(files);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include <errno.h>
#include <stdlib.h>

#define SIZE_MIN 64

static struct list *table_allocate(size_t size)
{
	struct list *buckets = malloc(size * sizeof(*buckets));

	for (size_t i = 0; buckets && i < size; i++)
		list_init(&buckets[i]);
	return buckets;
}

int table_init(struct table *table)
{
	*table = (struct table){.buckets = table_allocate(SIZE_MIN), .size = SIZE_MIN};
	return table->buckets ? 0 : -ENOMEM;
}

void table_finish(struct table *table)
{
	free(table->buckets);
	table->buckets = NULL;
}

uint32_t table_hash(uint64_t key)
{
	/* The multiplication moves no bit to the right. */
	key ^= key >> 32;
	key *= UINT64_C(0x9E3779B97F4A7C15);
	return (uint32_t)(key >> 32);
}

static void table_resize(struct table *table, size_t size)
{
	struct table resized = {.buckets = table_allocate(size), .size = size};

	/* Without memory it stays as it is, only slower. */
	if (!resized.buckets)
		return;
	for (size_t i = 0; i < table->size; i++) {
		list_for_each (link, &table->buckets[i]) {
			struct table_entry *entry = container_of(link, struct table_entry, link);

			list_append(table_bucket(&resized, entry->hash), link);
		}
	}
	free(table->buckets);
	table->buckets = resized.buckets;
	table->size = size;
}

void table_add(struct table *table, struct table_entry *entry, uint32_t hash)
{
	if (table->count == table->size)
		table_resize(table, 2 * table->size);
	entry->hash = hash;
	list_init(&entry->link);
	list_append(table_bucket(table, hash), &entry->link);
	table->count++;
}

void table_remove(struct table *table, struct table_entry *entry)
{
	list_remove(&entry->link);
	table->count--;
	if (table->size > SIZE_MIN && table->count < table->size / 8)
		table_resize(table, table->size / 2);
}

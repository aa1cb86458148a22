/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table of elements that embed an entry. It grows with their number. */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "list.h"

struct table_entry {
	struct list link;
	uint32_t hash;
};

struct table {
	struct list *buckets;
	size_t size; /* buckets; a power of two */
	size_t count;
};

int table_init(struct table *table);    /* 0, or -ENOMEM. table_finish() takes either. */
void table_finish(struct table *table); /* frees no elements */

/* Any integer that identifies an element well. */
uint32_t table_hash(uint64_t key);

void table_add(struct table *table, struct table_entry *entry, uint32_t hash);
void table_remove(struct table *table, struct table_entry *entry); /* which is in it */

/* The bucket to search for elements of this hash, oldest first; others may be in it. */
static inline struct list *table_bucket(const struct table *table, uint32_t hash)
{
	return &table->buckets[hash & (table->size - 1)];
}

#endif

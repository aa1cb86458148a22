/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "memory.h"
#include "table.h"
#include "unit_groups.h"

#define COUNT 3000

struct element {
	uint64_t key;
	struct table_entry entry;
};

static struct element elements[COUNT];

static int set_up(void **state)
{
	static struct table table;

	*state = &table;
	return table_init(&table);
}

static int tear_down(void **state)
{
	table_finish(*state);
	return 0;
}

static void add(struct table *table, unsigned i)
{
	elements[i].key = i;
	table_add(table, &elements[i].entry, table_hash(i));
}

/* The first element of this key in its bucket, or NULL. */
static struct element *find(const struct table *table, uint64_t key)
{
	list_for_each (link, table_bucket(table, table_hash(key))) {
		struct element *element = container_of(link, struct element, entry.link);

		if (element->key == key)
			return element;
	}
	return NULL;
}

static size_t longest_bucket(const struct table *table)
{
	size_t longest = 0;

	for (size_t i = 0; i < table->size; i++) {
		size_t count = 0;

		list_for_each (link, &table->buckets[i])
			count++;
		longest = count > longest ? count : longest;
	}
	return longest;
}

static void test_finds_what_is_in_it(void **state)
{
	struct table *table = *state;

	for (unsigned i = 0; i < COUNT; i += 2)
		add(table, i);
	assert_int_equal(table->count, COUNT / 2);
	for (unsigned i = 0; i < COUNT; i++)
		assert_ptr_equal(find(table, i), i % 2 ? NULL : &elements[i]);
	for (unsigned i = 0; i < COUNT; i += 4)
		table_remove(table, &elements[i].entry);
	for (unsigned i = 0; i < COUNT; i++)
		assert_ptr_equal(find(table, i), i % 4 == 2 ? &elements[i] : NULL);
	assert_int_equal(table->count, COUNT / 4);
}

static void test_grows_and_shrinks(void **state)
{
	struct table *table = *state;
	size_t size = table->size;

	for (unsigned i = 0; i < COUNT; i++)
		add(table, i);
	assert_true(table->size >= COUNT);
	assert_true(longest_bucket(table) < 12);
	for (unsigned i = 0; i < COUNT; i++)
		table_remove(table, &elements[i].entry);
	assert_int_equal(table->count, 0);
	assert_int_equal(table->size, size);
}

/* Numbers that differ in high bits only must not all share a bucket. */
static void test_hashes_all_bits(void **state)
{
	struct table *table = *state;

	for (unsigned i = 0; i < 1000; i++) {
		elements[i].key = (uint64_t)i << 48;
		table_add(table, &elements[i].entry, table_hash(elements[i].key));
	}
	assert_true(longest_bucket(table) < 20);
}

static void test_oldest_first(void **state)
{
	struct table *table = *state;
	const uint32_t hash = table_hash(7);

	for (unsigned i = 0; i < 3; i++) {
		elements[i].key = 7;
		table_add(table, &elements[i].entry, hash);
	}
	/* Also when it has grown meanwhile. */
	for (unsigned i = 100; i < 300; i++)
		add(table, i);
	for (unsigned i = 0; i < 3; i++) {
		assert_ptr_equal(find(table, 7), &elements[i]);
		table_remove(table, &elements[i].entry);
	}
	assert_null(find(table, 7));
}

static void test_no_memory(void **state)
{
	struct table *table = *state;
	struct table none;
	size_t size = table->size;

	for (unsigned i = 0; i < size; i++)
		add(table, i);
	memory_fail(1);
	add(table, (unsigned)size);
	assert_true(memory_failed());
	assert_int_equal(table->size, size);
	for (unsigned i = 0; i <= size; i++)
		assert_ptr_equal(find(table, i), &elements[i]);

	memory_fail(1);
	assert_int_equal(table_init(&none), -ENOMEM);
	assert_true(memory_failed());
	table_finish(&none);
}

#define TABLE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	TABLE_TEST(test_finds_what_is_in_it), TABLE_TEST(test_grows_and_shrinks),
	TABLE_TEST(test_hashes_all_bits),     TABLE_TEST(test_oldest_first),
	TABLE_TEST(test_no_memory),
};

TEST_GROUP(table_tests, tests);

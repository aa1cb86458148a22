/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../cuse-qmux/open_files.h"

#include "memory.h"
#include "unit_groups.h"

#define FILES 5000
#define STEP  64 /* between the numbers, as with 64 nodes opened in turn */

static struct open_files_entry entries[FILES];

static uint64_t number_of(size_t i)
{
	return 1 + STEP * (uint64_t)i;
}

static void add_all(struct open_files *files)
{
	for (size_t i = 0; i < FILES; i++)
		open_files_add(files, &entries[i], number_of(i));
}

/* Checks that the table holds exactly these entries. */
static void check(const struct open_files *files, size_t first, size_t end)
{
	for (size_t i = 0; i < FILES; i++) {
		struct open_files_entry *expected = i >= first && i < end ? &entries[i] : NULL;

		assert_ptr_equal(open_files_find(files, number_of(i)), expected);
		assert_null(open_files_find(files, number_of(i) + 1));
	}
	assert_int_equal(files->count, end - first);
}

static size_t longest_bucket(const struct open_files *files)
{
	size_t longest = 0;

	for (size_t i = 0; i < (size_t)1 << files->bits; i++) {
		size_t length = 0;

		for (const struct open_files_entry *entry = files->buckets[i]; entry;
		     entry = entry->next)
			length++;
		if (length > longest)
			longest = length;
	}
	return longest;
}

static void count_gone(struct open_files_entry *entry, void *context)
{
	size_t *gone = context;

	(void)entry;
	++*gone;
}

static void test_an_unknown_number_finds_nothing(void **state)
{
	struct open_files files;

	(void)state;
	open_files_init(&files);
	assert_null(open_files_find(&files, 0));
	open_files_add(&files, &entries[0], UINT64_MAX);
	assert_null(open_files_find(&files, 0));
	assert_null(open_files_find(&files, UINT64_MAX - 1));
	assert_ptr_equal(open_files_find(&files, UINT64_MAX), &entries[0]);
	open_files_remove(&files, &entries[0]);
	assert_null(open_files_find(&files, UINT64_MAX));
}

static void test_each_number_finds_its_own(void **state)
{
	struct open_files files;

	(void)state;
	open_files_init(&files);
	add_all(&files);
	check(&files, 0, FILES);
	assert_true(longest_bucket(&files) <= 4);
	for (size_t i = 0; i < FILES / 2; i++)
		open_files_remove(&files, &entries[i]);
	check(&files, FILES / 2, FILES);
	for (size_t i = FILES / 2; i < FILES; i++)
		open_files_remove(&files, &entries[i]);
	check(&files, 0, 0);
}

/* The memory for a burst of files is freed, and the few left are still found. */
static void test_memory_returns(void **state)
{
	struct open_files files;

	(void)state;
	open_files_init(&files);
	add_all(&files);
	for (size_t i = FILES; i-- > 3;)
		open_files_remove(&files, &entries[i]);
	assert_ptr_equal(files.buckets, files.few);
	check(&files, 0, 3);
	for (size_t i = 0; i < 3; i++)
		open_files_remove(&files, &entries[i]);
}

static void test_no_memory_is_no_failure(void **state)
{
	struct open_files files;

	(void)state;
	open_files_init(&files);
	for (size_t i = 0; i < FILES; i++) {
		memory_fail(1);
		open_files_add(&files, &entries[i], number_of(i));
	}
	memory_fail(0);
	assert_ptr_equal(files.buckets, files.few);
	check(&files, 0, FILES);
	for (size_t i = 0; i < FILES; i++)
		open_files_remove(&files, &entries[i]);
}

static void test_clear_takes_all_out(void **state)
{
	struct open_files files;
	size_t gone = 0;

	(void)state;
	open_files_init(&files);
	add_all(&files);
	open_files_clear(&files, count_gone, &gone);
	assert_int_equal(gone, FILES);
	check(&files, 0, 0);
	open_files_add(&files, &entries[0], number_of(0));
	check(&files, 0, 1);
	open_files_remove(&files, &entries[0]);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_an_unknown_number_finds_nothing),
	cmocka_unit_test(test_each_number_finds_its_own),
	cmocka_unit_test(test_memory_returns),
	cmocka_unit_test(test_no_memory_is_no_failure),
	cmocka_unit_test(test_clear_takes_all_out),
};

TEST_GROUP(open_files_tests, tests);

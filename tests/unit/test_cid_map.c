/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "cid_map.h"
#include "client.h"
#include "memory.h"
#include "unit_groups.h"

static int set_up(void **state)
{
	static struct cid_map map;

	cid_map_init(&map);
	*state = &map;
	return 0;
}

static int tear_down(void **state)
{
	cid_map_finish(*state);
	return 0;
}

static void test_places_are_apart(void **state)
{
	struct cid_map *map = *state;
	struct client one;
	struct client two;

	assert_null(cid_map_get(map, 2, 1));
	assert_int_equal(cid_map_set(map, 2, 1, &one), 0);
	assert_int_equal(cid_map_set(map, 255, 255, &two), 0);
	assert_ptr_equal(cid_map_get(map, 2, 1), &one);
	assert_ptr_equal(cid_map_get(map, 255, 255), &two);
	assert_null(cid_map_get(map, 2, 2));
	assert_null(cid_map_get(map, 3, 1));
	assert_int_equal(cid_map_set(map, 2, 1, NULL), 0);
	assert_null(cid_map_get(map, 2, 1));
}

static void test_V2_lowest_free_first(void **state)
{
	struct cid_map *map = *state;
	struct client client;

	for (unsigned cid = 1; cid <= QMI_CID_MAX; cid++) {
		assert_int_equal(cid_map_lowest_free(map, 2), cid);
		assert_int_equal(cid_map_set(map, 2, (uint8_t)cid, &client), 0);
	}
	assert_int_equal(cid_map_lowest_free(map, 2), QMI_CID_NONE);
	assert_int_equal(cid_map_lowest_free(map, 3), 1);
	cid_map_set(map, 2, 200, NULL);
	cid_map_set(map, 2, 17, NULL);
	assert_int_equal(cid_map_lowest_free(map, 2), 17);
}

static void test_no_memory(void **state)
{
	struct cid_map *map = *state;
	struct client client;

	memory_fail(1);
	assert_int_equal(cid_map_set(map, 2, 1, &client), -ENOMEM);
	assert_true(memory_failed());
	assert_null(cid_map_get(map, 2, 1));
}

#define MAP_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	MAP_TEST(test_places_are_apart),
	MAP_TEST(test_V2_lowest_free_first),
	MAP_TEST(test_no_memory),
};

TEST_GROUP(cid_map_tests, tests);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rotation.h"
#include "unit_groups.h"

static uint64_t taken;
static struct rotation rotation;
static struct line lines[3];
static struct place places[3][3];

static int set_up(void **state)
{
	(void)state;
	taken = 0;
	rotation_init(&rotation, &taken);
	for (size_t i = 0; i < 3; i++) {
		line_init(&lines[i]);
		for (size_t k = 0; k < 3; k++)
			place_init(&places[i][k]);
	}
	return 0;
}

static void join(size_t line, size_t place)
{
	rotation_join(&rotation, &lines[line], &places[line][place]);
}

/* Serves the one whose turn it is, who must be this one. */
static void serve(size_t line, size_t place)
{
	struct line *next = rotation_line(&rotation);

	assert_ptr_equal(next, &lines[line]);
	assert_ptr_equal(line_place(next), &places[line][place]);
	rotation_pass(&rotation, next, &places[line][place]);
}

static void test_V14_users_take_turns_then_their_sessions(void **state)
{
	(void)state;
	join(0, 0);
	join(0, 1);
	join(0, 2);
	join(1, 0);
	join(2, 0);
	join(2, 1);
	for (unsigned round = 0; round < 2; round++) {
		serve(0, 0);
		serve(1, 0);
		serve(2, 0);
		serve(0, 1);
		serve(1, 0);
		serve(2, 1);
		serve(0, 2);
		serve(1, 0);
		serve(2, 0);
		serve(0, 0);
		serve(1, 0);
		serve(2, 1);
		serve(0, 1);
		serve(1, 0);
		serve(2, 0);
		serve(0, 2);
		serve(1, 0);
		serve(2, 1);
	}
}

static void test_a_place_is_kept(void **state)
{
	(void)state;
	join(0, 0);
	join(1, 0);
	join(0, 1);
	/* Whoever has a place gains and loses nothing by asking again. */
	join(0, 0);
	assert_true(places[0][0].since < places[0][1].since);
	serve(0, 0);
	join(1, 0);
	serve(1, 0);
	serve(0, 1);
}

static void test_leaving(void **state)
{
	(void)state;
	assert_null(rotation_line(&rotation));
	assert_null(line_place(&lines[0]));
	join(0, 0);
	join(0, 1);
	join(1, 0);
	rotation_leave(&lines[0], &places[0][0]);
	assert_false(place_is_taken(&places[0][0]));
	rotation_leave(&lines[0], &places[0][0]);
	serve(0, 1);
	serve(1, 0);
	rotation_leave(&lines[0], &places[0][1]);
	assert_false(place_is_taken(&lines[0].place));
	serve(1, 0);
	/* Back again, it is the last. */
	join(0, 0);
	serve(1, 0);
	serve(0, 0);
	rotation_leave(&lines[1], &places[1][0]);
	rotation_leave(&lines[0], &places[0][0]);
	assert_null(rotation_line(&rotation));
	/* Who has left is served in vain. */
	rotation_pass(&rotation, &lines[0], &places[0][0]);
	assert_null(rotation_line(&rotation));
}

static void test_two_rotations_compare(void **state)
{
	struct rotation second;
	struct line line;
	struct place place;

	(void)state;
	rotation_init(&second, &taken);
	line_init(&line);
	place_init(&place);
	join(0, 0);
	rotation_join(&second, &line, &place);
	join(1, 0);
	assert_true(places[0][0].since < place.since && place.since < places[1][0].since);
	assert_true(lines[0].place.since < line.place.since);
	serve(0, 0);
	assert_true(lines[0].place.since > line.place.since);
}

/* A line keeps its place among those of another rotation; or goes to their end. */
static void test_another_rotation(void **state)
{
	struct rotation other;

	(void)state;
	rotation_init(&other, &taken);
	join(0, 0);
	join(1, 0);
	join(2, 0);
	rotation_take_back(&other, &lines[1]);
	rotation_take_back(&other, &lines[2]);
	rotation_take_back(&other, &lines[0]);
	assert_null(rotation_line(&rotation));
	assert_ptr_equal(rotation_line(&other), &lines[0]);
	rotation_take_over(&rotation, &lines[0]);
	assert_ptr_equal(rotation_line(&other), &lines[1]);
	assert_true(lines[0].place.since > lines[2].place.since);
	rotation_take_over(&rotation, &lines[2]);
	serve(0, 0);
	serve(2, 0);
	/* Who has no place gets none. */
	rotation_leave(&lines[1], &places[1][0]);
	rotation_take_back(&other, &lines[1]);
	rotation_take_over(&other, &lines[1]);
	assert_null(rotation_line(&other));
}

#define ROTATION_TEST(test) cmocka_unit_test_setup(test, set_up)

static const struct CMUnitTest tests[] = {
	ROTATION_TEST(test_V14_users_take_turns_then_their_sessions),
	ROTATION_TEST(test_a_place_is_kept),
	ROTATION_TEST(test_leaving),
	ROTATION_TEST(test_two_rotations_compare),
	ROTATION_TEST(test_another_rotation),
};

TEST_GROUP(rotation_tests, tests);

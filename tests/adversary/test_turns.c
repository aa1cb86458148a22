/* SPDX-License-Identifier: GPL-2.0-or-later */
/* V28: writers of frames that the daemon answers itself. */
#include "adversary_bench.h"

#include "../faults/talk.h"
#include "writers.h"

#define MEDIAN_TIMES 5
#define P99_TIMES    2
#define MEDIAN_MS    20
#define POPULATION   16 /* users with 255 clients each */

/* So that an Allocate CID is answered by the daemon. */
static void fill_node(unsigned int node)
{
	int fd = talk_open(node);

	for (unsigned int i = 0; i < QMI_CID_MAX; i++)
		talk_allocate(fd, QMI_SERVICE_WMS);
}

static void attack(struct bench *b, const struct writers *w, unsigned int count)
{

	bench_measure_alone(b, VICTIM_ASK);
	bench_measure_control(b, VICTIM_ASK, count);
	crowd_start(&b->crowd, count, count, writers_attack, w);
	crowd_await_ready(&b->crowd);
	bench_measure(b, VICTIM_ASK);
}

static void beside(struct bench *b, enum writers_frames frames, unsigned int count, bool populated)
{
	struct writers w = {.frames = frames, .nodes = 1, .first = BENCH_CROWD_NODE};

	bench_start(b, &(struct bench_options){0}, BENCH_VICTIM_NODE);
	if (frames == WRITERS_ALLOCATE)
		fill_node(w.first);
	if (populated)
		print_message("[ figures  ] with %u clients present:\n",
			      bench_populate(POPULATION, BENCH_CROWD_NODE + 1));
	attack(b, &w, count);
	bench_expect_median(b, MEDIAN_TIMES);
	bench_expect_p99(b, P99_TIMES);
}

/* Every write is refused after it has been looked at. */
static void test_V28_turns_beside_8_writers_of_garbage(struct bench *b)
{
	beside(b, WRITERS_WRONG, 8, false);
}

/* So much remains behind each time that the next open must wait. */
static void test_V28_turns_beside_8_writers_that_come_and_go(struct bench *b)
{
	struct writers w = {
		.frames = WRITERS_REFUSED, .nodes = 1, .first = BENCH_CROWD_NODE, .leave = true};

	bench_start(b, &(struct bench_options){0}, BENCH_VICTIM_NODE);
	attack(b, &w, 8);
	bench_expect_median(b, MEDIAN_TIMES);
	bench_expect_p99(b, P99_TIMES);
}

static void on_one_node(struct bench *b, enum writers_frames frames)
{
	struct writers w = {.frames = frames, .nodes = 1, .first = BENCH_VICTIM_NODE};

	bench_start(b, &(struct bench_options){0}, BENCH_VICTIM_NODE);
	if (frames == WRITERS_ALLOCATE)
		fill_node(w.first);
	attack(b, &w, 8);
	bench_expect_median_ms(b, MEDIAN_MS);
}

static void on_all_nodes(struct bench *b, enum writers_frames frames)
{
	struct writers w = {.frames = frames, .nodes = BENCH_NODES, .first = 0};

	bench_start(b, &(struct bench_options){0}, BENCH_VICTIM_NODE);
	attack(b, &w, 16 * BENCH_NODES);
	bench_expect_median_ms(b, MEDIAN_MS);
}

#define BESIDE(count, what, frames)                                                                \
	static void test_V28_turns_beside_##count##_writers_of_##what(struct bench *b)             \
	{                                                                                          \
		beside(b, frames, count, false);                                                   \
	}                                                                                          \
	static void test_V28_turns_beside_##count##_writers_of_##what##_with_4000_clients(         \
		struct bench *b)                                                                   \
	{                                                                                          \
		beside(b, frames, count, true);                                                    \
	}

BESIDE(1, refused_frames, WRITERS_REFUSED)
BESIDE(8, refused_frames, WRITERS_REFUSED)
BESIDE(64, refused_frames, WRITERS_REFUSED)
BESIDE(1, sync, WRITERS_SYNC)
BESIDE(8, sync, WRITERS_SYNC)
BESIDE(64, sync, WRITERS_SYNC)
BESIDE(1, allocate, WRITERS_ALLOCATE)
BESIDE(8, allocate, WRITERS_ALLOCATE)
BESIDE(64, allocate, WRITERS_ALLOCATE)

static void test_V28_turns_with_8_writers_of_refused_frames_on_the_node(struct bench *b)
{
	on_one_node(b, WRITERS_REFUSED);
}

static void test_V28_turns_with_8_writers_of_sync_on_the_node(struct bench *b)
{
	on_one_node(b, WRITERS_SYNC);
}

static void test_V28_turns_with_8_writers_of_allocate_on_the_node(struct bench *b)
{
	on_one_node(b, WRITERS_ALLOCATE);
}

static void test_V28_turns_with_16_writers_of_refused_frames_on_each_node(struct bench *b)
{
	on_all_nodes(b, WRITERS_REFUSED);
}

static void test_V28_turns_with_16_writers_of_sync_on_each_node(struct bench *b)
{
	on_all_nodes(b, WRITERS_SYNC);
}

#define CASE(name) TEST_CASE(test_V28_turns_##name)
#define BESIDE_CASES(what)                                                                         \
	CASE(beside_1_writers_of_##what), CASE(beside_8_writers_of_##what),                        \
		CASE(beside_64_writers_of_##what),                                                 \
		CASE(beside_1_writers_of_##what##_with_4000_clients),                              \
		CASE(beside_8_writers_of_##what##_with_4000_clients),                              \
		CASE(beside_64_writers_of_##what##_with_4000_clients)

static const struct test_case cases[] = {
	BESIDE_CASES(refused_frames),
	BESIDE_CASES(sync),
	BESIDE_CASES(allocate),
	CASE(beside_8_writers_of_garbage),
	CASE(beside_8_writers_that_come_and_go),
	CASE(with_8_writers_of_refused_frames_on_the_node),
	CASE(with_8_writers_of_sync_on_the_node),
	CASE(with_8_writers_of_allocate_on_the_node),
	CASE(with_16_writers_of_refused_frames_on_each_node),
	CASE(with_16_writers_of_sync_on_each_node),
};

static const struct test_case brief_cases[] = {
	CASE(beside_8_writers_of_refused_frames),
	CASE(beside_8_writers_of_sync),
	CASE(beside_8_writers_of_allocate),
	CASE(beside_8_writers_of_garbage),
	CASE(beside_8_writers_that_come_and_go),
	CASE(with_8_writers_of_refused_frames_on_the_node),
	CASE(with_16_writers_of_refused_frames_on_each_node),
};

static const struct test_group full = TEST_GROUP("turns", cases);
static const struct test_group brief = TEST_GROUP("turns, in short", brief_cases);

const struct adversary_group turns_tests = {&full, &brief};

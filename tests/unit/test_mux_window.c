/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many requests the modem has at a time: V28. */
#include "mux_bench.h"

#define VERSION QMI_CTL_GET_VERSION_INFO

/* A session with client 1 of DMS, and more requests than the window has room for. */
static struct session *flood(struct bench *bench)
{
	struct session *a = open_as(bench, 1000);

	allocate(bench, a, DMS, 40);
	for (uint16_t tid = 1; tid <= 2000; tid++)
		app_write(a, request(DMS, 1, tid, MODEL));
	return a;
}

/* How many requests can be sent. */
static unsigned send_all(struct bench *bench)
{
	unsigned count = 0;
	size_t size;

	while (mux_port_next(bench->mux, bench->now, &size)) {
		mux_port_sent(bench->mux);
		count++;
		/* The session's next frame is looked at in a turn of its own. */
		pass_time(bench, 0);
	}
	return count;
}

static void modem_answers(struct bench *bench, uint16_t first, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		modem_says(bench, answer(request(DMS, 40, (uint16_t)(first + i), MODEL), 0));
}

static void test_V28_16_at_first(void **state)
{
	struct bench *bench = *state;

	flood(bench);
	assert_int_equal(send_all(bench), 16);
	pass_time(bench, 30);
	assert_int_equal(send_all(bench), 0);
	modem_answers(bench, 1, 3);
	assert_int_equal(send_all(bench), 3);
	/* No answer, no request: the late one ends nothing. */
	modem_answers(bench, 1, 3);
	assert_int_equal(send_all(bench), 0);
}

/* While it is open, no time has to be awaited for it. */
static void test_V28_an_open_window_needs_no_deadline(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);

	allocate(bench, a, DMS, 40);
	app_write(a, request(DMS, 1, 1, MODEL));
	assert_int_equal(send_all(bench), 1);
	assert_int_equal(mux_deadline(bench->mux), bench->now + TIMEOUT);
	bench->now += 1000;
	for (uint16_t tid = 2; tid <= 18; tid++)
		app_write(a, request(DMS, 1, tid, MODEL));
	assert_int_equal(send_all(bench), 14);
	assert_int_equal(mux_deadline(bench->mux), bench->now + 1000);
}

static void test_V28_ctl_counts_too(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1001);

	allocate(bench, a, DMS, 40);
	for (uint16_t i = 0; i < 8; i++) {
		app_write(b, ctl(6, VERSION));
		app_write(a, request(DMS, 1, i, MODEL));
	}
	assert_int_equal(send_all(bench), 16);
	app_write(a, request(DMS, 1, 99, MODEL));
	app_write(open_as(bench, 1001), ctl(6, VERSION));
	assert_int_equal(send_all(bench), 0);
	/* Closing expires those of CTL. */
	mux_close(b, bench->now);
	assert_int_equal(send_all(bench), 2);
}

static void test_V28_own_requests_pass(void **state)
{
	struct bench *bench = *state;
	struct session *b = open_as(bench, 1001);

	for (uint8_t i = 0; i < 5; i++)
		allocate(bench, b, NAS, (uint8_t)(50 + i));
	flood(bench);
	send_all(bench);
	app_write(b, ctl(7, QMI_CTL_SYNC));
	for (unsigned i = 0; i < 5; i++)
		modem_says(bench, answer(modem_gets(bench), 0));
	app_reads(b, answer(ctl(7, QMI_CTL_SYNC), 0));
	/* Nor do they count. */
	modem_gets_nothing(bench);
	modem_answers(bench, 1, 1);
	modem_gets(bench);
	modem_gets_nothing(bench);
}

/* A Sync that releases many does not keep others waiting behind all of them. */
static void test_V28_own_requests_are_limited(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1001);
	struct msg first;

	for (uint8_t i = 0; i < 20; i++)
		allocate(bench, a, i < 10 ? NAS : WDS, (uint8_t)(50 + i));
	app_write(a, ctl(7, QMI_CTL_SYNC));
	first = modem_gets(bench);
	assert_int_equal(send_all(bench), 0);
	app_write(b, ctl(6, VERSION));
	assert_int_equal(send_all(bench), 1);
	modem_says(bench, answer(first, 0));
	assert_int_equal(send_all(bench), 1);
	assert_int_equal(mux_deadline(bench->mux), bench->now + 1000);
	/* Or when they are older than a second. */
	age_requests(bench);
	assert_int_equal(send_all(bench), 1);
	/* And none is held at the end. */
	mux_stop(bench->mux);
	assert_int_equal(send_all(bench), 17);
}

/* Nobody holds up root's. */
static void test_V28_own_requests_of_root_are_not_limited(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 0);

	for (uint8_t i = 0; i < 20; i++)
		allocate(bench, a, NAS, (uint8_t)(50 + i));
	app_write(a, ctl(7, QMI_CTL_SYNC));
	assert_int_equal(send_all(bench), 20);
}

static void test_V28_grows(void **state)
{
	struct bench *bench = *state;

	flood(bench);
	send_all(bench);
	pass_time(bench, 25);
	for (uint16_t tid = 1; tid <= 15; tid++) {
		modem_answers(bench, tid, 1);
		assert_int_equal(send_all(bench), 1);
	}
	modem_answers(bench, 16, 1);
	assert_int_equal(send_all(bench), 2);
	/* One for 17 then. */
	for (uint16_t tid = 17; tid <= 32; tid++) {
		modem_answers(bench, tid, 1);
		assert_int_equal(send_all(bench), 1);
	}
	modem_answers(bench, 33, 1);
	assert_int_equal(send_all(bench), 2);
	modem_gets_nothing(bench);
}

static void test_V28_shrinks(void **state)
{
	struct bench *bench = *state;

	flood(bench);
	send_all(bench);
	pass_time(bench, 50);
	modem_answers(bench, 1, 1);
	assert_int_equal(send_all(bench), 1);
	pass_time(bench, 1);
	modem_answers(bench, 2, 1);
	assert_int_equal(send_all(bench), 0);
	modem_answers(bench, 3, 2);
	/* 14 are allowed, and 13 are under way. */
	assert_int_equal(send_all(bench), 1);
}

static void test_V28_young_for_one_second(void **state)
{
	struct bench *bench = *state;
	struct session *a = flood(bench);

	send_all(bench);
	assert_int_equal(mux_deadline(bench->mux), bench->now + 1000);
	pass_time(bench, 999);
	modem_gets_nothing(bench);
	pass_time(bench, 1);
	assert_int_equal(send_all(bench), 14);
	/* What is older may still be answered. */
	modem_answers(bench, 1, 16);
	for (uint16_t tid = 1; tid <= 16; tid++)
		app_reads(a, answer(request(DMS, 1, tid, MODEL), 0));
	modem_gets_nothing(bench);
	for (unsigned i = 0; i < 20; i++) {
		age_requests(bench);
		assert_true(send_all(bench) >= 8);
	}
	age_requests(bench);
	assert_int_equal(send_all(bench), 8);
}

static void test_V28_what_the_port_loses_makes_room(void **state)
{
	struct bench *bench = *state;

	flood(bench);
	for (unsigned i = 0; i < 15; i++)
		modem_gets(bench);
	port_fails(bench);
	modem_gets(bench);
	modem_gets_nothing(bench);
	mux_port_lost(bench->mux, bench->now);
	modem_gets(bench);
	modem_gets_nothing(bench);
}

/* A user has more CTL requests than the window has room for. */
static void flood_with_ctl(struct bench *bench)
{
	bench->uid = 1000;
	for (unsigned i = 0; i < 100; i++)
		app_write(open_on(bench, 1), ctl(6, VERSION));
	assert_int_equal(send_all(bench), 16);
}

/* Who fills the window keeps others out no longer than until its next turn. */
static void test_V28_a_full_window_is_shared(void **state)
{
	struct bench *bench = *state;
	struct session *b = open_as(bench, 1001);
	struct msg msg = request(DMS, 1, 1, MODEL);

	allocate(bench, b, DMS, 50);
	flood_with_ctl(bench);
	app_write(b, msg);
	modem_gets(bench);
	app_write(b, msg);
	modem_gets_nothing(bench);
	age_requests(bench);
	assert_int_equal(frame_service(modem_gets(bench).bytes), QMI_SERVICE_CTL);
	modem_gets_this(bench, with_cid(msg, 50));
}

/* Nobody waits for the window only because another user has filled it. */
static void test_V28_a_full_window_lets_one_of_each_user_pass(void **state)
{
	struct bench *bench = *state;
	struct session *b = open_as(bench, 1001);
	struct session *c = open_as(bench, 1002);
	struct session *root = open_as(bench, 0);

	allocate(bench, b, DMS, 50);
	allocate(bench, root, DMS, 60);
	flood_with_ctl(bench);
	for (uint16_t tid = 1; tid <= 3; tid++)
		app_write(b, request(DMS, 1, tid, MODEL));
	app_write(c, ctl_allocate(7, DMS));
	app_write(root, request(DMS, 2, 1, MODEL));
	modem_gets_this(bench, request(DMS, 50, 1, MODEL));
	assert_int_equal(frame_message(modem_gets(bench).bytes), QMI_CTL_ALLOCATE_CID);
	modem_gets_this(bench, request(DMS, 60, 1, MODEL));
	modem_gets_nothing(bench);
	modem_says(bench, answer(request(DMS, 50, 1, MODEL), 0));
	modem_gets_this(bench, request(DMS, 50, 2, MODEL));
	modem_gets_nothing(bench);
	/* Closing ends nothing that counts for the user. */
	mux_close(b, bench->now);
	modem_gets_nothing(bench);
	age_requests(bench);
	assert_int_equal(send_all(bench), 14);
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V28_16_at_first),
	BENCH_TEST(test_V28_an_open_window_needs_no_deadline),
	BENCH_TEST(test_V28_ctl_counts_too),
	BENCH_TEST(test_V28_own_requests_pass),
	BENCH_TEST(test_V28_own_requests_are_limited),
	BENCH_TEST(test_V28_own_requests_of_root_are_not_limited),
	BENCH_TEST(test_V28_grows),
	BENCH_TEST(test_V28_shrinks),
	BENCH_TEST(test_V28_young_for_one_second),
	BENCH_TEST(test_V28_what_the_port_loses_makes_room),
	BENCH_TEST(test_V28_a_full_window_is_shared),
	BENCH_TEST(test_V28_a_full_window_lets_one_of_each_user_pass),
};

TEST_GROUP(mux_window_tests, tests);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each user may have of sessions and memory, and whose clients are whose: V3, V28. */
#include "mux_bench.h"

#define VERSION QMI_CTL_GET_VERSION_INFO

static void refuse_session(struct bench *bench, uint32_t uid, int error)
{
	errno = 0;
	assert_null(mux_open(bench->mux, 0, uid, bench));
	assert_int_equal(errno, error);
}

static void test_V28_1024_sessions_of_a_user(void **state)
{
	struct bench *bench = *state;
	struct session *last = NULL;

	for (unsigned i = 0; i < 1024; i++)
		last = open_as(bench, 1000);
	refuse_session(bench, 1000, EMFILE);
	open_as(bench, 1001);
	for (unsigned i = 0; i < 1025; i++)
		open_as(bench, 0);
	/* One that lingers counts until its last frame is sent. */
	app_write(last, ctl(1, VERSION));
	mux_close(last, bench->now);
	refuse_session(bench, 1000, EMFILE);
	modem_gets_ctl(bench, ctl(1, VERSION));
	open_as(bench, 1000);
	refuse_session(bench, 1000, EMFILE);
}

static void test_V28_4096_sessions_the_last_64_for_root(void **state)
{
	struct bench *bench = *state;
	struct session *of_root = NULL;
	struct session *of_user = NULL;

	/* One each, and so the rules leave none free for a user who has some. */
	for (uint32_t i = 0; i < 4096 - 64; i++)
		of_user = open_as(bench, 10000 + i);
	refuse_session(bench, 2000, EMFILE);
	for (unsigned i = 0; i < 64; i++)
		of_root = open_as(bench, 0);
	refuse_session(bench, 0, EMFILE);
	mux_close(of_root, bench->now);
	refuse_session(bench, 2000, EMFILE);
	of_root = open_as(bench, 0);
	mux_close(of_user, bench->now);
	refuse_session(bench, 2000, EMFILE);
	mux_close(of_root, bench->now);
	refuse_session(bench, 2000, EMFILE);
	open_as(bench, 0);
}

/* Four users that open what they can leave hundreds of sessions to others. */
static void test_V28_few_users_leave_sessions_free(void **state)
{
	static const unsigned expected[] = {1024, 1024, 992, 496};
	struct bench *bench = *state;

	for (uint32_t i = 0; i < 4; i++) {
		for (unsigned count = 0; count < expected[i]; count++)
			open_as(bench, 1000 + i);
		refuse_session(bench, 1000 + i, EMFILE);
	}
	for (unsigned i = 0; i < 248; i++)
		open_as(bench, 2000);
}

/* Has sessions of a user write a request each, and closes them. */
static void open_write_close(struct bench *bench, uint32_t uid, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct session *session = open_as(bench, uid);

		app_write(session, ctl((uint8_t)i, VERSION));
		mux_close(session, bench->now);
	}
}

static void test_V6_of_root_any_number_lingers(void **state)
{
	struct bench *bench = *state;

	open_write_close(bench, 0, 66);
	for (unsigned i = 0; i < 66; i++) {
		if (i % 8 == 0)
			age_requests(bench);
		modem_gets_ctl(bench, ctl((uint8_t)i, VERSION));
	}
	modem_gets_nothing(bench);
}

static void test_V6_each_user_may_have_8_linger(void **state)
{
	struct bench *bench = *state;
	unsigned count = 0;

	open_write_close(bench, 1000, 20);
	open_write_close(bench, 1001, 20);
	open_write_close(bench, 1002, 1);
	for (; count < 16; count++)
		modem_gets(bench);
	age_requests(bench);
	modem_gets_ctl(bench, ctl(7, VERSION));
	modem_gets_nothing(bench);
}

static void restart_with_memory(struct bench *bench, size_t memory)
{
	bench->config.memory = memory;
	bench_restart(bench);
}

static void test_V28_half_of_the_memory(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct session *b;
	size_t rest;

	restart_with_memory(bench, 1 << 20);
	assert_int_equal(mux_memory(bench->mux), 0);
	a = open_as(bench, 1000);
	rest = (1 << 19) - mux_memory(bench->mux);
	assert_false(mux_charge(a, rest + 1));
	assert_true(mux_charge(a, rest));
	assert_int_equal(mux_memory(bench->mux), 1 << 19);
	assert_false(mux_charge(a, 1));
	refuse_session(bench, 1000, ENOMEM);
	assert_int_equal(mux_write(a, ctl(1, VERSION).bytes, 12, bench->now), -ENOMEM);
	b = open_as(bench, 1001);
	allocate(bench, b, DMS, 40);
	exchange(bench, b, request(DMS, 1, 1, MODEL), 40);

	/* Closing gives back what is still counted. */
	mux_refund(a, 1000);
	app_write(a, ctl(1, VERSION));
	modem_says(bench, answer(modem_gets(bench), 0));
	mux_close(a, bench->now);
	a = open_as(bench, 1000);
	assert_true(mux_charge(a, rest));
}

static void test_V28_the_memory_of_all(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct session *b;
	struct session *root;

	restart_with_memory(bench, 1 << 20);
	a = open_as(bench, 1000);
	b = open_as(bench, 1001);
	assert_true(mux_charge(a, 500000));
	/* The last 1/8 of what is for users goes to those who are modest. */
	assert_false(mux_charge(b, 786433 - mux_memory(bench->mux)));
	assert_true(mux_charge(b, 786432 - mux_memory(bench->mux)));
	assert_false(mux_charge(b, 1));
	for (uint32_t uid = 2000; mux_memory(bench->mux) + 65536 <= 917504; uid++) {
		struct session *c = mux_open(bench->mux, 0, uid, bench);
		size_t rest = 60000;

		assert_non_null(c);
		assert_true(mux_charge(c, rest));
		assert_false(mux_charge(c, 5536));
	}
	/* What is left then is root's. */
	root = open_as(bench, 0);
	assert_false(mux_charge(b, 1));
	assert_false(mux_charge(root, 1048577 - mux_memory(bench->mux)));
	assert_true(mux_charge(root, 1048576 - mux_memory(bench->mux)));
	assert_int_equal(mux_memory(bench->mux), 1 << 20);
	refuse_session(bench, 0, ENOMEM);
}

/* Charges the session with all that its user may still have; it must be alone. */
static size_t use_up(struct bench *bench, struct session *session)
{
	size_t rest = bench->config.memory / 2 - mux_memory(bench->mux);

	assert_true(mux_charge(session, rest));
	return rest;
}

static void test_V28_the_longest_queue_loses_its_indications(void **state)
{
	struct bench *bench = *state;
	struct msg msg = request(DMS, 2, 1, MODEL);
	struct session *slow;
	struct session *a;
	size_t memory;

	restart_with_memory(bench, 1 << 20);
	slow = open_as(bench, 1000);
	a = open_as(bench, 1000);
	allocate(bench, slow, DMS, 40);
	allocate(bench, a, DMS, 41);
	/* Its answers need a queue again. */
	mux_close(a, bench->now);
	a = open_as(bench, 1000);
	app_write(a, msg);
	modem_gets_this(bench, with_cid(msg, 41));
	for (unsigned i = 0; i < 400; i++)
		modem_says(bench, indication(DMS, 40, IND));
	for (unsigned i = 0; i < 5; i++)
		modem_says(bench, indication(DMS, 41, IND));
	memory = mux_memory(bench->mux);
	use_up(bench, a);
	modem_says(bench, answer(with_cid(msg, 41), 0));
	for (unsigned i = 0; i < 5; i++)
		app_reads(a, indication(DMS, 2, IND));
	app_reads(a, answer(msg, 0));
	assert_int_equal(mux_counters(bench->mux)->overflowed, 400);
	app_reads_overflow(slow);
	app_reads_nothing(slow);
	/* What they took is free again. */
	mux_close(a, bench->now);
	assert_true(mux_memory(bench->mux) < memory - 400 * 13);
}

/* V20: what is being read cannot be dropped, and nobody looks for it for ever. */
static void test_V28_indications_read_in_part_stay(void **state)
{
	struct bench *bench = *state;
	struct session *readers[3];
	struct session *a;
	struct msg got;

	restart_with_memory(bench, 1 << 20);
	for (uint8_t i = 0; i < 3; i++) {
		readers[i] = open_as(bench, 1000);
		allocate(bench, readers[i], DMS, 40 + i);
		modem_says(bench, indication(DMS, 40 + i, IND));
		mux_consume(readers[i], 3);
	}
	a = open_as(bench, 1000);
	app_write(a, ctl(5, QMI_CTL_GET_VERSION_INFO));
	got = modem_gets(bench);
	use_up(bench, a);
	modem_says(bench, answer(got, 0));
	app_reads_overflow(a);
	assert_int_equal(mux_counters(bench->mux)->overflowed, 1);
}

static void test_V28_memory_for_a_request(void **state)
{
	struct bench *bench = *state;
	struct msg msg = request(DMS, 1, 1, MODEL);
	struct session *a;
	size_t rest;

	restart_with_memory(bench, 1 << 20);
	a = open_as(bench, 1000);
	allocate(bench, a, DMS, 40);
	app_write(a, with_tid(msg, 2));
	modem_gets(bench);
	pass_time(bench, TIMEOUT);
	rest = use_up(bench, a);
	/* Memory of an expired request is taken for it. */
	exchange(bench, a, msg, 40);
	modem_says(bench, answer(request(DMS, 40, 2, MODEL), 0));
	assert_string_equal(bench->why, "no matching request");
	mux_refund(a, rest);
	use_up(bench, a);
	/* There is none, so it gets an error. */
	app_write(a, msg);
	modem_gets_nothing(bench);
	app_reads(a, answer(msg, QMI_ERROR_INTERNAL));
	mux_refund(a, 1000);
	exchange(bench, a, msg, 40);
}

static void test_V28_all_memory_is_given_back(void **state)
{
	struct bench *bench = *state;
	static const uint8_t value[200];
	struct msg large = plus(indication(DMS, 0xFF, IND), 0x10, value, sizeof(value));
	struct msg msg = request(DMS, 1, 1, MODEL);
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1000);
	struct session *root = open_as(bench, 0);
	struct msg got;

	allocate(bench, a, DMS, 40);
	allocate(bench, b, DMS, 41);
	allocate(bench, root, DMS, 42);
	exchange(bench, b, msg, 40);
	exchange(bench, root, msg, 40);
	for (unsigned i = 0; i < 300; i++)
		modem_says(bench, large);
	assert_int_equal(mux_write(a, msg.bytes, 5, bench->now), 5);
	assert_true(mux_charge(a, 12345));
	mux_close(a, bench->now);
	app_write(root, ctl(4, QMI_CTL_SYNC));
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 42)), 0));
	app_write(b, with_tid(msg, 2));
	modem_gets(bench);
	app_write(b, with_tid(msg, 3));
	app_write(b, ctl(3, VERSION));
	mux_close(root, bench->now);
	modem_says(bench, answer(request(DMS, 40, 2, MODEL), 0));
	modem_gets_this(bench, request(DMS, 40, 3, MODEL));
	modem_says(bench, answer(request(DMS, 40, 3, MODEL), 0));
	modem_says(bench, answer(modem_gets_ctl(bench, ctl(3, VERSION)), 0));
	app_write(b, ctl(4, QMI_CTL_SYNC));
	for (unsigned i = 0; i < 2; i++) {
		got = modem_gets(bench);
		modem_says(bench, answer(got, 0));
	}
	assert_int_equal(mux_client_count(bench->mux), 0);
	assert_true(mux_memory(bench->mux) > 0);
	mux_close(b, bench->now);
	assert_int_equal(mux_memory(bench->mux), 0);
}

static void test_V3_another_users_client(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *same = open_as(bench, 1000);
	struct session *b = open_as(bench, 1001);
	struct session *root = open_as(bench, 0);
	struct msg msg = request(DMS, 1, 1, MODEL);
	struct msg release = ctl_release(4, DMS, 1);

	allocate(bench, a, DMS, 40);
	app_write(b, msg);
	app_reads(b, answer(msg, QMI_ERROR_INVALID_CLIENT_ID));
	app_write(b, release);
	app_reads(b, answer(release, QMI_ERROR_INVALID_CLIENT_ID));
	modem_gets_nothing(bench);
	exchange(bench, same, msg, 40);
	exchange(bench, root, msg, 40);
	/* Not even when nobody holds it. */
	mux_close(a, bench->now);
	mux_close(same, bench->now);
	mux_close(root, bench->now);
	assert_int_equal(mux_orphan_count(bench->mux), 1);
	app_write(b, msg);
	app_reads(b, answer(msg, QMI_ERROR_INVALID_CLIENT_ID));
	a = open_as(bench, 1000);
	exchange(bench, a, msg, 40);
}

static void test_V3_root_may_release_it(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *root = open_as(bench, 0);
	struct msg release = ctl_release(4, DMS, 1);
	struct msg got;

	allocate(bench, a, DMS, 40);
	app_write(root, release);
	got = modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	modem_says(bench, about_client(answer(got, 0), DMS, 40));
	app_reads(root, about_client(answer(release, 0), DMS, 1));
	assert_int_equal(mux_client_count(bench->mux), 0);
	/* But what root has allocated is root's alone. */
	allocate(bench, root, DMS, 41);
	app_write(a, request(DMS, 1, 1, MODEL));
	app_reads(a, answer(request(DMS, 1, 1, MODEL), QMI_ERROR_INVALID_CLIENT_ID));
}

static void test_V3_a_shared_node(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct session *b;
	struct msg msg = request(DMS, 1, 1, MODEL);

	bench->config.share_node = true;
	bench_restart(bench);
	a = open_as(bench, 0);
	b = open_as(bench, 1001);
	allocate(bench, a, DMS, 40);
	exchange(bench, b, msg, 40);
	app_write(b, ctl_release(4, DMS, 1));
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 40)), 0));
	app_reads(b, answer(ctl_release(4, DMS, 1), 0));
	/* The other node is another one. */
	bench->uid = 1001;
	b = open_on(bench, 1);
	allocate(bench, a, DMS, 41);
	app_write(b, msg);
	app_reads(b, answer(msg, QMI_ERROR_INVALID_CLIENT_ID));
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V28_1024_sessions_of_a_user),
	BENCH_TEST(test_V28_4096_sessions_the_last_64_for_root),
	BENCH_TEST(test_V28_few_users_leave_sessions_free),
	BENCH_TEST(test_V6_of_root_any_number_lingers),
	BENCH_TEST(test_V6_each_user_may_have_8_linger),
	BENCH_TEST(test_V28_half_of_the_memory),
	BENCH_TEST(test_V28_the_memory_of_all),
	BENCH_TEST(test_V28_the_longest_queue_loses_its_indications),
	BENCH_TEST(test_V28_indications_read_in_part_stay),
	BENCH_TEST(test_V28_memory_for_a_request),
	BENCH_TEST(test_V28_all_memory_is_given_back),
	BENCH_TEST(test_V3_another_users_client),
	BENCH_TEST(test_V3_root_may_release_it),
	BENCH_TEST(test_V3_a_shared_node),
};

TEST_GROUP(mux_user_tests, tests);

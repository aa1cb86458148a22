/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocate CID and the orphans that make room for it: V2, V6, V9. */
#include "mux_bench.h"

/* Leaves behind an orphan of this service. */
static void leave_orphan(struct bench *bench, unsigned node, uint8_t service, uint8_t device_cid)
{
	struct session *session = open_on(bench, node);

	allocate(bench, session, service, device_cid);
	mux_close(session, bench->now);
}

/* Sends an Allocate CID, for which the modem has no CID left. */
static void find_exhausted(struct bench *bench, struct session *session, uint8_t service)
{
	app_write(session, ctl_allocate(9, service));
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_allocate(9, service)),
				 QMI_ERROR_CLIENT_IDS_EXHAUSTED));
}

static void test_V2_254_clients_on_a_node(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg asked = ctl_allocate(9, DMS);

	for (unsigned cid = 1; cid <= QMI_CID_MAX; cid++)
		assert_int_equal(allocate(bench, a, DMS, (uint8_t)cid), cid);
	app_write(a, asked);
	app_reads(a, answer(asked, QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	modem_gets_nothing(bench);
	assert_int_equal(allocate(bench, a, NAS, 1), 1);
}

static void test_V2_a_full_node_while_two_allocate(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);
	struct msg asked = ctl_allocate(9, DMS);
	struct msg first;
	struct msg second;

	for (unsigned cid = 2; cid <= QMI_CID_MAX; cid++)
		allocate(bench, a, DMS, (uint8_t)cid);
	app_write(a, asked);
	app_write(b, asked);
	first = modem_gets(bench);
	second = modem_gets(bench);
	modem_says(bench, about_client(answer(first, 0), DMS, 1));
	app_reads(a, about_client(answer(asked, 0), DMS, QMI_CID_MAX));
	/* The modem had a CID left, but the node had not. */
	modem_says(bench, about_client(answer(second, 0), DMS, 0));
	app_reads(b, answer(asked, QMI_ERROR_INTERNAL));
	app_write(b, asked);
	app_reads(b, answer(asked, QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	modem_gets_nothing(bench);
}

static void test_V2_full_before_its_turn(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg first = ctl_allocate(8, DMS);
	struct msg second = ctl_allocate(9, DMS);
	struct msg got;

	for (unsigned cid = 2; cid <= QMI_CID_MAX; cid++)
		allocate(bench, a, DMS, (uint8_t)cid);
	app_write(a, first);
	app_write(a, second);
	got = modem_gets_ctl(bench, first);
	modem_says(bench, about_client(answer(got, 0), DMS, 1));
	app_reads(a, about_client(answer(first, 0), DMS, QMI_CID_MAX));
	/* It was to be sent; that it cannot be is found out when the port could take it. */
	modem_gets_nothing(bench);
	app_reads(a, answer(second, QMI_ERROR_CLIENT_IDS_EXHAUSTED));
}

static void test_V2_the_modem_allocates_twice(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 1);
	struct msg pending = request(DMS, 1, 5, MODEL);

	allocate(bench, a, DMS, 40);
	app_write(a, pending);
	modem_gets(bench);
	assert_int_equal(allocate(bench, b, DMS, 40), 1);
	assert_int_equal(bench->warnings, 1);
	assert_int_equal(mux_client_count(bench->mux), 1);
	app_reads(a, answer(pending, QMI_ERROR_ABORTED));
	app_write(a, pending);
	app_reads(a, answer(pending, QMI_ERROR_INVALID_CLIENT_ID));
	exchange(bench, b, pending, 40);
}

static void test_answers_without_a_cid(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg asked = ctl_allocate(9, DMS);
	const uint8_t values[][2] = {{NAS, 40}, {DMS, 0}, {DMS, 0xFF}};

	app_write(a, asked);
	modem_says(bench, answer(modem_gets(bench), 0));
	app_reads(a, answer(asked, QMI_ERROR_INTERNAL));
	for (size_t i = 0; i < 3; i++) {
		app_write(a, asked);
		modem_says(bench, plus(answer(modem_gets(bench), 0), 0x01, values[i], 2));
		app_reads(a, answer(asked, QMI_ERROR_INTERNAL));
	}
	assert_int_equal(mux_client_count(bench->mux), 0);
	modem_gets_nothing(bench);
}

static void test_an_error_is_the_applications(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg asked = ctl_allocate(9, DMS);

	leave_orphan(bench, 0, DMS, 40);
	app_write(a, asked);
	modem_says(bench, answer(modem_gets(bench), 31));
	app_reads(a, answer(asked, 31));
	assert_int_equal(mux_orphan_count(bench->mux), 1);
}

static void test_V6_allocated_for_a_closed_session(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg got;

	app_write(a, ctl_allocate(9, DMS));
	app_write(a, ctl_allocate(10, DMS));
	app_write(a, ctl_allocate(11, DMS));
	got = modem_gets_ctl(bench, ctl_allocate(9, DMS));
	mux_close(a, bench->now);
	/* The other two are never sent. */
	modem_gets_nothing(bench);
	modem_says(bench, about_client(answer(got, 0), DMS, 40));
	assert_int_equal(mux_counters(bench->mux)->dropped_responses, 1);
	got = modem_gets_ctl(bench, ctl_release(1, DMS, 40));
	modem_says(bench, about_client(answer(got, 0), DMS, 40));
	modem_gets_nothing(bench);
	assert_int_equal(mux_client_count(bench->mux), 0);
}

static void test_V9_oldest_orphan_makes_room(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *user;
	struct msg got;

	leave_orphan(bench, 1, DMS, 40);
	leave_orphan(bench, 0, DMS, 41);
	leave_orphan(bench, 1, NAS, 42);
	/* The first was used again, so the second is now the older one. */
	user = open_on(bench, 1);
	exchange(bench, user, request(DMS, 1, 1, MODEL), 40);
	mux_close(user, bench->now);

	find_exhausted(bench, a, DMS);
	app_reads_nothing(a);
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 41)), 0));
	got = modem_gets_ctl(bench, ctl_allocate(0, DMS));
	/* Still exhausted: the next orphan, on another node, is released too. */
	modem_says(bench, answer(got, QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 40)), 0));
	got = modem_gets_ctl(bench, ctl_allocate(0, DMS));
	modem_says(bench, about_client(answer(got, 0), DMS, 50));
	app_reads(a, about_client(answer(ctl_allocate(9, DMS), 0), DMS, 1));
	app_reads_nothing(a);
	assert_int_equal(mux_counters(bench->mux)->reclaimed, 2);
	assert_int_equal(mux_orphan_count(bench->mux), 1);
}

static void test_V9_no_orphan_left(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	leave_orphan(bench, 0, NAS, 41);
	find_exhausted(bench, a, DMS);
	app_reads(a, answer(ctl_allocate(9, DMS), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	modem_gets_nothing(bench);
	assert_int_equal(mux_client_count(bench->mux), 2);
}

static void test_V9_a_full_node_gives_up_an_orphan(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg got;

	leave_orphan(bench, 0, DMS, 254);
	for (unsigned cid = 2; cid <= QMI_CID_MAX; cid++)
		allocate(bench, a, DMS, (uint8_t)(cid - 1));
	app_write(a, ctl_allocate(9, DMS));
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 254)), 0));
	got = modem_gets_ctl(bench, ctl_allocate(0, DMS));
	modem_says(bench, about_client(answer(got, 0), DMS, 254));
	app_reads(a, about_client(answer(ctl_allocate(9, DMS), 0), DMS, 1));
}

static void test_V9_a_data_call_is_kept(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);
	struct msg start = request(WDS, 1, 1, QMI_WDS_START_NETWORK);

	allocate(bench, a, WDS, 40);
	exchange(bench, a, start, 40);
	exchange(bench, a, request(WDS, 1, 1, MODEL), 40);
	app_write(a, with_tid(start, 2));
	modem_gets(bench);
	modem_says(bench, answer(request(WDS, 40, 2, QMI_WDS_START_NETWORK), 26));
	mux_close(a, bench->now);
	find_exhausted(bench, b, WDS);
	app_reads(b, answer(ctl_allocate(9, WDS), QMI_ERROR_CLIENT_IDS_EXHAUSTED));

	/* A Stop counts even if its session has closed since. */
	a = open_on(bench, 0);
	app_write(a, request(WDS, 1, 3, QMI_WDS_STOP_NETWORK));
	modem_gets_this(bench, request(WDS, 40, 3, QMI_WDS_STOP_NETWORK));
	mux_close(a, bench->now);
	modem_says(bench, answer(request(WDS, 40, 3, QMI_WDS_STOP_NETWORK), 0));
	find_exhausted(bench, b, WDS);
	modem_gets_ctl(bench, ctl_release(0, WDS, 40));
}

static void test_V9_a_starting_call_is_kept(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);
	struct msg start = request(WDS, 1, 1, QMI_WDS_START_NETWORK);

	allocate(bench, a, WDS, 40);
	app_write(a, start);
	modem_gets_this(bench, with_cid(start, 40));
	mux_close(a, bench->now);
	find_exhausted(bench, b, WDS);
	app_reads(b, answer(ctl_allocate(9, WDS), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	/* Nor does a Sync release it. */
	app_write(b, ctl(1, QMI_CTL_SYNC));
	app_reads(b, answer(ctl(1, QMI_CTL_SYNC), 0));

	/* If the call does not come up, nothing protects the client any more. */
	modem_says(bench, answer(with_cid(start, 40), QMI_ERROR_INTERNAL));
	find_exhausted(bench, b, WDS);
	modem_gets_ctl(bench, ctl_release(0, WDS, 40));
}

static void test_V9_the_asker_closes_meanwhile(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg got;

	leave_orphan(bench, 0, DMS, 40);
	find_exhausted(bench, a, DMS);
	mux_close(a, bench->now);
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 40)), 0));
	modem_gets_nothing(bench);

	/* Or when there is room already. */
	leave_orphan(bench, 0, DMS, 42);
	a = open_on(bench, 0);
	find_exhausted(bench, a, DMS);
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 42)), 0));
	mux_close(a, bench->now);
	modem_gets_nothing(bench);

	/* Or before the answer: then no orphan is reclaimed. */
	leave_orphan(bench, 0, DMS, 41);
	a = open_on(bench, 0);
	app_write(a, ctl_allocate(9, DMS));
	got = modem_gets(bench);
	mux_close(a, bench->now);
	modem_says(bench, answer(got, QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	modem_gets_nothing(bench);
	assert_int_equal(mux_orphan_count(bench->mux), 1);
}

static void test_V9_orphan_timeout(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct session *b;
	struct msg got;

	bench->config.orphan_timeout = 5000;
	bench_restart(bench);
	a = open_on(bench, 0);
	assert_true(mux_deadline(bench->mux) == MUX_NEVER);
	leave_orphan(bench, 0, DMS, 40);
	assert_int_equal(mux_deadline(bench->mux), bench->now + 5000);
	pass_time(bench, 2000);
	leave_orphan(bench, 1, DMS, 41);
	pass_time(bench, 2999);
	modem_gets_nothing(bench);
	pass_time(bench, 1);
	got = modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	modem_says(bench, answer(got, 0));
	modem_gets_nothing(bench);
	assert_int_equal(mux_deadline(bench->mux), bench->now + 2000);
	/* The other one stays because it was adopted in time. */
	b = open_on(bench, 1);
	exchange(bench, b, request(DMS, 1, 1, MODEL), 41);
	pass_time(bench, 2000);
	modem_gets_nothing(bench);
	assert_true(mux_deadline(bench->mux) == MUX_NEVER);
	assert_int_equal(mux_counters(bench->mux)->reclaimed, 1);
	app_write(a, request(DMS, 1, 1, MODEL));
	app_reads(a, answer(request(DMS, 1, 1, MODEL), QMI_ERROR_INVALID_CLIENT_ID));
}

static void test_V9_orphan_timeout_after_a_call(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct msg stop = request(WDS, 1, 2, QMI_WDS_STOP_NETWORK);

	bench->config.orphan_timeout = 5000;
	bench_restart(bench);
	a = open_on(bench, 0);
	allocate(bench, a, WDS, 40);
	exchange(bench, a, request(WDS, 1, 1, QMI_WDS_START_NETWORK), 40);
	app_write(a, stop);
	modem_gets_this(bench, with_cid(stop, 40));
	mux_close(a, bench->now);
	/* It is kept only as long as its call is up. */
	pass_time(bench, 5000);
	modem_gets_nothing(bench);
	modem_says(bench, answer(with_cid(stop, 40), 0));
	pass_time(bench, 5000);
	modem_gets_ctl(bench, ctl_release(0, WDS, 40));
}

static void test_V9_orphan_timeout_after_a_start(void **state)
{
	struct bench *bench = *state;
	struct msg start = request(WDS, 1, 1, QMI_WDS_START_NETWORK);
	struct session *a;

	bench->config.orphan_timeout = 5000;
	bench->config.transaction_timeout = 30000;
	bench_restart(bench);
	a = open_on(bench, 0);
	allocate(bench, a, WDS, 40);
	app_write(a, start);
	modem_gets_this(bench, with_cid(start, 40));
	mux_close(a, bench->now);
	/* It is kept only as long as the modem may answer. */
	pass_time(bench, 29999);
	modem_gets_nothing(bench);
	pass_time(bench, 1);
	modem_gets_ctl(bench, ctl_release(0, WDS, 40));
}

static void test_V9_orphan_timeout_after_a_lost_start(void **state)
{
	struct bench *bench = *state;
	struct session *a;

	bench->config.orphan_timeout = 5000;
	bench_restart(bench);
	a = open_on(bench, 0);
	allocate(bench, a, WDS, 40);
	app_write(a, request(WDS, 1, 1, QMI_WDS_START_NETWORK));
	modem_gets(bench);
	mux_close(a, bench->now);
	pass_time(bench, 5000);
	modem_gets_nothing(bench);
	mux_port_lost(bench->mux, bench->now);
	modem_gets_ctl(bench, ctl_release(0, WDS, 40));
}

/* One tick finds the end of the call, after a truncated frame, and reclaims the orphan. */
static void test_V9_orphan_timeout_in_the_tick_that_ends_a_call(void **state)
{
	static const uint8_t payload[200];
	struct bench *bench = *state;
	struct session *a;
	struct msg cut = plus(indication(DMS, 9, IND), 0x10, payload, sizeof(payload));

	bench->config.orphan_timeout = 5000;
	bench_restart(bench);
	a = open_on(bench, 0);
	allocate(bench, a, WDS, 40);
	exchange(bench, a, request(WDS, 1, 1, QMI_WDS_START_NETWORK), 40);
	app_write(a, request(WDS, 1, 2, QMI_WDS_STOP_NETWORK));
	modem_gets(bench);
	mux_close(a, bench->now);
	pass_time(bench, 5000);
	mux_port_received(bench->mux, cut.bytes, 20, bench->now);
	modem_says(bench, answer(request(WDS, 40, 2, QMI_WDS_STOP_NETWORK), 0));
	modem_gets_nothing(bench);
	pass_time(bench, 2000);
	assert_true(mux_deadline(bench->mux) > bench->now);
	modem_gets_ctl(bench, ctl_release(0, WDS, 40));
}

static void test_V9_orphan_timeout_after_a_refused_release(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct msg got;

	bench->config.orphan_timeout = 5000;
	bench_restart(bench);
	a = open_on(bench, 0);
	allocate(bench, a, DMS, 40);
	app_write(a, ctl_release(1, DMS, 1));
	got = modem_gets(bench);
	mux_close(a, bench->now);
	pass_time(bench, 5000);
	modem_gets_nothing(bench);
	modem_says(bench, answer(got, QMI_ERROR_INTERNAL));
	pass_time(bench, 5000);
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V2_254_clients_on_a_node),
	BENCH_TEST(test_V2_a_full_node_while_two_allocate),
	BENCH_TEST(test_V2_full_before_its_turn),
	BENCH_TEST(test_V2_the_modem_allocates_twice),
	BENCH_TEST(test_answers_without_a_cid),
	BENCH_TEST(test_an_error_is_the_applications),
	BENCH_TEST(test_V6_allocated_for_a_closed_session),
	BENCH_TEST(test_V9_oldest_orphan_makes_room),
	BENCH_TEST(test_V9_no_orphan_left),
	BENCH_TEST(test_V9_a_full_node_gives_up_an_orphan),
	BENCH_TEST(test_V9_a_data_call_is_kept),
	BENCH_TEST(test_V9_a_starting_call_is_kept),
	BENCH_TEST(test_V9_the_asker_closes_meanwhile),
	BENCH_TEST(test_V9_orphan_timeout),
	BENCH_TEST(test_V9_orphan_timeout_after_a_call),
	BENCH_TEST(test_V9_orphan_timeout_after_a_start),
	BENCH_TEST(test_V9_orphan_timeout_after_a_lost_start),
	BENCH_TEST(test_V9_orphan_timeout_in_the_tick_that_ends_a_call),
	BENCH_TEST(test_V9_orphan_timeout_after_a_refused_release),
};

TEST_GROUP(mux_allocate_tests, tests);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients that several sessions hold: V8, V10, V12, V13. */
#include "mux_bench.h"

#define SYNC QMI_CTL_SYNC

static void release_of(struct bench *bench, uint8_t service, uint8_t device_cid)
{
	struct msg got = modem_gets_ctl(bench, ctl_release(0, service, device_cid));

	modem_says(bench, about_client(answer(got, 0), service, device_cid));
}

static void test_V8_each_holder_gets_each_indication_once(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1000);
	struct session *root = open_as(bench, 0);
	struct session *other = open_as(bench, 1000);

	allocate(bench, a, DMS, 40);
	for (uint16_t tid = 1; tid <= 2; tid++) {
		exchange(bench, b, request(DMS, 1, tid, MODEL), 40);
		exchange(bench, root, request(DMS, 1, tid, MODEL), 40);
		exchange(bench, a, request(DMS, 1, tid, MODEL), 40);
	}
	modem_says(bench, indication(DMS, 40, IND));
	app_reads(a, indication(DMS, 1, IND));
	app_reads(b, indication(DMS, 1, IND));
	app_reads(root, indication(DMS, 1, IND));
	app_reads_nothing(a);
	app_reads_nothing(b);
	app_reads_nothing(root);
	app_reads_nothing(other);
	assert_int_equal(mux_counters(bench->mux)->dropped_indications, 0);
}

static void test_V8_from_when_its_request_is_sent(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1000);
	struct msg msg = request(DMS, 1, 1, MODEL);

	allocate(bench, a, DMS, 40);
	app_write(b, msg);
	modem_says(bench, indication(DMS, 40, IND));
	app_reads(a, indication(DMS, 1, IND));
	app_reads_nothing(b);
	modem_gets_this(bench, with_cid(msg, 40));
	modem_says(bench, indication(DMS, 40, IND));
	app_reads(b, indication(DMS, 1, IND));
}

static void test_V8_the_others_remain(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1000);
	struct session *root = open_as(bench, 0);

	allocate(bench, a, DMS, 40);
	exchange(bench, b, request(DMS, 1, 1, MODEL), 40);
	mux_close(a, bench->now);
	assert_int_equal(mux_orphan_count(bench->mux), 0);
	modem_says(bench, indication(DMS, 40, IND));
	app_reads(b, indication(DMS, 1, IND));
	mux_close(b, bench->now);
	assert_int_equal(mux_orphan_count(bench->mux), 1);
	modem_says(bench, indication(DMS, 40, IND));
	assert_string_equal(bench->why, "orphaned client");
	/* Whoever sends with it adopts it. */
	exchange(bench, root, request(DMS, 1, 1, MODEL), 40);
	assert_int_equal(mux_orphan_count(bench->mux), 0);
	modem_says(bench, indication(DMS, 40, IND));
	app_reads(root, indication(DMS, 1, IND));
	mux_close(root, bench->now);
	assert_int_equal(mux_orphan_count(bench->mux), 1);
}

static void test_V9_old_only_since_the_last_holder_closed(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct session *b;

	bench->config.orphan_timeout = 5000;
	bench_restart(bench);
	a = open_as(bench, 1000);
	b = open_as(bench, 1000);
	allocate(bench, a, DMS, 40);
	exchange(bench, b, request(DMS, 1, 1, MODEL), 40);
	mux_close(a, bench->now);
	assert_true(mux_deadline(bench->mux) == MUX_NEVER);
	pass_time(bench, 100000);
	mux_close(b, bench->now);
	pass_time(bench, 4999);
	modem_gets_nothing(bench);
	pass_time(bench, 1);
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
}

static void check_revoked(struct bench *bench, uint16_t message)
{
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1000);
	struct session *other = open_as(bench, 1000);
	struct msg told = about_client(indication(0, 0, message), DMS, 1);

	allocate(bench, a, DMS, 40);
	exchange(bench, b, request(DMS, 1, 1, MODEL), 40);
	modem_says(bench, about_client(indication(0, 0, message), DMS, 40));
	app_reads(a, told);
	app_reads(b, told);
	app_reads_nothing(a);
	app_reads_nothing(b);
	app_reads_nothing(other);
	assert_int_equal(mux_client_count(bench->mux), 0);
}

static void test_V13_each_holder_is_told(void **state)
{
	check_revoked(*state, QMI_CTL_REVOKE_CID);
	check_revoked(*state, QMI_CTL_INVALID_CID);
}

static void test_V12_a_broadcast_comes_once(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1001);
	struct session *other = open_as(bench, 1000);
	struct msg broadcast = indication(DMS, 0xFF, IND);

	allocate(bench, a, DMS, 40);
	allocate(bench, a, DMS, 41);
	allocate(bench, b, DMS, 42);
	allocate(bench, other, NAS, 43);
	bench->uid = 1000;
	exchange(bench, a, request(DMS, 2, 1, MODEL), 41);
	modem_says(bench, broadcast);
	app_reads(a, broadcast);
	app_reads(b, broadcast);
	app_reads_nothing(a);
	app_reads_nothing(b);
	app_reads_nothing(other);
	exchange(bench, other, request(DMS, 1, 1, MODEL), 40);
	modem_says(bench, broadcast);
	app_reads(other, broadcast);
	app_reads(a, broadcast);
	app_reads_nothing(a);
}

static void test_V10_a_shared_client_stays(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1000);

	allocate(bench, a, DMS, 40);
	allocate(bench, a, NAS, 41);
	exchange(bench, b, request(DMS, 1, 1, MODEL), 40);
	app_write(a, ctl(7, SYNC));
	release_of(bench, NAS, 41);
	app_reads(a, answer(ctl(7, SYNC), 0));
	modem_gets_nothing(bench);
	modem_says(bench, indication(DMS, 40, IND));
	app_reads(b, indication(DMS, 1, IND));
	app_reads_nothing(a);
	assert_int_equal(mux_orphan_count(bench->mux), 0);
	/* Now b alone holds it. */
	app_write(b, ctl(8, SYNC));
	release_of(bench, DMS, 40);
	app_reads(b, answer(ctl(8, SYNC), 0));
}

static void test_V10_a_data_call_stays(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct msg stop = request(WDS, 1, 2, QMI_WDS_STOP_NETWORK);

	allocate(bench, a, WDS, 40);
	exchange(bench, a, request(WDS, 1, 1, QMI_WDS_START_NETWORK), 40);
	app_write(a, ctl(7, SYNC));
	app_reads(a, answer(ctl(7, SYNC), 0));
	modem_gets_nothing(bench);
	assert_int_equal(mux_orphan_count(bench->mux), 1);
	app_write(a, ctl(8, SYNC));
	app_reads(a, answer(ctl(8, SYNC), 0));
	modem_gets_nothing(bench);
	modem_says(bench, indication(WDS, 40, IND));
	app_reads_nothing(a);
	/* Until the call ends. */
	exchange(bench, a, stop, 40);
	app_write(a, ctl(9, SYNC));
	release_of(bench, WDS, 40);
	app_reads(a, answer(ctl(9, SYNC), 0));
}

/* Leaves behind an orphan of DMS. */
static void leave_orphan(struct bench *bench, uint32_t uid, unsigned node, uint8_t device_cid)
{
	struct session *session = mux_open(bench->mux, node, uid, bench);

	allocate(bench, session, DMS, device_cid);
	mux_close(session, bench->now);
}

static void test_V10_orphans_of_its_user_on_its_node(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *root = open_as(bench, 0);

	leave_orphan(bench, 1000, 0, 40);
	leave_orphan(bench, 1000, 1, 41);
	leave_orphan(bench, 1001, 0, 42);
	leave_orphan(bench, 0, 0, 43);
	app_write(a, ctl(7, SYNC));
	release_of(bench, DMS, 40);
	app_reads(a, answer(ctl(7, SYNC), 0));
	modem_gets_nothing(bench);
	/* Root's too: its user is root. */
	app_write(root, ctl(7, SYNC));
	release_of(bench, DMS, 43);
	app_reads(root, answer(ctl(7, SYNC), 0));
	modem_gets_nothing(bench);
	assert_int_equal(mux_orphan_count(bench->mux), 2);
}

static void test_V10_orphans_of_a_shared_node(void **state)
{
	struct bench *bench = *state;
	struct session *a;

	bench->config.share_node = true;
	bench_restart(bench);
	a = open_as(bench, 1000);
	leave_orphan(bench, 1001, 0, 42);
	leave_orphan(bench, 1000, 1, 41);
	leave_orphan(bench, 0, 0, 43);
	app_write(a, ctl(7, SYNC));
	release_of(bench, DMS, 42);
	release_of(bench, DMS, 43);
	app_reads(a, answer(ctl(7, SYNC), 0));
	modem_gets_nothing(bench);
	assert_int_equal(mux_orphan_count(bench->mux), 1);
}

/* What another session is releasing is left to that. */
static void test_V10_a_shared_client_that_is_being_released(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1000);
	struct msg got;

	allocate(bench, a, DMS, 40);
	app_write(b, ctl_release(4, DMS, 1));
	got = modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	app_write(a, ctl(7, SYNC));
	app_reads(a, answer(ctl(7, SYNC), 0));
	modem_gets_nothing(bench);
	modem_says(bench, answer(got, 0));
	app_reads(b, answer(ctl_release(4, DMS, 1), 0));
	assert_int_equal(mux_client_count(bench->mux), 0);
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V8_each_holder_gets_each_indication_once),
	BENCH_TEST(test_V8_from_when_its_request_is_sent),
	BENCH_TEST(test_V8_the_others_remain),
	BENCH_TEST(test_V9_old_only_since_the_last_holder_closed),
	BENCH_TEST(test_V13_each_holder_is_told),
	BENCH_TEST(test_V12_a_broadcast_comes_once),
	BENCH_TEST(test_V10_a_shared_client_stays),
	BENCH_TEST(test_V10_a_data_call_stays),
	BENCH_TEST(test_V10_orphans_of_its_user_on_its_node),
	BENCH_TEST(test_V10_orphans_of_a_shared_node),
	BENCH_TEST(test_V10_a_shared_client_that_is_being_released),
};

TEST_GROUP(mux_holder_tests, tests);

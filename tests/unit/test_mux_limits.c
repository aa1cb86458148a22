/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many clients a user may have, and whose is given up for another's: V9, V28. */
#include "mux_bench.h"

static void allocate_many(struct bench *bench, struct session *session, uint8_t service,
			  uint8_t first, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		allocate(bench, session, service, (uint8_t)(first + i));
}

static void refuse_client(struct bench *bench, struct session *session, uint8_t service)
{
	struct msg asked = ctl_allocate(9, service);

	app_write(session, asked);
	app_reads(session, answer(asked, QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	modem_gets_nothing(bench);
}

/* Sends an Allocate CID; the modem has none left. */
static void find_exhausted(struct bench *bench, struct session *session, uint8_t service)
{
	app_write(session, ctl_allocate(9, service));
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_allocate(9, service)),
				 QMI_ERROR_CLIENT_IDS_EXHAUSTED));
}

/* The mux releases a client for an Allocate CID, repeats that, and the modem grants it. */
static void expect_reclaim(struct bench *bench, struct session *session, uint8_t service,
			   uint8_t device_cid, uint8_t cid)
{
	struct msg got;

	app_reads_nothing(session);
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, service, device_cid)), 0));
	got = modem_gets_ctl(bench, ctl_allocate(0, service));
	modem_says(bench, about_client(answer(got, 0), service, device_cid));
	app_reads(session, about_client(answer(ctl_allocate(9, service), 0), service, cid));
	modem_gets_nothing(bench);
}

static void test_V28_16_of_a_service(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *same = open_as(bench, 1000);
	struct session *b = open_as(bench, 1001);
	struct session *root = open_as(bench, 0);

	allocate_many(bench, a, DMS, 1, 15);
	allocate(bench, same, DMS, 16);
	refuse_client(bench, a, DMS);
	refuse_client(bench, same, DMS);
	assert_int_equal(bench->warnings, 2);
	allocate(bench, a, NAS, 1);
	allocate(bench, b, DMS, 17);
	allocate_many(bench, root, DMS, 50, 17);
	/* On another node it is no other. */
	bench->uid = 1000;
	refuse_client(bench, open_on(bench, 1), DMS);
	app_write(a, ctl_release(4, DMS, 3));
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 3)), 0));
	app_reads(a, answer(ctl_release(4, DMS, 3), 0));
	allocate(bench, a, DMS, 3);
	refuse_client(bench, a, DMS);
}

static void test_V28_those_being_allocated_count(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *same = open_as(bench, 1000);
	struct msg got;

	allocate_many(bench, a, DMS, 1, 15);
	app_write(a, ctl_allocate(9, DMS));
	got = modem_gets(bench);
	refuse_client(bench, same, DMS);
	modem_says(bench, answer(got, QMI_ERROR_INTERNAL));
	app_reads(a, answer(ctl_allocate(9, DMS), QMI_ERROR_INTERNAL));
	/* Not while it waits for its turn, only from when it is sent. */
	app_write(a, ctl_allocate(9, DMS));
	app_write(same, ctl_allocate(9, DMS));
	got = modem_gets(bench);
	modem_gets_nothing(bench);
	app_reads(same, answer(ctl_allocate(9, DMS), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	/* Nor once it has expired. */
	pass_time(bench, CTL_TIMEOUT);
	allocate(bench, same, DMS, 16);
	modem_says(bench, about_client(answer(got, 0), DMS, 17));
	modem_says(bench, answer(modem_gets_ctl(bench, ctl_release(0, DMS, 17)), 0));
	refuse_client(bench, a, DMS);
}

static void test_V28_a_retried_allocation_counts(void **state)
{
	struct bench *bench = *state;
	struct session *gone = open_as(bench, 1000);
	struct session *a = open_as(bench, 1000);
	struct session *same = open_as(bench, 1000);
	struct msg got;

	allocate(bench, gone, DMS, 99);
	allocate_many(bench, a, DMS, 1, 15);
	mux_close(gone, bench->now);
	app_write(a, ctl_allocate(9, DMS));
	got = modem_gets_ctl(bench, ctl_release(0, DMS, 99));
	refuse_client(bench, same, DMS);
	modem_says(bench, answer(got, 0));
	got = modem_gets_ctl(bench, ctl_allocate(0, DMS));
	refuse_client(bench, same, DMS);
	modem_says(bench, about_client(answer(got, 0), DMS, 99));
	app_reads(a, about_client(answer(ctl_allocate(9, DMS), 0), DMS, 1));
	refuse_client(bench, same, DMS);
}

static void test_V28_an_orphan_of_ones_own_makes_room(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *same = open_as(bench, 1000);
	struct session *gone;
	struct session *b = open_as(bench, 1001);

	bench->uid = 1000;
	allocate(bench, b, DMS, 98);
	mux_close(b, bench->now);
	gone = open_on(bench, 1);
	allocate(bench, gone, DMS, 99);
	allocate_many(bench, a, DMS, 1, 15);
	mux_close(gone, bench->now);
	app_write(a, ctl_allocate(9, DMS));
	expect_reclaim(bench, a, DMS, 99, 17);
	/* That of another user would not help. */
	refuse_client(bench, same, DMS);
	assert_int_equal(mux_orphan_count(bench->mux), 1);
	assert_int_equal(mux_counters(bench->mux)->reclaimed, 1);
}

static void test_V28_half_of_what_the_modem_has(void **state)
{
	struct bench *bench = *state;
	struct session *root = open_as(bench, 0);
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1001);

	allocate_many(bench, root, DMS, 1, 6);
	allocate(bench, a, DMS, 20);
	find_exhausted(bench, b, DMS);
	app_reads(b, answer(ctl_allocate(9, DMS), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	/* Half of 7 is 3. */
	allocate_many(bench, a, DMS, 21, 2);
	refuse_client(bench, a, DMS);
	allocate_many(bench, b, DMS, 30, 3);
	refuse_client(bench, b, DMS);
	allocate_many(bench, a, NAS, 1, 16);
	/* The modem has grown: half of 12. */
	find_exhausted(bench, root, DMS);
	app_reads(root, answer(ctl_allocate(9, DMS), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	allocate_many(bench, a, DMS, 23, 3);
	refuse_client(bench, a, DMS);
}

static void test_V28_one_at_least(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1001);

	find_exhausted(bench, a, DMS);
	app_reads(a, answer(ctl_allocate(9, DMS), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	/* Half of none is none; and yet each may have one. */
	allocate(bench, a, DMS, 1);
	refuse_client(bench, a, DMS);
	allocate(bench, b, DMS, 10);
	refuse_client(bench, b, DMS);
}

static void test_V28_who_has_more_than_half_gives_one_up(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *same = open_as(bench, 1000);
	struct session *b = open_as(bench, 1001);
	struct session *root = open_as(bench, 0);
	struct msg revoked = about_client(indication(0, 0, QMI_CTL_REVOKE_CID), DMS, 2);
	struct msg pending = request(DMS, 2, 5, MODEL);
	uint64_t delivered;

	allocate(bench, root, DMS, 10);
	allocate_many(bench, a, DMS, 1, 2);
	exchange(bench, same, request(DMS, 3, 1, MODEL), 2);
	exchange(bench, same, request(DMS, 2, 1, MODEL), 1);
	exchange(bench, root, request(DMS, 3, 1, MODEL), 2);
	app_write(same, pending);
	modem_gets_this(bench, with_cid(pending, 1));
	exchange(bench, a, request(DMS, 3, 1, MODEL), 2);
	delivered = mux_counters(bench->mux)->delivered;
	/* The first has been idle for longest. */
	find_exhausted(bench, b, DMS);
	app_reads(a, revoked);
	app_reads(same, revoked);
	app_reads(same, answer(pending, QMI_ERROR_ABORTED));
	app_reads_nothing(a);
	app_reads_nothing(same);
	app_reads_nothing(root);
	app_write(a, pending);
	app_reads(a, answer(pending, QMI_ERROR_INVALID_CLIENT_ID));
	assert_int_equal(mux_counters(bench->mux)->delivered, delivered);
	expect_reclaim(bench, b, DMS, 1, 2);
	assert_int_equal(mux_counters(bench->mux)->reclaimed, 1);
	/* Now each has one of three, and half of three is one. */
	refuse_client(bench, b, DMS);
}

static void test_V28_what_is_not_taken(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1001);
	struct session *root = open_as(bench, 0);
	struct msg got;

	/* Half. */
	allocate_many(bench, a, DMS, 1, 2);
	allocate(bench, root, DMS, 10);
	allocate(bench, b, DMS, 20);
	find_exhausted(bench, b, DMS);
	app_reads(b, answer(ctl_allocate(9, DMS), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	/* The only one. */
	allocate(bench, a, QMI_SERVICE_UIM, 1);
	allocate_many(bench, root, QMI_SERVICE_UIM, 10, 2);
	find_exhausted(bench, b, QMI_SERVICE_UIM);
	app_reads(b, answer(ctl_allocate(9, QMI_SERVICE_UIM), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	/* Root's. */
	allocate_many(bench, root, NAS, 10, 4);
	find_exhausted(bench, b, NAS);
	app_reads(b, answer(ctl_allocate(9, NAS), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	/* The asker's own. */
	allocate_many(bench, a, 4, 1, 3);
	find_exhausted(bench, a, 4);
	app_reads(a, answer(ctl_allocate(9, 4), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	/* One with a data call, or whose release is under way. */
	allocate_many(bench, a, WDS, 1, 2);
	exchange(bench, a, request(WDS, 1, 1, QMI_WDS_START_NETWORK), 1);
	app_write(a, ctl_release(8, WDS, 2));
	got = modem_gets_ctl(bench, ctl_release(0, WDS, 2));
	find_exhausted(bench, b, WDS);
	app_reads(b, answer(ctl_allocate(9, WDS), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	modem_says(bench, answer(got, QMI_ERROR_INTERNAL));
	find_exhausted(bench, b, WDS);
	modem_gets_ctl(bench, ctl_release(0, WDS, 2));
}

/* Clients count here, not what is only asked for. */
static void test_V28_more_than_half_of_clients(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *b = open_as(bench, 1001);
	struct session *root = open_as(bench, 0);

	allocate_many(bench, a, DMS, 1, 1);
	allocate_many(bench, root, DMS, 10, 1);
	app_write(a, ctl_allocate(9, DMS));
	modem_gets(bench);
	find_exhausted(bench, b, DMS);
	app_reads(b, answer(ctl_allocate(9, DMS), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	app_reads_nothing(a);
}

/* An orphan of anybody's is given up before a client that somebody holds. */
static void test_V9_orphans_first(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_as(bench, 1000);
	struct session *gone = open_as(bench, 1002);
	struct session *more = open_as(bench, 1003);
	struct session *own = open_as(bench, 1001);
	struct session *b = open_as(bench, 1001);

	allocate_many(bench, a, DMS, 1, 12);
	allocate(bench, gone, DMS, 20);
	allocate_many(bench, more, DMS, 30, 2);
	allocate(bench, own, DMS, 40);
	mux_close(gone, bench->now);
	mux_close(more, bench->now);
	mux_close(own, bench->now);
	/* Its own, then one of him who has two, the older one. */
	find_exhausted(bench, b, DMS);
	expect_reclaim(bench, b, DMS, 40, 16);
	find_exhausted(bench, b, DMS);
	expect_reclaim(bench, b, DMS, 30, 14);
	find_exhausted(bench, b, DMS);
	modem_says(bench, answer(modem_gets(bench), 0));
	modem_says(bench, answer(modem_gets(bench), QMI_ERROR_INTERNAL));
	app_reads(b, answer(ctl_allocate(9, DMS), QMI_ERROR_INTERNAL));
	find_exhausted(bench, b, DMS);
	modem_says(bench, answer(modem_gets(bench), 0));
	modem_says(bench, answer(modem_gets(bench), QMI_ERROR_INTERNAL));
	app_reads(b, answer(ctl_allocate(9, DMS), QMI_ERROR_INTERNAL));
	assert_int_equal(mux_orphan_count(bench->mux), 0);
	/* No orphan is left: a loses one. */
	app_reads_nothing(a);
	find_exhausted(bench, b, DMS);
	app_reads(a, about_client(indication(0, 0, QMI_CTL_REVOKE_CID), DMS, 1));
}

/* Leaves behind an orphan of this service. */
static void leave_orphan(struct bench *bench, uint32_t uid, unsigned node, uint8_t device_cid)
{
	struct session *session = mux_open(bench->mux, node, uid, bench);

	allocate(bench, session, DMS, device_cid);
	mux_close(session, bench->now);
}

static void test_V9_a_full_node(void **state)
{
	struct bench *bench = *state;
	struct session *root = open_as(bench, 0);
	struct session *b = open_as(bench, 1001);

	leave_orphan(bench, 1002, 0, 254);
	allocate_many(bench, root, DMS, 1, 237);
	leave_orphan(bench, 1001, 0, 238);
	allocate_many(bench, b, DMS, 239, 15);
	/* Its own goes first, though the other has been idle for longer. */
	app_write(b, ctl_allocate(9, DMS));
	expect_reclaim(bench, b, DMS, 238, 239);
	/* That of another user helps only a user who may have more. */
	refuse_client(bench, b, DMS);
	app_write(root, ctl_allocate(9, DMS));
	expect_reclaim(bench, root, DMS, 254, 1);
	refuse_client(bench, root, DMS);
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V28_16_of_a_service),
	BENCH_TEST(test_V28_those_being_allocated_count),
	BENCH_TEST(test_V28_a_retried_allocation_counts),
	BENCH_TEST(test_V28_an_orphan_of_ones_own_makes_room),
	BENCH_TEST(test_V28_half_of_what_the_modem_has),
	BENCH_TEST(test_V28_one_at_least),
	BENCH_TEST(test_V28_who_has_more_than_half_gives_one_up),
	BENCH_TEST(test_V28_what_is_not_taken),
	BENCH_TEST(test_V28_more_than_half_of_clients),
	BENCH_TEST(test_V9_orphans_first),
	BENCH_TEST(test_V9_a_full_node),
};

TEST_GROUP(mux_client_limit_tests, tests);

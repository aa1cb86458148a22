/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An application's Sync, V10, and the mux's own. */
#include "mux_bench.h"

#define SYNC QMI_CTL_SYNC

static void release_of(struct bench *bench, uint8_t service, uint8_t device_cid)
{
	struct msg got = modem_gets_ctl(bench, ctl_release(0, service, device_cid));

	modem_says(bench, about_client(answer(got, 0), service, device_cid));
}

/* One of those in a list of services and device CIDs, which it is struck off. */
static void release_of_one(struct bench *bench, uint8_t clients[][2], size_t count)
{
	struct msg got = modem_gets(bench);
	const uint8_t *value = frame_tlv(got.bytes, QMI_TLV_FIRST, 2, NULL);
	size_t i = 0;

	assert_int_equal(frame_message(got.bytes), QMI_CTL_RELEASE_CID);
	while (i < count && (clients[i][0] != value[0] || clients[i][1] != value[1]))
		i++;
	assert_true(i < count);
	clients[i][0] = 0;
	modem_says(bench, answer(got, 0));
}

static void test_V10_nothing_to_release(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);

	allocate(bench, b, DMS, 40);
	app_write(a, ctl(7, SYNC));
	app_reads(a, answer(ctl(7, SYNC), 0));
	modem_gets_nothing(bench);
	exchange(bench, b, request(DMS, 1, 1, MODEL), 40);
}

static void test_V10_own_clients_and_the_nodes_orphans(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *same = open_on(bench, 0);
	struct session *other = open_on(bench, 1);
	struct session *gone = open_on(bench, 0);
	struct session *gone_other = open_on(bench, 1);
	uint8_t released[][2] = {{DMS, 40}, {DMS, 43}, {NAS, 40}};

	allocate(bench, a, DMS, 40);
	allocate(bench, same, DMS, 41);
	allocate(bench, other, DMS, 42);
	allocate(bench, gone, DMS, 43);
	allocate(bench, gone_other, DMS, 44);
	allocate(bench, a, NAS, 40);
	mux_close(gone, bench->now);
	mux_close(gone_other, bench->now);

	app_write(a, ctl(7, SYNC));
	for (unsigned i = 0; i < 3; i++) {
		app_reads_nothing(a);
		release_of_one(bench, released, 3);
	}
	app_reads(a, answer(ctl(7, SYNC), 0));
	modem_gets_nothing(bench);
	exchange(bench, same, request(DMS, 2, 1, MODEL), 41);
	exchange(bench, other, request(DMS, 1, 1, MODEL), 42);
	assert_int_equal(mux_client_count(bench->mux), 3);
	assert_int_equal(mux_orphan_count(bench->mux), 1);
	app_write(a, request(DMS, 1, 1, MODEL));
	app_reads(a, answer(request(DMS, 1, 1, MODEL), QMI_ERROR_INVALID_CLIENT_ID));
}

static void test_V10_what_follows_waits(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);
	struct msg pending = request(DMS, 1, 3, MODEL);
	struct msg asked = ctl_allocate(9, DMS);
	struct msg got;

	allocate(bench, a, DMS, 40);
	allocate(bench, b, DMS, 41);
	app_write(a, pending);
	modem_gets_this(bench, with_cid(pending, 40));
	app_write(a, ctl(7, SYNC));
	app_write(a, ctl(8, SYNC));
	app_write(a, request(DMS, 1, 4, MODEL));
	app_write(a, asked);
	/* The request in flight is aborted. */
	app_reads(a, answer(pending, QMI_ERROR_ABORTED));
	got = modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	modem_gets_nothing(bench);
	app_reads_nothing(a);
	exchange(bench, b, request(DMS, 2, 1, MODEL), 41);
	modem_says(bench, answer(got, 0));
	app_reads(a, answer(ctl(7, SYNC), 0));
	app_reads(a, answer(ctl(8, SYNC), 0));
	app_reads(a, answer(request(DMS, 1, 4, MODEL), QMI_ERROR_INVALID_CLIENT_ID));
	got = modem_gets_ctl(bench, asked);
	modem_says(bench, about_client(answer(got, 0), DMS, 50));
	app_reads(a, about_client(answer(asked, 0), DMS, 1));
}

static void test_V10_a_client_that_is_being_released(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg release = ctl_release(4, DMS, 1);
	struct msg got;

	allocate(bench, a, DMS, 40);
	app_write(a, release);
	got = modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	app_write(a, ctl(7, SYNC));
	app_reads(a, answer(ctl(7, SYNC), 0));
	modem_gets_nothing(bench);
	modem_says(bench, about_client(answer(got, 0), DMS, 40));
	app_reads(a, about_client(answer(release, 0), DMS, 1));
}

static void test_V10_closed_meanwhile(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	allocate(bench, a, DMS, 41);
	app_write(a, ctl(7, SYNC));
	release_of(bench, DMS, 40);
	mux_close(a, bench->now);
	release_of(bench, DMS, 41);
	modem_gets_nothing(bench);

	/* A Sync whose turn comes only after its session has closed. */
	a = open_on(bench, 0);
	allocate(bench, a, DMS, 42);
	allocate(bench, b, DMS, 43);
	app_write(a, request(DMS, 1, 1, MODEL));
	app_write(a, ctl(7, SYNC));
	mux_close(a, bench->now);
	modem_gets_this(bench, request(DMS, 42, 1, MODEL));
	release_of(bench, DMS, 42);
	modem_gets_nothing(bench);
	exchange(bench, b, request(DMS, 2, 1, MODEL), 43);
}

static void test_V10_the_modem_does_not_answer(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	app_write(a, ctl(7, SYNC));
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	pass_time(bench, TIMEOUT);
	app_reads(a, answer(ctl(7, SYNC), 0));
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V10_nothing_to_release),
	BENCH_TEST(test_V10_own_clients_and_the_nodes_orphans),
	BENCH_TEST(test_V10_what_follows_waits),
	BENCH_TEST(test_V10_a_client_that_is_being_released),
	BENCH_TEST(test_V10_closed_meanwhile),
	BENCH_TEST(test_V10_the_modem_does_not_answer),
};

TEST_GROUP(mux_sync_tests, tests);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CTL requests that are only forwarded, and Release CID: V2 to V4. */
#include "mux_bench.h"

#define VERSION QMI_CTL_GET_VERSION_INFO

static void test_V4_ctl_tids_are_remapped(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 1);
	struct msg asked = ctl(0x42, VERSION);
	struct msg from_a;
	struct msg from_b;

	app_write(a, asked);
	app_write(b, asked);
	from_a = modem_gets_ctl(bench, asked);
	from_b = modem_gets_ctl(bench, asked);
	assert_int_not_equal(msg_tid(from_a), msg_tid(from_b));
	modem_says(bench, plus(answer(from_b, 0), 0x01, "b", 1));
	app_reads(b, plus(answer(asked, 0), 0x01, "b", 1));
	app_reads_nothing(a);
	modem_says(bench, plus(answer(from_a, 0), 0x01, "a", 1));
	app_reads(a, plus(answer(asked, 0), 0x01, "a", 1));
	/* The application's own tid may be 0; the modem's never is. */
	app_write(a, ctl(0, VERSION));
	modem_says(bench, answer(modem_gets_ctl(bench, ctl(0, VERSION)), 0));
	app_reads(a, answer(ctl(0, VERSION), 0));
	assert_int_equal(mux_counters(bench->mux)->delivered, 3);
	assert_int_equal(mux_counters(bench->mux)->requests, 3);
	assert_int_equal(bench->traces[MUX_TO_MODEM], 3);
	assert_int_equal(bench->traces[MUX_TO_APP], 3);
}

static void test_V4_tids_rest(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	for (unsigned i = 0; i < 600; i++) {
		struct msg got;

		app_write(a, ctl(9, VERSION));
		got = modem_gets(bench);
		assert_int_equal(msg_tid(got), i % 255 + 1);
		modem_says(bench, answer(got, 0));
		app_reads(a, answer(ctl(9, VERSION), 0));
	}
}

static void test_V4_more_than_255_wait(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct msg first = ctl_allocate(77, NAS);
	struct msg second = ctl_allocate(78, NAS);
	struct msg got;

	bench->config.ctl_timeout = TIMEOUT;
	bench_restart(bench);
	a = open_on(bench, 0);
	allocate(bench, a, DMS, 40);
	app_write(a, ctl(5, VERSION));
	got = modem_gets(bench);
	fill_ctl(bench, 222, 32);
	app_write(a, first);
	app_write(a, second);
	modem_gets_nothing(bench);
	/* The services' requests are not held up. */
	a = open_on(bench, 0);
	exchange(bench, a, request(DMS, 1, 1, MODEL), 40);
	modem_says(bench, answer(got, 0));
	modem_gets_this(bench, with_tid(first, msg_tid(got)));
	modem_gets_nothing(bench);
}

static void test_V4_the_mux_waits_for_a_tid_too(void **state)
{
	struct bench *bench = *state;
	struct session *a;
	struct msg got;

	bench->config.ctl_timeout = TIMEOUT;
	bench_restart(bench);
	a = open_on(bench, 0);
	allocate(bench, a, DMS, 40);
	app_write(a, ctl(5, VERSION));
	got = modem_gets(bench);
	fill_ctl(bench, 222, 32);
	app_write(a, ctl(1, QMI_CTL_SYNC));
	modem_gets_nothing(bench);
	modem_says(bench, answer(got, 0));
	app_reads(a, answer(ctl(5, VERSION), 0));
	got = modem_gets_ctl(bench, ctl_release(1, DMS, 40));
	modem_says(bench, answer(got, 0));
	app_reads(a, answer(ctl(1, QMI_CTL_SYNC), 0));
}

static void test_V3_ctl_has_no_cid(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg odd = with_cid(ctl(4, VERSION), 1);

	app_write(a, odd);
	app_reads(a, answer(odd, QMI_ERROR_INVALID_CLIENT_ID));
	modem_gets_nothing(bench);
}

static void test_V2_release(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg asked = ctl_release(4, DMS, 2);
	struct msg got;

	allocate(bench, a, DMS, 40);
	allocate(bench, a, DMS, 41);
	app_write(a, asked);
	got = modem_gets_ctl(bench, ctl_release(4, DMS, 41));
	/* It cannot be used once its Release has been sent. */
	app_write(a, request(DMS, 2, 1, MODEL));
	app_reads(a, answer(request(DMS, 2, 1, MODEL), QMI_ERROR_INVALID_CLIENT_ID));
	modem_says(bench, about_client(answer(got, 0), DMS, 41));
	app_reads(a, about_client(answer(asked, 0), DMS, 2));
	assert_int_equal(mux_client_count(bench->mux), 1);
	assert_int_equal(allocate(bench, a, DMS, 42), 2);
}

static void test_V2_release_refused(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg asked = ctl_release(4, DMS, 1);

	allocate(bench, a, DMS, 40);
	app_write(a, asked);
	modem_says(bench, answer(modem_gets(bench), QMI_ERROR_INTERNAL));
	app_reads(a, answer(asked, QMI_ERROR_INTERNAL));
	exchange(bench, a, request(DMS, 1, 1, MODEL), 40);
	/* If the modem does not know the client, the mux forgets it too. */
	app_write(a, asked);
	modem_says(bench, answer(modem_gets(bench), QMI_ERROR_INVALID_CLIENT_ID));
	app_reads(a, answer(asked, QMI_ERROR_INVALID_CLIENT_ID));
	assert_int_equal(mux_client_count(bench->mux), 0);
}

static void test_V2_release_of_a_revoked_client(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg asked = ctl_release(4, DMS, 1);
	struct msg got;

	allocate(bench, a, DMS, 40);
	app_write(a, asked);
	got = modem_gets(bench);
	modem_says(bench, about_client(indication(0, 0, QMI_CTL_REVOKE_CID), DMS, 40));
	app_reads(a, about_client(indication(0, 0, QMI_CTL_REVOKE_CID), DMS, 1));
	modem_says(bench, about_client(answer(got, QMI_ERROR_INVALID_CLIENT_ID), DMS, 40));
	app_reads(a, about_client(answer(asked, QMI_ERROR_INVALID_CLIENT_ID), DMS, 1));
}

static void test_V3_release_of_a_foreign_client(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 1);
	struct msg asked = ctl_release(4, DMS, 1);

	allocate(bench, a, DMS, 40);
	app_write(b, asked);
	app_reads(b, answer(asked, QMI_ERROR_INVALID_CLIENT_ID));
	modem_gets_nothing(bench);
	assert_int_equal(mux_client_count(bench->mux), 1);
}

static void test_malformed_allocate_and_release(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	const struct msg malformed[] = {
		ctl(1, QMI_CTL_ALLOCATE_CID),
		plus(ctl(2, QMI_CTL_ALLOCATE_CID), 0x01, "", 0),
		plus(ctl(3, QMI_CTL_ALLOCATE_CID), 0x10, "a", 1),
		plus(ctl(6, QMI_CTL_ALLOCATE_CID), 0x01, (uint8_t[]){DMS, 0}, 2),
		ctl(4, QMI_CTL_RELEASE_CID),
		plus(ctl(5, QMI_CTL_RELEASE_CID), 0x01, (uint8_t[]){DMS}, 1),
		plus(ctl(7, QMI_CTL_RELEASE_CID), 0x01, (uint8_t[]){DMS, 1, 0}, 3),
	};

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		app_write(a, malformed[i]);
		app_reads(a, answer(malformed[i], QMI_ERROR_MALFORMED_MESSAGE));
	}
	modem_gets_nothing(bench);
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V4_ctl_tids_are_remapped),
	BENCH_TEST(test_V4_tids_rest),
	BENCH_TEST(test_V4_more_than_255_wait),
	BENCH_TEST(test_V4_the_mux_waits_for_a_tid_too),
	BENCH_TEST(test_V3_ctl_has_no_cid),
	BENCH_TEST(test_V2_release),
	BENCH_TEST(test_V2_release_refused),
	BENCH_TEST(test_V2_release_of_a_revoked_client),
	BENCH_TEST(test_V3_release_of_a_foreign_client),
	BENCH_TEST(test_malformed_allocate_and_release),
};

TEST_GROUP(mux_ctl_tests, tests);

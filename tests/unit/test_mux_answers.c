/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Indications, and unsolicited answers: V6, V11 to V13. */
#include "mux_bench.h"

static void check_dropped(const struct bench *bench, const char *why, unsigned responses,
			  unsigned indications)
{
	assert_string_equal(bench->why, why);
	assert_int_equal(mux_counters(bench->mux)->dropped_responses, responses);
	assert_int_equal(mux_counters(bench->mux)->dropped_indications, indications);
	assert_int_equal(bench->traces[MUX_DROPPED], responses + indications);
}

static void test_V6_nobody_asked(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	app_write(a, request(DMS, 1, 5, MODEL));
	modem_gets(bench);
	modem_says(bench, answer(request(DMS, 40, 6, MODEL), 0));
	check_dropped(bench, "no matching request", 1, 0);
	modem_says(bench, answer(request(DMS, 40, 5, MODEL + 1), 0));
	modem_says(bench, answer(request(DMS, 41, 5, MODEL), 0));
	modem_says(bench, answer(request(NAS, 40, 5, MODEL), 0));
	modem_says(bench, answer(ctl(99, QMI_CTL_GET_VERSION_INFO), 0));
	modem_says(bench, answer(ctl(0, QMI_CTL_GET_VERSION_INFO), 0));
	check_dropped(bench, "no matching request", 6, 0);
	app_reads_nothing(a);
	modem_says(bench, answer(request(DMS, 40, 5, MODEL), 0));
	app_reads(a, answer(request(DMS, 1, 5, MODEL), 0));
	modem_says(bench, answer(request(DMS, 40, 5, MODEL), 0));
	check_dropped(bench, "no matching request", 7, 0);
}

static void test_V6_another_message_under_a_ctl_tid(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct msg asked = ctl(3, QMI_CTL_GET_VERSION_INFO);
	struct msg got;

	app_write(a, asked);
	got = modem_gets(bench);
	modem_says(bench, answer(ctl((uint8_t)msg_tid(got), QMI_CTL_SET_DATA_FORMAT), 0));
	check_dropped(bench, "no matching request", 1, 0);
	modem_says(bench, answer(got, 0));
	app_reads(a, answer(asked, 0));
}

static void test_V11_unicast(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 1);
	struct msg ind = plus(indication(NAS, 40, IND), 0x10, "abc", 3);

	allocate(bench, a, NAS, 40);
	allocate(bench, b, NAS, 41);
	modem_says(bench, ind);
	app_reads(a, with_cid(ind, 1));
	app_reads_nothing(b);
	modem_says(bench, with_cid(ind, 41));
	app_reads(b, with_cid(ind, 1));
	app_reads_nothing(a);
	modem_says(bench, with_cid(ind, 42));
	check_dropped(bench, "unknown client", 0, 1);
	mux_close(a, bench->now);
	modem_says(bench, ind);
	check_dropped(bench, "orphaned client", 0, 2);
	app_reads_nothing(b);
}

static void test_V12_broadcast(void **state)
{
	struct bench *bench = *state;
	struct session *two = open_on(bench, 0);
	struct session *one = open_on(bench, 1);
	struct session *other = open_on(bench, 0);
	struct session *none = open_on(bench, 0);
	struct session *gone = open_on(bench, 1);
	struct msg ind = plus(indication(NAS, 0xFF, IND), 0x10, "abc", 3);

	modem_says(bench, ind);
	check_dropped(bench, "no session has a client of the service", 0, 1);
	allocate(bench, two, NAS, 40);
	allocate(bench, one, NAS, 41);
	allocate(bench, two, NAS, 42);
	allocate(bench, other, DMS, 40);
	allocate(bench, gone, NAS, 43);
	mux_close(gone, bench->now);
	for (unsigned i = 0; i < 2; i++) {
		modem_says(bench, ind);
		app_reads(two, ind);
		app_reads_nothing(two);
		app_reads(one, ind);
		app_reads_nothing(one);
		app_reads_nothing(other);
		app_reads_nothing(none);
	}
	check_dropped(bench, "no session has a client of the service", 0, 1);
}

static void test_V13_revoke_and_invalid_cid(void **state)
{
	const uint16_t messages[] = {QMI_CTL_REVOKE_CID, QMI_CTL_INVALID_CID};
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);
	struct msg pending = request(DMS, 2, 5, MODEL);

	for (size_t i = 0; i < 2; i++) {
		struct msg ind = indication(QMI_SERVICE_CTL, 0, messages[i]);

		allocate(bench, b, DMS, 41);
		allocate(bench, a, DMS, 40);
		app_write(a, pending);
		modem_gets(bench);
		modem_says(bench, about_client(ind, DMS, 40));
		app_reads(a, about_client(ind, DMS, 2));
		app_reads(a, answer(pending, QMI_ERROR_ABORTED));
		app_reads_nothing(b);
		app_write(a, pending);
		app_reads(a, answer(pending, QMI_ERROR_INVALID_CLIENT_ID));
		modem_gets_nothing(bench);
		/* The other client is unaffected. */
		exchange(bench, b, request(DMS, 1, 1, MODEL), 41);
		modem_says(bench, about_client(ind, DMS, 41));
		app_reads(b, about_client(ind, DMS, 1));
		app_reads_nothing(a);
		assert_int_equal(mux_client_count(bench->mux), 0);
	}
}

static void test_V13_revoked_without_a_holder(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);
	struct msg ind = indication(QMI_SERVICE_CTL, 0, QMI_CTL_REVOKE_CID);

	modem_says(bench, ind);
	check_dropped(bench, "unknown client", 0, 1);
	modem_says(bench, about_client(ind, DMS, 40));
	check_dropped(bench, "unknown client", 0, 2);
	allocate(bench, a, DMS, 40);
	mux_close(a, bench->now);
	modem_says(bench, about_client(ind, DMS, 40));
	check_dropped(bench, "orphaned client", 0, 3);
	assert_int_equal(mux_client_count(bench->mux), 0);
	app_reads_nothing(b);
}

static void test_V13_revoked_while_others_wait(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);
	struct msg msg = request(DMS, 1, 5, MODEL);

	allocate(bench, a, DMS, 40);
	app_write(a, msg);
	app_write(b, msg);
	modem_gets(bench);
	modem_says(bench, about_client(indication(0, 0, QMI_CTL_REVOKE_CID), DMS, 40));
	app_reads(a, about_client(indication(0, 0, QMI_CTL_REVOKE_CID), DMS, 1));
	app_reads(a, answer(msg, QMI_ERROR_ABORTED));
	app_reads(b, answer(msg, QMI_ERROR_INVALID_CLIENT_ID));
	modem_gets_nothing(bench);
}

static void test_V13_other_ctl_indications_go_to_all(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 1);
	struct msg ind = indication(QMI_SERVICE_CTL, 0, QMI_CTL_SET_DATA_FORMAT);

	modem_says(bench, ind);
	app_reads(a, ind);
	app_reads(b, ind);
	assert_int_equal(mux_counters(bench->mux)->restarts, 0);
}

static void test_without_hooks(void **state)
{
	struct bench *bench = *state;
	struct session *a;

	bench->config.hooks = (struct mux_hooks){0};
	bench_restart(bench);
	a = open_on(bench, 0);
	allocate(bench, a, 0x77, 40);
	/* An unnamed service, with no hooks to log it. */
	allocate(bench, a, 0x77, 40);
	modem_says(bench, indication(NAS, 40, IND));
	assert_int_equal(bench->warnings, 0);
	assert_int_equal(mux_counters(bench->mux)->dropped_indications, 1);
}

static void test_V13_a_release_ends_with_its_client(void **state)
{
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 1);
	struct msg got;

	for (unsigned answered = 0; answered < 2; answered++) {
		allocate(bench, a, DMS, 40);
		app_write(a, ctl_release(5, DMS, 1));
		got = modem_gets(bench);
		modem_says(bench, about_client(indication(0, 0, QMI_CTL_REVOKE_CID), DMS, 40));
		app_reads(a, about_client(indication(0, 0, QMI_CTL_REVOKE_CID), DMS, 1));
		/* A new client with the same device CID must not be released. */
		allocate(bench, b, DMS, 40);
		if (answered)
			modem_says(bench, answer(got, QMI_ERROR_INVALID_CLIENT_ID));
		else
			pass_time(bench, TIMEOUT);
		exchange(bench, b, request(DMS, 1, 1, MODEL), 40);
		if (answered)
			app_reads(a, answer(ctl_release(5, DMS, 1), QMI_ERROR_INVALID_CLIENT_ID));
		modem_says(bench, about_client(indication(0, 0, QMI_CTL_REVOKE_CID), DMS, 40));
		app_reads(b, about_client(indication(0, 0, QMI_CTL_REVOKE_CID), DMS, 1));
	}
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V6_nobody_asked),
	BENCH_TEST(test_V6_another_message_under_a_ctl_tid),
	BENCH_TEST(test_V11_unicast),
	BENCH_TEST(test_V12_broadcast),
	BENCH_TEST(test_V13_revoke_and_invalid_cid),
	BENCH_TEST(test_V13_revoked_without_a_holder),
	BENCH_TEST(test_V13_revoked_while_others_wait),
	BENCH_TEST(test_V13_a_release_ends_with_its_client),
	BENCH_TEST(test_V13_other_ctl_indications_go_to_all),
	BENCH_TEST(test_without_hooks),
};

TEST_GROUP(mux_answer_tests, tests);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data calls that come and go: V9. */
#include "calls.h"
#include "mux_bench.h"

#define SET_MODE QMI_DMS_SET_OPERATING_MODE
#define STATUS   QMI_WDS_PACKET_SERVICE_STATUS

static const uint8_t ipv4 = 4, ipv6 = 6, disconnected = 1, connected = 2;

static struct msg u32(struct msg msg, uint32_t value)
{
	return plus(msg, QMI_TLV_FIRST,
		    (uint8_t[]){(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
				(uint8_t)(value >> 24)},
		    4);
}

static struct msg start(uint8_t family)
{
	return plus(request(WDS, 1, 1, QMI_WDS_START_NETWORK), 0x19, &family, 1);
}

static struct msg stop(uint32_t handle)
{
	return u32(request(WDS, 1, 2, QMI_WDS_STOP_NETWORK), handle);
}

/* The modem answers it, with a handle if that is not 0. */
static void note(struct calls *calls, struct msg asked, uint16_t error, uint32_t handle)
{
	struct msg answered = answer(asked, error);

	if (handle)
		answered = u32(answered, handle);
	calls_note_response(calls, answered.bytes, calls_subject(asked.bytes));
}

static void hang_up(struct calls *calls, uint8_t status, const uint8_t *family)
{
	struct msg ind = plus(indication(WDS, 1, STATUS), QMI_TLV_FIRST, &status, 1);

	if (family)
		ind = plus(ind, 0x12, family, 1);
	calls_note_indication(calls, ind.bytes);
}

static struct calls both_up(void)
{
	struct calls calls = {0};

	note(&calls, start(ipv4), 0, 77);
	note(&calls, start(ipv6), 0, 78);
	assert_true(calls.up[CALLS_IPV4] && calls.up[CALLS_IPV6]);
	return calls;
}

static void test_V9_a_stopped_call(void **state)
{
	struct calls calls = {0};

	(void)state;
	note(&calls, start(ipv4), 14, 0);
	assert_false(calls_are_up(&calls));
	note(&calls, start(ipv4), 0, 77);
	note(&calls, stop(77), 3, 0);
	assert_true(calls_are_up(&calls));
	note(&calls, stop(77), 0, 0);
	assert_false(calls_are_up(&calls));
}

static void test_V9_stop_without_effect(void **state)
{
	struct calls calls = {0};

	(void)state;
	note(&calls, start(ipv4), 0, 77);
	note(&calls, stop(77), QMI_ERROR_NO_EFFECT, 0);
	assert_false(calls_are_up(&calls));
	/* Of an earlier call. */
	note(&calls, start(ipv4), 0, 79);
	note(&calls, stop(77), QMI_ERROR_NO_EFFECT, 0);
	assert_true(calls_are_up(&calls));
}

static void test_V9_two_calls(void **state)
{
	struct calls calls = both_up();

	(void)state;
	note(&calls, stop(78), 0, 0);
	assert_true(calls.up[CALLS_IPV4]);
	note(&calls, stop(77), 0, 0);
	assert_false(calls_are_up(&calls));
	calls = both_up();
	note(&calls, stop(UINT32_MAX), 0, 0);
	assert_false(calls_are_up(&calls));
	/* Whose request is not remembered. */
	calls = both_up();
	calls_note_response(&calls, answer(stop(77), 0).bytes, 0);
	assert_false(calls_are_up(&calls));
}

static void test_V9_the_network_hangs_up(void **state)
{
	struct calls calls = both_up();

	(void)state;
	hang_up(&calls, connected, NULL);
	hang_up(&calls, disconnected, &ipv6);
	assert_true(calls.up[CALLS_IPV4]);
	assert_false(calls.up[CALLS_IPV6]);
	/* The program stops it nevertheless. */
	note(&calls, stop(78), QMI_ERROR_NO_EFFECT, 0);
	assert_true(calls_are_up(&calls));
	hang_up(&calls, disconnected, &ipv4);
	assert_false(calls_are_up(&calls));
	calls = both_up();
	hang_up(&calls, disconnected, NULL);
	assert_false(calls_are_up(&calls));
	/* The family may not have been named. */
	note(&calls, request(WDS, 1, 1, QMI_WDS_START_NETWORK), 0, 77);
	hang_up(&calls, disconnected, &ipv6);
	assert_false(calls_are_up(&calls));
}

static void test_V9_reset(void **state)
{
	struct calls calls = both_up();

	(void)state;
	note(&calls, request(WDS, 1, 3, QMI_WDS_RESET), 3, 0);
	assert_true(calls_are_up(&calls));
	note(&calls, request(WDS, 1, 3, QMI_WDS_RESET), 0, 0);
	assert_false(calls_are_up(&calls));
}

static bool ends_all(uint8_t mode, uint16_t error)
{
	struct msg asked = plus(request(DMS, 1, 1, SET_MODE), QMI_TLV_FIRST, &mode, 1);

	return calls_end_with(answer(asked, error).bytes, calls_subject(asked.bytes));
}

static void test_V9_offline(void **state)
{
	(void)state;
	assert_false(ends_all(0, 0));
	assert_true(ends_all(1, 0));
	assert_true(ends_all(3, 0));
	assert_false(ends_all(3, 60));
	assert_false(calls_end_with(answer(request(DMS, 1, 1, SET_MODE), 0).bytes, 0));
}

/* An orphan of WDS whose call was up, and a session that wants its place. */
static struct session *leave_call(struct bench *bench)
{
	struct session *a = open_on(bench, 0);

	allocate(bench, a, WDS, 40);
	exchange(bench, a, start(ipv4), 40);
	mux_close(a, bench->now);
	return open_on(bench, 0);
}

static void gets_exhausted(struct bench *bench, struct session *b, uint16_t error)
{
	app_write(b, ctl_allocate(9, WDS));
	modem_says(bench, answer(modem_gets(bench), error));
}

static void test_V9_an_orphans_call_is_hung_up(void **state)
{
	struct bench *bench = *state;
	struct session *b = leave_call(bench);

	gets_exhausted(bench, b, QMI_ERROR_CLIENT_IDS_EXHAUSTED);
	modem_gets_nothing(bench);
	app_reads(b, answer(ctl_allocate(9, WDS), QMI_ERROR_CLIENT_IDS_EXHAUSTED));
	modem_says(bench, plus(indication(WDS, 40, STATUS), QMI_TLV_FIRST, &disconnected, 1));
	gets_exhausted(bench, b, QMI_ERROR_CLIENT_IDS_EXHAUSTED);
	modem_gets_ctl(bench, ctl_release(0, WDS, 40));
}

static void test_V9_offline_ends_calls_of_orphans(void **state)
{
	static const uint8_t offline = 3;
	struct bench *bench = *state;
	struct session *b = leave_call(bench);
	struct msg set = plus(request(DMS, 1, 1, SET_MODE), QMI_TLV_FIRST, &offline, 1);

	allocate(bench, b, DMS, 41);
	exchange(bench, b, set, 41);
	gets_exhausted(bench, b, QMI_ERROR_CLIENT_IDS_EXHAUSTED);
	modem_gets_ctl(bench, ctl_release(0, WDS, 40));
}

/* Some modems say Internal or NoMemory. */
static void test_V9_other_words_for_exhaustion(void **state)
{
	static const uint16_t words[] = {QMI_ERROR_NO_MEMORY, QMI_ERROR_INTERNAL};
	struct bench *bench = *state;
	struct session *a = open_on(bench, 0);
	struct session *b = open_on(bench, 0);
	struct msg asked;

	for (uint8_t i = 0; i < 3; i++)
		allocate(bench, a, WDS, (uint8_t)(40 + i));
	mux_close(a, bench->now);
	for (uint8_t i = 0; i < 2; i++) {
		gets_exhausted(bench, b, words[i]);
		asked = modem_gets_ctl(bench, ctl_release(0, WDS, (uint8_t)(40 + i)));
		modem_says(bench, answer(asked, 0));
		asked = modem_gets_ctl(bench, ctl_allocate(0, WDS));
		/* Once is enough. */
		modem_says(bench, answer(asked, words[i]));
		modem_gets_nothing(bench);
		app_reads(b, answer(ctl_allocate(9, WDS), words[i]));
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_V9_a_stopped_call),
	cmocka_unit_test(test_V9_stop_without_effect),
	cmocka_unit_test(test_V9_two_calls),
	cmocka_unit_test(test_V9_the_network_hangs_up),
	cmocka_unit_test(test_V9_reset),
	cmocka_unit_test(test_V9_offline),
	BENCH_TEST(test_V9_an_orphans_call_is_hung_up),
	BENCH_TEST(test_V9_offline_ends_calls_of_orphans),
	BENCH_TEST(test_V9_other_words_for_exhaustion),
};

TEST_GROUP(calls_tests, tests);

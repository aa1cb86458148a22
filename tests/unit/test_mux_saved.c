/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Restarts of the daemon: V29. */
#include <stdlib.h>
#include <string.h>

#include "mux_bench.h"

static uint64_t *kept;

static int set_up(void **state)
{
	struct bench *bench;

	bench_set_up(state);
	bench = *state;
	kept = malloc(mux_kept_size());
	assert_non_null(kept);
	mux_keep(bench->mux, kept);
	return 0;
}

static int tear_down(void **state)
{
	free(kept);
	return bench_tear_down(state);
}

static void load(struct bench *bench, uint8_t *saved, size_t size)
{
	const char *why = NULL;

	bench->mux = mux_load(&bench->config, kept, saved, size, bench->now, &why);
	assert_null(why);
	assert_non_null(bench->mux);
	assert_null(mux_check(bench->mux));
	free(saved);
}

static void restart(struct bench *bench)
{
	uint8_t *saved;
	size_t size;

	assert_int_equal(mux_save(bench->mux, &saved, &size), 0);
	mux_destroy(bench->mux);
	load(bench, saved, size);
}

static void crash(struct bench *bench)
{
	const char *why = NULL;

	mux_destroy(bench->mux);
	bench->mux = mux_load(&bench->config, kept, NULL, 0, bench->now, &why);
	assert_non_null(bench->mux);
	assert_null(mux_check(bench->mux));
}

static struct session *reopen(struct bench *bench, uint64_t id)
{
	struct session *session = mux_reopen(bench->mux, id, 0, 0, bench);

	assert_non_null(session);
	return session;
}

static void test_V29_a_request_in_flight_is_answered(void **state)
{
	struct bench *bench = *state;
	struct session *session = open_on(bench, 0);
	struct msg msg = request(DMS, 1, 5, MODEL);
	struct msg sent;

	allocate(bench, session, DMS, 40);
	app_write(session, msg);
	sent = modem_gets(bench);
	restart(bench);
	session = reopen(bench, 1);
	app_reads_nothing(session);
	modem_says(bench, answer(sent, 0));
	app_reads(session, answer(msg, 0));
	assert_null(mux_next_left(bench->mux, NULL));
}

static void test_V29_queues_and_parts_of_frames_stay(void **state)
{
	struct bench *bench = *state;
	struct session *session = open_on(bench, 0);
	struct msg msg = request(DMS, 1, 5, MODEL);
	size_t size = frame_size(msg.bytes);

	allocate(bench, session, DMS, 40);
	modem_says(bench, indication(DMS, 40, IND));
	assert_int_equal(mux_write(session, msg.bytes, 5, bench->now), 5);
	restart(bench);
	session = reopen(bench, 1);
	app_reads(session, indication(DMS, 1, IND));
	assert_int_equal(mux_write(session, msg.bytes + 5, size - 5, bench->now), size - 5);
	modem_gets_this(bench, with_cid(msg, 40));
}

static void test_V29_the_frame_at_the_port_is_there(void **state)
{
	struct bench *bench = *state;
	struct session *session = open_on(bench, 0);
	const uint8_t *frame;
	size_t size;
	size_t again = 0;

	app_write(session, ctl(7, 0x0021));
	frame = mux_port_next(bench->mux, bench->now, &size);
	assert_non_null(frame);
	restart(bench);
	frame = mux_port_pending(bench->mux, &again);
	assert_non_null(frame);
	assert_int_equal(again, size);
	mux_port_sent(bench->mux);
	assert_null(mux_port_pending(bench->mux, &again));
}

static void test_V29_nodes_in_use_stay_and_the_proxy_is_the_last(void **state)
{
	struct bench *bench = *state;
	struct session *session = open_on(bench, 1);

	allocate(bench, session, DMS, 40);
	bench->config.nodes = 1;
	bench->config.proxy = true;
	restart(bench);
	assert_int_equal(mux_nodes(bench->mux), 2);
	assert_int_equal(mux_session_node(reopen(bench, 1)), 1);
	assert_non_null(mux_open(bench->mux, 2, 0, NULL));
	bench->config.nodes = 5;
	crash(bench);
	assert_int_equal(mux_nodes(bench->mux), 5);
}

static void test_V29_only_sessions_there_were_are_reopened(void **state)
{
	struct bench *bench = *state;

	mux_close(open_on(bench, 0), bench->now);
	open_on(bench, 0);
	restart(bench);
	assert_null(mux_reopen(bench->mux, 1, 0, 0, NULL));
	assert_int_equal(errno, ENOENT);
	assert_non_null(mux_next_left(bench->mux, NULL));
	reopen(bench, 2);
	assert_null(mux_reopen(bench->mux, 2, 0, 0, NULL));
	assert_int_equal(errno, EEXIST);
	crash(bench);
	assert_null(mux_reopen(bench->mux, 3, 0, 0, NULL));
	assert_int_equal(errno, ENOENT);
	reopen(bench, 2);
	assert_int_equal(mux_session_id(open_on(bench, 0)), 3);
}

static void test_V29_a_crash_keeps_clients_and_holders(void **state)
{
	struct bench *bench = *state;
	struct session *session = open_as(bench, 1000);
	struct msg msg = request(DMS, 1, 5, MODEL);

	allocate(bench, session, DMS, 40);
	modem_says(bench, indication(DMS, 40, IND));
	crash(bench);
	assert_int_equal(mux_client_count(bench->mux), 1);
	assert_int_equal(mux_orphan_count(bench->mux), 0);
	/* It still holds the client, though it has not spoken yet. */
	modem_says(bench, indication(DMS, 40, IND));
	session = reopen(bench, 1);
	assert_int_equal(mux_session_user(session), 1000);
	app_reads_overflow(session);
	app_reads(session, indication(DMS, 1, IND));
	app_write(session, msg);
	modem_gets_nothing(bench);
	pass_time(bench, 1000);
	modem_gets_this(bench, with_cid(msg, 40));
}

static void test_V29_an_answer_goes_to_the_only_holder(void **state)
{
	struct bench *bench = *state;
	struct session *session = open_on(bench, 0);
	struct session *other = open_on(bench, 0);
	struct msg msg = request(DMS, 1, 5, MODEL);
	struct msg shared = request(NAS, 1, 5, MODEL);

	allocate(bench, session, DMS, 40);
	allocate(bench, session, NAS, 41);
	exchange(bench, other, shared, 41);
	app_write(session, msg);
	modem_gets(bench);
	app_write(session, shared);
	modem_gets(bench);
	crash(bench);
	session = reopen(bench, 1);
	other = reopen(bench, 2);
	modem_says(bench, answer(with_cid(shared, 41), 0));
	app_reads_nothing(session);
	app_reads_nothing(other);
	modem_says(bench, answer(with_cid(msg, 40), 0));
	app_reads(session, answer(msg, 0));
	pass_time(bench, TIMEOUT);
	modem_says(bench, answer(with_cid(msg, 40), 0));
	app_reads_nothing(session);
}

static void test_V29_a_client_allocated_meanwhile_is_released(void **state)
{
	struct bench *bench = *state;
	struct session *session = open_on(bench, 0);
	struct msg sent;

	allocate(bench, session, NAS, 41);
	app_write(session, ctl_allocate(1, DMS));
	sent = modem_gets(bench);
	crash(bench);
	session = reopen(bench, 1);
	modem_says(bench, about_client(answer(sent, 0), DMS, 40));
	app_reads_nothing(session);
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	pass_time(bench, 1000);
	modem_gets_nothing(bench);
}

static void test_V29_a_client_whose_answer_was_lost_is_released(void **state)
{
	struct bench *bench = *state;
	struct session *session = open_on(bench, 0);

	allocate(bench, session, NAS, 41);
	allocate(bench, session, DMS, 40);
	app_write(session, ctl_allocate(1, DMS));
	modem_gets(bench);
	crash(bench);
	app_write(reopen(bench, 1), ctl_allocate(2, DMS));
	modem_gets_nothing(bench);
	pass_time(bench, 1000);
	for (unsigned cid = 1; cid <= QMI_CID_MAX; cid++)
		if (cid != 40)
			modem_says(bench,
				   answer(modem_gets_ctl(bench, ctl_release(0, DMS, (uint8_t)cid)),
					  QMI_ERROR_INVALID_CLIENT_ID));
	modem_gets_ctl(bench, ctl_allocate(0, DMS));
}

static void test_V29_a_release_is_sent_again(void **state)
{
	struct bench *bench = *state;
	struct session *session = open_on(bench, 0);

	allocate(bench, session, DMS, 40);
	allocate(bench, session, NAS, 41);
	app_write(session, ctl_release(1, DMS, 1));
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	crash(bench);
	assert_int_equal(mux_client_count(bench->mux), 1);
	modem_gets_ctl(bench, ctl_release(0, DMS, 40));
	pass_time(bench, 1000);
	modem_gets_nothing(bench);
}

static void test_V29_a_call_is_up_after_a_crash(void **state)
{
	struct bench *bench = *state;
	struct session *session = open_on(bench, 0);

	allocate(bench, session, WDS, 40);
	exchange(bench, session, request(WDS, 1, 5, QMI_WDS_START_NETWORK), 40);
	crash(bench);
	session = reopen(bench, 1);
	app_write(session, ctl(1, QMI_CTL_SYNC));
	app_reads(session, answer(ctl(1, QMI_CTL_SYNC), 0));
	assert_int_equal(mux_orphan_count(bench->mux), 1);
}

static void test_V29_what_is_damaged_is_refused(void **state)
{
	struct bench *bench = *state;
	struct session *session = open_on(bench, 0);
	const char *why = NULL;
	uint8_t *saved;
	size_t size;

	allocate(bench, session, DMS, 40);
	assert_int_equal(mux_save(bench->mux, &saved, &size), 0);
	for (size_t cut = 0; cut < size; cut++) {
		errno = 0;
		why = NULL;
		assert_null(mux_load(&bench->config, NULL, saved, cut, bench->now, &why));
		assert_int_equal(errno, EINVAL);
		assert_non_null(why);
	}
	for (size_t i = 0; i < size; i++) {
		saved[i] ^= 1;
		assert_null(mux_load(&bench->config, NULL, saved, size, bench->now, &why));
		saved[i] ^= 1;
	}
	/* It must be what was kept at that time. */
	allocate(bench, session, DMS, 41);
	assert_null(mux_load(&bench->config, kept, saved, size, bench->now, &why));
	free(saved);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	TEST(test_V29_a_request_in_flight_is_answered),
	TEST(test_V29_queues_and_parts_of_frames_stay),
	TEST(test_V29_the_frame_at_the_port_is_there),
	TEST(test_V29_nodes_in_use_stay_and_the_proxy_is_the_last),
	TEST(test_V29_only_sessions_there_were_are_reopened),
	TEST(test_V29_a_crash_keeps_clients_and_holders),
	TEST(test_V29_an_answer_goes_to_the_only_holder),
	TEST(test_V29_a_client_allocated_meanwhile_is_released),
	TEST(test_V29_a_client_whose_answer_was_lost_is_released),
	TEST(test_V29_a_release_is_sent_again),
	TEST(test_V29_a_call_is_up_after_a_crash),
	TEST(test_V29_what_is_damaged_is_refused),
};

TEST_GROUP(mux_saved_tests, tests);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients that outlive a session, and their holders: V7, V8, V10. test_reclaim.c tests V9. */
#include "app_session.h"
#include "rule_groups.h"

/* V7: a client survives close(), and any session of its node can adopt it by using it. */
static void test_V7_client_survives_close(struct bench *b)
{
	struct client c;
	int fd;

	bench_start(b, NULL);
	c = orphan_create(b, 0, QMI_SERVICE_WDS);
	fd = session_open(b, 0);
	fence(b, fd); /* The modem has not seen the close. */
	client_round_trip(b, fd, &c);
	modem_indicate(b->modem, c.service, c.device, 1);
	session_expect_indication(fd, c.service, c.cid, 1);
	fence(b, fd);
}

/* V7, V2: its CID stays taken. */
static void test_V7_orphan_keeps_its_cid(struct bench *b)
{
	struct client orphan;
	int fd;

	bench_start(b, NULL);
	orphan = orphan_create(b, 0, QMI_SERVICE_WDS);
	assert_int_equal(orphan.cid, 1);
	fd = session_open(b, 0);
	assert_int_equal(client_allocate(b, fd, QMI_SERVICE_WDS).cid, 2);
}

/* V7, V3: the client stays on its node. */
static void test_V7_orphan_stays_on_its_node(struct bench *b)
{
	struct client orphan;
	int fd;

	bench_start(b, "-n2", NULL);
	orphan = orphan_create(b, 0, QMI_SERVICE_WDS);
	fd = session_open(b, 1);
	session_expect_foreign(b, fd, &orphan);
}

/* V7: another process may release it, as qmicli --client-cid=N does on exit. */
static void test_V7_orphan_may_be_released(struct bench *b)
{
	struct client orphan;
	int fd;

	bench_start(b, NULL);
	orphan = orphan_create(b, 0, QMI_SERVICE_WDS);
	fd = session_open(b, 0);
	client_release(b, fd, &orphan);
	session_expect_foreign(b, fd, &orphan);
	assert_int_equal(client_allocate(b, fd, QMI_SERVICE_WDS).cid, 1);
}

/* V7: like qmi-network, one process starts the network and exits; another stops it later. */
static void test_V7_adopted_again_and_again(struct bench *b)
{
	struct client c;
	int fd;

	bench_start(b, NULL);
	c = orphan_create(b, 0, QMI_SERVICE_WDS);
	for (int i = 0; i < 3; i++) {
		fd = session_open(b, 0);
		client_round_trip(b, fd, &c);
		session_close(b, fd);
	}
	fd = session_open(b, 0);
	client_release(b, fd, &c);
}

/* Sends an indication to the client, and expects it at each of these sessions once. */
static void expect_holders(struct bench *b, const struct client *c, uint32_t number,
			   const int holders[], size_t count)
{
	modem_indicate(b->modem, c->service, c->device, number);
	for (size_t i = 0; i < count; i++)
		session_expect_indication(holders[i], c->service, c->cid, number);
	for (size_t i = 0; i < count; i++)
		fence(b, holders[i]);
}

/* V8, V11: the allocating session holds a client, and each that has sent a request with it. */
static void test_V8_each_sender_is_a_holder(struct bench *b)
{
	struct client c;
	int fds[3];

	bench_start(b, NULL);
	sessions_open(b, fds, 3);
	c = client_allocate(b, fds[0], QMI_SERVICE_NAS);
	expect_holders(b, &c, 1, fds, 1);
	client_ask(b, fds[1], &c, 1, MESSAGE_ASK);
	/* It holds the client already, although it has no answer yet. */
	modem_indicate(b->modem, c.service, c.device, 2);
	session_expect_indication(fds[0], c.service, c.cid, 2);
	session_expect_indication(fds[1], c.service, c.cid, 2);
	client_answer(b, fds[1], &c, 1, MESSAGE_ASK, 1);
	client_round_trip(b, fds[0], &c);
	client_round_trip(b, fds[1], &c);
	expect_holders(b, &c, 3, fds, 2);
	fence(b, fds[2]);
}

/* V8: the close of the session that allocated it leaves the other holder. */
static void test_V8_holder_remains_without_the_first(struct bench *b)
{
	struct client c;
	int fds[2];

	bench_start(b, NULL);
	sessions_open(b, fds, 2);
	c = client_allocate(b, fds[0], QMI_SERVICE_NAS);
	client_round_trip(b, fds[1], &c);
	session_close(b, fds[0]);
	expect_holders(b, &c, 1, &fds[1], 1);
}

/* V8: the close of a later holder leaves the first: qmicli --client-cid takes nothing away. */
static void test_V8_holder_remains_without_a_later_one(struct bench *b)
{
	struct client c;
	int fds[2];

	bench_start(b, NULL);
	sessions_open(b, fds, 2);
	c = client_allocate(b, fds[0], QMI_SERVICE_NAS);
	client_round_trip(b, fds[1], &c);
	session_close(b, fds[1]);
	expect_holders(b, &c, 1, &fds[0], 1);
}

/* V8, V11: it is an orphan once the last holder has closed. */
static void test_V8_orphan_without_any_holder(struct bench *b)
{
	struct client c;
	int fds[3];

	bench_start(b, NULL);
	sessions_open(b, fds, 3);
	c = client_allocate(b, fds[0], QMI_SERVICE_NAS);
	client_round_trip(b, fds[1], &c);
	session_close(b, fds[0]);
	session_close(b, fds[1]);
	fence(b, fds[2]);
	assert_int_equal(daemon_counter(b->daemon, " of them orphans"), 1);
	modem_indicate(b->modem, c.service, c.device, 1);
	fence(b, fds[2]);
	client_round_trip(b, fds[2], &c);
	expect_holders(b, &c, 2, &fds[2], 1);
	assert_int_equal(daemon_counter(b->daemon, " of them orphans"), 0);
}

/* V8: of two clients of a service, a request with one adds no holder to the other. */
static void test_V8_each_client_has_its_own_holders(struct bench *b)
{
	struct client c[2];
	int fds[2];

	bench_start(b, NULL);
	sessions_open(b, fds, 2);
	c[0] = client_allocate(b, fds[0], QMI_SERVICE_NAS);
	c[1] = client_allocate(b, fds[0], QMI_SERVICE_NAS);
	client_round_trip(b, fds[1], &c[1]);
	expect_holders(b, &c[0], 0, fds, 1);
	fence(b, fds[1]);
	expect_holders(b, &c[1], 1, fds, 2);
}

/* Sends Sync and expects the release of each of these clients, in any order. */
static void sync_releases(struct bench *b, int fd, const struct client *const clients[],
			  size_t count)
{
	struct message sync;
	struct message got;

	message_ctl(&sync, 0x51, QMI_CTL_SYNC);
	session_write(fd, &sync);
	for (size_t i = 0; i < count; i++) {
		modem_read(b->modem, &got);
		assert_int_equal(frame_message(got.data), QMI_CTL_RELEASE_CID);
		modem_settle(b->modem, &got);
	}
	for (size_t i = 0; i < count; i++)
		assert_false(b->modem->held[clients[i]->service][clients[i]->device]);
	session_expect_outcome(fd, &sync, QMI_ERROR_NONE);
	fence(b, fd);
}

/* V10: with nothing to release, Sync is answered and the modem sees nothing. */
static void test_V10_sync_never_reaches_the_modem(struct bench *b)
{
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	sync_releases(b, fd, NULL, 0);
}

/* V10: releases the caller's clients and the node's orphans, and no others. */
static void test_V10_sync_releases_own_clients_and_orphans(struct bench *b)
{
	struct client own[2];
	struct client orphans[2];
	struct client of_node_1;
	struct client others;
	struct client far;
	int fd;
	int other;
	int far_fd;

	bench_start(b, "-n2", NULL);
	orphans[0] = orphan_create(b, 0, QMI_SERVICE_DMS);
	orphans[1] = orphan_create(b, 0, QMI_SERVICE_WDS);
	of_node_1 = orphan_create(b, 1, QMI_SERVICE_DMS);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	far_fd = session_open(b, 1);
	others = client_allocate(b, other, QMI_SERVICE_DMS);
	own[0] = client_allocate(b, fd, QMI_SERVICE_DMS);
	own[1] = client_allocate(b, fd, QMI_SERVICE_NAS);
	far = client_allocate(b, far_fd, QMI_SERVICE_DMS);

	sync_releases(b, fd, (const struct client *[]){&own[0], &own[1], &orphans[0], &orphans[1]},
		      4);
	session_expect_foreign(b, fd, &own[0]);
	session_expect_foreign(b, fd, &own[1]);
	session_expect_foreign(b, fd, &orphans[0]);
	session_expect_foreign(b, fd, &orphans[1]);
	client_round_trip(b, other, &others);
	client_round_trip(b, far_fd, &far);
	client_round_trip(b, far_fd, &of_node_1);
	/* The orphan's CID was the lowest, and is free again. */
	assert_int_equal(client_allocate(b, fd, QMI_SERVICE_DMS).cid, orphans[0].cid);
}

/* V10, V8: a client that another session holds too stays with that session. */
static void test_V10_sync_spares_what_another_holds(struct bench *b)
{
	struct client c;
	int fd;
	int other;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	client_round_trip(b, other, &c);
	sync_releases(b, fd, NULL, 0);
	client_round_trip(b, other, &c);
	sync_releases(b, other, (const struct client *[]){&c}, 1);
}

/* V10: another session's transaction continues, and it gets no indication of the Sync. */
static void test_V10_sync_leaves_other_sessions_alone(struct bench *b)
{
	struct client own;
	struct client others;
	int fd;
	int other;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	own = client_allocate(b, fd, QMI_SERVICE_DMS);
	others = client_allocate(b, other, QMI_SERVICE_DMS);
	client_ask(b, other, &others, 1, MESSAGE_ASK);
	sync_releases(b, fd, (const struct client *[]){&own}, 1);
	client_answer(b, other, &others, 1, MESSAGE_ASK, 1);
	fence(b, other);
}

/* V10: requests in flight on the released clients are Aborted. */
static void test_V10_sync_aborts_what_is_in_flight(struct bench *b)
{
	struct client c;
	struct message request;
	struct message sync;
	struct message answers[2];
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	client_ask(b, fd, &c, 4, MESSAGE_ASK);
	client_request(&request, &c, 4, MESSAGE_ASK);
	message_outcome_of(&answers[0], &request, QMI_ERROR_ABORTED);
	message_ctl(&sync, 1, QMI_CTL_SYNC);
	session_write(fd, &sync);
	message_outcome_of(&answers[1], &sync, QMI_ERROR_NONE);
	modem_take_release(b->modem, &c);
	session_expect_both(fd, &answers[0], &answers[1]);
	/* The modem's answer comes too late. */
	modem_answer_client(b->modem, &c, 4, MESSAGE_ASK, 1);
	fence(b, fd);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V7_client_survives_close),
	TEST_CASE(test_V7_orphan_keeps_its_cid),
	TEST_CASE(test_V7_orphan_stays_on_its_node),
	TEST_CASE(test_V7_orphan_may_be_released),
	TEST_CASE(test_V7_adopted_again_and_again),
	TEST_CASE(test_V8_each_sender_is_a_holder),
	TEST_CASE(test_V8_holder_remains_without_the_first),
	TEST_CASE(test_V8_holder_remains_without_a_later_one),
	TEST_CASE(test_V8_orphan_without_any_holder),
	TEST_CASE(test_V8_each_client_has_its_own_holders),
	TEST_CASE(test_V10_sync_never_reaches_the_modem),
	TEST_CASE(test_V10_sync_releases_own_clients_and_orphans),
	TEST_CASE(test_V10_sync_spares_what_another_holds),
	TEST_CASE(test_V10_sync_leaves_other_sessions_alone),
	TEST_CASE(test_V10_sync_aborts_what_is_in_flight),
};

const struct test_group orphan_tests = TEST_GROUP("orphans (V7, V8, V10)", cases);

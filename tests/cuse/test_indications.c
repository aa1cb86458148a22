/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Indications: V11 to V13. */
#include "app_session.h"
#include "rule_groups.h"

#define BROADCAST QMI_CID_BROADCAST

/* V11: an indication goes only to the holders, with the virtual CID, otherwise unchanged. */
static void test_V11_unicast_goes_to_the_holder(struct bench *b)
{
	struct client c[3];
	int fd[3];

	bench_start(b, "-n2", NULL);
	for (unsigned int i = 0; i < 3; i++) {
		fd[i] = session_open(b, i / 2);
		c[i] = client_allocate(b, fd[i], QMI_SERVICE_NAS);
	}
	for (uint32_t i = 0; i < 6; i++)
		modem_indicate(b->modem, c[i % 3].service, c[i % 3].device, i);
	for (uint32_t i = 0; i < 6; i++)
		session_expect_indication(fd[i % 3], c[i % 3].service, c[i % 3].cid, i);
	for (unsigned int i = 0; i < 3; i++)
		fence(b, fd[i]);
}

/* V11: indications for an orphan are dropped; a later adopter does not get them. */
static void test_V11_orphans_indications_are_dropped(struct bench *b)
{
	struct client orphan;
	int fd;

	bench_start(b, NULL);
	orphan = orphan_create(b, 0, QMI_SERVICE_NAS);
	fd = session_open(b, 0);
	modem_indicate(b->modem, orphan.service, orphan.device, 1);
	fence(b, fd);
	client_round_trip(b, fd, &orphan);
	modem_indicate(b->modem, orphan.service, orphan.device, 2);
	session_expect_indication(fd, orphan.service, orphan.cid, 2);
	fence(b, fd);
}

/* V11: a device CID unknown to the instance has no holder either. */
static void test_V11_unknown_client_is_dropped(struct bench *b)
{
	struct client c;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_NAS);
	modem_indicate(b->modem, c.service, (uint8_t)(c.device + 1), 1);
	modem_indicate(b->modem, c.service, c.cid, 2); /* the modem does not know virtual CIDs */
	modem_indicate(b->modem, QMI_SERVICE_WMS, c.device, 3);
	client_release(b, fd, &c);
	modem_indicate(b->modem, c.service, c.device, 4);
	fence(b, fd);
}

/* V12: a broadcast goes once to each session that holds a client of the service, on any node. */
static void test_V12_broadcast_goes_once_to_each_holder(struct bench *b)
{
	int two_clients;
	int same_node;
	int other_node;
	int other_service;
	int no_client;

	bench_start(b, "-n2", NULL);
	two_clients = session_open(b, 0);
	same_node = session_open(b, 0);
	other_node = session_open(b, 1);
	other_service = session_open(b, 0);
	no_client = session_open(b, 0);
	client_allocate(b, two_clients, QMI_SERVICE_NAS);
	client_allocate(b, two_clients, QMI_SERVICE_NAS);
	client_allocate(b, same_node, QMI_SERVICE_NAS);
	client_allocate(b, other_node, QMI_SERVICE_NAS);
	client_allocate(b, other_service, QMI_SERVICE_DMS);

	modem_indicate(b->modem, QMI_SERVICE_NAS, BROADCAST, 9);
	session_expect_indication(two_clients, QMI_SERVICE_NAS, BROADCAST, 9);
	session_expect_indication(same_node, QMI_SERVICE_NAS, BROADCAST, 9);
	session_expect_indication(other_node, QMI_SERVICE_NAS, BROADCAST, 9);
	fence(b, two_clients);
	fence(b, same_node);
	fence(b, other_node);
	fence(b, other_service);
	fence(b, no_client);
}

/* V12, V8: every holder counts, not only the session that allocated the client. */
static void test_V12_broadcast_follows_the_holders(struct bench *b)
{
	struct client c;
	int first;
	int second;
	int third;

	bench_start(b, NULL);
	first = session_open(b, 0);
	second = session_open(b, 0);
	third = session_open(b, 0);
	c = client_allocate(b, first, QMI_SERVICE_NAS);
	client_round_trip(b, second, &c);
	modem_indicate(b->modem, QMI_SERVICE_NAS, BROADCAST, 1);
	session_expect_indication(first, QMI_SERVICE_NAS, BROADCAST, 1);
	session_expect_indication(second, QMI_SERVICE_NAS, BROADCAST, 1);
	fence(b, third);
	session_close(b, first);
	modem_indicate(b->modem, QMI_SERVICE_NAS, BROADCAST, 2);
	session_expect_indication(second, QMI_SERVICE_NAS, BROADCAST, 2);
	client_round_trip(b, third, &c);
	client_release(b, second, &c);
	modem_indicate(b->modem, QMI_SERVICE_NAS, BROADCAST, 3);
	fence(b, second);
	fence(b, third);
}

/* V12: an orphan has no session that could receive it. */
static void test_V12_broadcast_skips_orphans(struct bench *b)
{
	struct client orphan;
	int fd;

	bench_start(b, NULL);
	orphan = orphan_create(b, 0, QMI_SERVICE_NAS);
	fd = session_open(b, 0);
	modem_indicate(b->modem, QMI_SERVICE_NAS, BROADCAST, 1);
	fence(b, fd);
	client_round_trip(b, fd, &orphan);
	modem_indicate(b->modem, QMI_SERVICE_NAS, BROADCAST, 2);
	session_expect_indication(fd, QMI_SERVICE_NAS, BROADCAST, 2);
}

/* The modem takes a client away. Only its holders are notified, with the virtual CID. */
static void lose_client(struct bench *b, uint16_t id, const struct client *c, const int holders[],
			size_t count)
{
	struct message lost;

	message_client_lost(&lost, id, c->service, c->device);
	modem_forget(b->modem, c);
	modem_send(b->modem, &lost);
	message_client_lost(&lost, id, c->service, c->cid);
	for (size_t i = 0; i < count; i++)
		session_expect(holders[i], &lost);
}

static void client_is_lost(struct bench *b, uint16_t id)
{
	struct client lost;
	struct client kept;
	struct client again;
	int fd;
	int other;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	lost = client_allocate(b, fd, QMI_SERVICE_WDS);
	kept = client_allocate(b, fd, QMI_SERVICE_WDS);
	client_allocate(b, other, QMI_SERVICE_WDS);
	lose_client(b, id, &lost, &fd, 1);
	fence(b, fd);
	fence(b, other);
	session_expect_foreign(b, fd, &lost);
	client_round_trip(b, fd, &kept);
	again = client_allocate(b, fd, QMI_SERVICE_WDS);
	assert_int_equal(again.cid, lost.cid);
	client_round_trip(b, fd, &again);
}

/* V13, V2: goes to the holder with the CID mapped; the client is gone and its CID free. */
static void test_V13_revoke(struct bench *b)
{
	client_is_lost(b, QMI_CTL_REVOKE_CID);
}

static void test_V13_invalid_cid(struct bench *b)
{
	client_is_lost(b, QMI_CTL_INVALID_CID);
}

/* V13, V8: each session that has used the client holds it. */
static void test_V13_revoke_goes_to_every_holder(struct bench *b)
{
	struct client c;
	int fd[3];

	bench_start(b, NULL);
	sessions_open(b, fd, 3);
	c = client_allocate(b, fd[0], QMI_SERVICE_WDS);
	client_round_trip(b, fd[1], &c);
	lose_client(b, QMI_CTL_REVOKE_CID, &c, fd, 2);
	for (size_t i = 0; i < 3; i++)
		fence(b, fd[i]);
}

/* V13: no session is notified if the revoked client is an orphan or unknown to the instance. */
static void test_V13_revoke_without_a_holder(struct bench *b)
{
	struct client orphan;
	struct message lost;
	int fd;

	bench_start(b, NULL);
	orphan = orphan_create(b, 0, QMI_SERVICE_WDS);
	fd = session_open(b, 0);
	message_client_lost(&lost, QMI_CTL_REVOKE_CID, orphan.service, orphan.device);
	modem_forget(b->modem, &orphan);
	modem_send(b->modem, &lost);
	message_client_lost(&lost, QMI_CTL_REVOKE_CID, QMI_SERVICE_UIM, 0x99);
	modem_send(b->modem, &lost);
	fence(b, fd);
	session_expect_foreign(b, fd, &orphan);
}

/* V13: the requests in flight on a forgotten client are Aborted, whoever sent them. */
static void test_V13_revoke_aborts_what_is_in_flight(struct bench *b)
{
	struct client c;
	struct message lost;
	struct message request;
	struct message aborted;
	int fd[2];

	bench_start(b, NULL);
	sessions_open(b, fd, 2);
	c = client_allocate(b, fd[0], QMI_SERVICE_WDS);
	for (uint16_t i = 0; i < 2; i++)
		client_ask(b, fd[i], &c, i, MESSAGE_ASK);
	message_client_lost(&lost, QMI_CTL_REVOKE_CID, c.service, c.device);
	modem_forget(b->modem, &c);
	modem_send(b->modem, &lost);

	message_client_lost(&lost, QMI_CTL_REVOKE_CID, c.service, c.cid);
	for (uint16_t i = 0; i < 2; i++) {
		client_request(&request, &c, i, MESSAGE_ASK);
		message_outcome_of(&aborted, &request, QMI_ERROR_ABORTED);
		session_expect_both(fd[i], &aborted, &lost);
	}
	modem_answer_client(b->modem, &c, 1, MESSAGE_ASK, 1);
	fence(b, fd[0]);
	fence(b, fd[1]);
}

/* V13: Sync goes to every session on every node, with or without clients. */
static void test_V13_sync_goes_to_every_session(struct bench *b)
{
	struct message sync;
	int fd[4];

	bench_start(b, "-n2", NULL);
	for (unsigned int i = 0; i < 4; i++)
		fd[i] = session_open(b, i % 2);
	client_allocate(b, fd[0], QMI_SERVICE_DMS);
	modem_restart(b->modem);
	message_indication(&sync, QMI_SERVICE_CTL, 0, QMI_CTL_SYNC);
	for (unsigned int i = 0; i < 4; i++)
		session_expect(fd[i], &sync);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V11_unicast_goes_to_the_holder),
	TEST_CASE(test_V11_orphans_indications_are_dropped),
	TEST_CASE(test_V11_unknown_client_is_dropped),
	TEST_CASE(test_V12_broadcast_goes_once_to_each_holder),
	TEST_CASE(test_V12_broadcast_follows_the_holders),
	TEST_CASE(test_V12_broadcast_skips_orphans),
	TEST_CASE(test_V13_revoke),
	TEST_CASE(test_V13_invalid_cid),
	TEST_CASE(test_V13_revoke_goes_to_every_holder),
	TEST_CASE(test_V13_revoke_without_a_holder),
	TEST_CASE(test_V13_revoke_aborts_what_is_in_flight),
	TEST_CASE(test_V13_sync_goes_to_every_session),
};

const struct test_group indication_tests = TEST_GROUP("indications (V11-V13)", cases);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orphans never exhaust the modem: V9. */
#include "app_session.h"
#include "rule_groups.h"

#define TID 0x21

static void ask_for_client(int fd, uint8_t tid, uint8_t service)
{
	struct message request;

	message_allocate(&request, tid, service);
	session_write(fd, &request);
}

static void refuse_next(struct bench *b, uint8_t service)
{
	modem_refuse(b->modem, modem_expect_allocate(b->modem, service),
		     QMI_ERROR_CLIENT_IDS_EXHAUSTED);
}

static uint8_t grant_next(struct bench *b, uint8_t service)
{
	return modem_grant(b->modem, modem_expect_allocate(b->modem, service), service);
}

/* Makes an allocation that the modem refuses until this orphan is released. */
static struct client allocate_by_reclaiming(struct bench *b, int fd, const struct client *orphan)
{
	struct client c = {.service = orphan->service};

	ask_for_client(fd, TID, c.service);
	refuse_next(b, c.service);
	modem_take_release(b->modem, orphan);
	c.device = grant_next(b, c.service);
	c.cid = session_expect_allocated(fd, TID, c.service);
	fence(b, fd);
	return c;
}

/* Makes an allocation that fails, because there is nothing to reclaim. */
static void expect_exhausted(struct bench *b, int fd, uint8_t service)
{
	struct message request;

	message_allocate(&request, TID, service);
	session_write(fd, &request);
	refuse_next(b, service);
	session_expect_outcome(fd, &request, QMI_ERROR_CLIENT_IDS_EXHAUSTED);
	fence(b, fd);
}

/* V9: an orphan of the same node is reclaimed; the application sees only success. */
static void test_V9_exhaustion_reclaims_an_orphan(struct bench *b)
{
	struct client orphan;
	struct client c;
	int fd;

	bench_start(b, NULL);
	orphan = orphan_create(b, 0, QMI_SERVICE_DMS);
	fd = session_open(b, 0);
	c = allocate_by_reclaiming(b, fd, &orphan);
	client_round_trip(b, fd, &c);
}

/* V9, V3: an orphan of another node can be reclaimed, and is forgotten there. */
static void test_V9_reclaims_on_any_node(struct bench *b)
{
	struct client orphan;
	struct client c;
	int fd;
	int there;

	bench_start(b, "-n3", NULL);
	orphan = orphan_create(b, 2, QMI_SERVICE_NAS);
	fd = session_open(b, 0);
	c = allocate_by_reclaiming(b, fd, &orphan);
	assert_int_equal(c.cid, 1);
	there = session_open(b, 2);
	session_expect_foreign(b, there, &orphan);
	assert_int_equal(client_allocate(b, there, QMI_SERVICE_NAS).cid, orphan.cid);
	client_round_trip(b, fd, &c);
}

/* V9: the least recently used goes first, in order of use, not of allocation or close. */
static void test_V9_reclaims_the_least_recently_used(struct bench *b)
{
	struct client c[3];
	int fd;
	int other;

	bench_start(b, "-n2", NULL);
	fd = session_open(b, 0);
	other = session_open(b, 1);
	c[0] = client_allocate(b, fd, QMI_SERVICE_DMS);
	c[1] = client_allocate(b, fd, QMI_SERVICE_DMS);
	c[2] = client_allocate(b, other, QMI_SERVICE_DMS);
	client_round_trip(b, other, &c[2]);
	client_round_trip(b, fd, &c[1]);
	client_round_trip(b, fd, &c[0]);
	session_close(b, fd);
	session_close(b, other);

	fd = session_open(b, 0);
	allocate_by_reclaiming(b, fd, &c[2]);
	allocate_by_reclaiming(b, fd, &c[1]);
	allocate_by_reclaiming(b, fd, &c[0]);
	expect_exhausted(b, fd, QMI_SERVICE_DMS);
}

/* V9, V7: adopting an orphan counts as use. */
static void test_V9_adoption_is_use(struct bench *b)
{
	struct client c[2];
	int fd;

	bench_start(b, NULL);
	c[0] = orphan_create(b, 0, QMI_SERVICE_DMS);
	c[1] = orphan_create(b, 0, QMI_SERVICE_DMS);
	fd = session_open(b, 0);
	client_round_trip(b, fd, &c[0]);
	session_close(b, fd);
	fd = session_open(b, 0);
	allocate_by_reclaiming(b, fd, &c[1]);
	allocate_by_reclaiming(b, fd, &c[0]);
}

/* V9: only orphans, and only of that service, are reclaimed. */
static void test_V9_spares_other_services_and_held_clients(struct bench *b)
{
	struct client held;
	struct client adopted;
	struct client other_service;
	int fd;
	int other;

	bench_start(b, "-n2", NULL);
	other_service = orphan_create(b, 0, QMI_SERVICE_NAS);
	adopted = orphan_create(b, 0, QMI_SERVICE_DMS);
	fd = session_open(b, 0);
	other = session_open(b, 1);
	held = client_allocate(b, other, QMI_SERVICE_DMS);
	client_round_trip(b, fd, &adopted);
	expect_exhausted(b, fd, QMI_SERVICE_DMS);
	client_round_trip(b, other, &held);
	client_round_trip(b, fd, &adopted);
	client_round_trip(b, fd, &other_service);
}

/* V9: while the modem stays exhausted, orphan after orphan is released before the error. */
static void test_V9_reclaims_until_none_is_left(struct bench *b)
{
	struct client c[2];
	struct message request;
	int fd;

	bench_start(b, NULL);
	c[0] = orphan_create(b, 0, QMI_SERVICE_DMS);
	c[1] = orphan_create(b, 0, QMI_SERVICE_DMS);
	fd = session_open(b, 0);
	message_allocate(&request, TID, QMI_SERVICE_DMS);
	session_write(fd, &request);
	for (size_t i = 0; i < 2; i++) {
		refuse_next(b, QMI_SERVICE_DMS);
		modem_take_release(b->modem, &c[i]);
	}
	refuse_next(b, QMI_SERVICE_DMS);
	session_expect_outcome(fd, &request, QMI_ERROR_CLIENT_IDS_EXHAUSTED);
	fence(b, fd);
}

/* V9: any other error reaches the application, and costs no orphan. */
static void test_V9_other_errors_reclaim_nothing(struct bench *b)
{
	struct client orphan;
	struct message request;
	int fd;

	bench_start(b, NULL);
	orphan = orphan_create(b, 0, QMI_SERVICE_DMS);
	fd = session_open(b, 0);
	message_allocate(&request, TID, QMI_SERVICE_DMS);
	session_write(fd, &request);
	modem_refuse(b->modem, modem_expect_allocate(b->modem, QMI_SERVICE_DMS),
		     QMI_ERROR_MALFORMED_MESSAGE);
	session_expect_outcome(fd, &request, QMI_ERROR_MALFORMED_MESSAGE);
	fence(b, fd);
	client_round_trip(b, fd, &orphan);
}

/* V9: some modems say Internal when they have no client left. Once is enough. */
static void test_V9_internal_may_mean_exhausted(struct bench *b)
{
	struct message request;
	struct client orphan;
	int fd;

	bench_start(b, NULL);
	orphan = orphan_create(b, 0, QMI_SERVICE_DMS);
	orphan_create(b, 0, QMI_SERVICE_DMS);
	fd = session_open(b, 0);
	message_allocate(&request, TID, QMI_SERVICE_DMS);
	session_write(fd, &request);
	modem_refuse(b->modem, modem_expect_allocate(b->modem, QMI_SERVICE_DMS),
		     QMI_ERROR_INTERNAL);
	modem_take_release(b->modem, &orphan);
	modem_refuse(b->modem, modem_expect_allocate(b->modem, QMI_SERVICE_DMS),
		     QMI_ERROR_INTERNAL);
	session_expect_outcome(fd, &request, QMI_ERROR_INTERNAL);
	fence(b, fd);
}

/* Plays the modem, releasing and allocating, until it has granted two clients. */
static void grant_two(struct bench *b)
{
	struct message got;

	for (int granted = 0; granted < 2;) {
		modem_read(b->modem, &got);
		if (frame_message(got.data) == QMI_CTL_RELEASE_CID) {
			modem_settle(b->modem, &got);
			continue;
		}
		assert_int_equal(frame_message(got.data), QMI_CTL_ALLOCATE_CID);
		modem_grant(b->modem, (uint8_t)frame_tid(got.data), QMI_SERVICE_DMS);
		granted++;
	}
}

/* V9: two sessions are refused at the same time, and get two orphans. */
static void test_V9_two_allocations_at_once(struct bench *b)
{
	uint8_t tids[2];
	int fd[2];

	bench_start(b, "-n2", NULL);
	orphan_create(b, 0, QMI_SERVICE_DMS);
	orphan_create(b, 1, QMI_SERVICE_DMS);
	for (unsigned int i = 0; i < 2; i++) {
		fd[i] = session_open(b, i);
		ask_for_client(fd[i], TID, QMI_SERVICE_DMS);
		tids[i] = modem_expect_allocate(b->modem, QMI_SERVICE_DMS);
	}
	for (unsigned int i = 0; i < 2; i++)
		modem_refuse(b->modem, tids[i], QMI_ERROR_CLIENT_IDS_EXHAUSTED);
	grant_two(b);
	for (unsigned int i = 0; i < 2; i++) {
		session_expect_allocated(fd[i], TID, QMI_SERVICE_DMS);
		fence(b, fd[i]);
	}
	assert_int_equal(modem_count_held(b->modem), 2);
}

/* V9, V6: the session closes while an orphan is reclaimed for it; its new client is released. */
static void test_V9_session_closes_while_reclaiming(struct bench *b)
{
	struct client orphan;
	struct client c = {.service = QMI_SERVICE_DMS};
	uint8_t tid;
	int fd;
	int other;

	bench_start(b, NULL);
	orphan = orphan_create(b, 0, QMI_SERVICE_DMS);
	other = session_open(b, 0);
	fd = session_open(b, 0);
	ask_for_client(fd, TID, c.service);
	refuse_next(b, c.service);
	modem_take_release(b->modem, &orphan);
	tid = modem_expect_allocate(b->modem, c.service);
	session_close(b, fd);
	c.device = modem_grant(b->modem, tid, c.service);
	modem_take_release(b->modem, &c);
	fence(b, other);
}

static void wds_request(struct bench *b, int fd, const struct client *c, uint16_t id,
			uint16_t error)
{
	struct message m;

	message_request(&m, c->service, c->cid, 0x0101, id);
	session_write(fd, &m);
	frame_set_cid(m.data, c->device);
	modem_expect(b->modem, &m);
	message_response(&m, c->service, c->device, 0x0101, id, error);
	message_add(&m, QMI_TLV_FIRST, (uint8_t[]){0x10, 0x32, 0x54, 0x76}, 4);
	modem_send(b->modem, &m);
	frame_set_cid(m.data, c->cid);
	session_expect(fd, &m);
}

/* Makes a WDS orphan after Start Network with this result, and Stop Network unless stop < 0. */
static struct client wds_orphan(struct bench *b, int start, int stop)
{
	int fd = session_open(b, 0);
	struct client c = client_allocate(b, fd, QMI_SERVICE_WDS);

	wds_request(b, fd, &c, QMI_WDS_START_NETWORK, (uint16_t)start);
	if (stop >= 0)
		wds_request(b, fd, &c, QMI_WDS_STOP_NETWORK, (uint16_t)stop);
	session_close(b, fd);
	return c;
}

/* V9: a WDS client with a call up is never reclaimed, however old; the next one is. */
static void test_V9_call_up_is_never_reclaimed(struct bench *b)
{
	struct client up;
	struct client idle;
	struct client c;
	int fd;

	bench_start(b, NULL);
	up = wds_orphan(b, QMI_ERROR_NONE, -1);
	idle = orphan_create(b, 0, QMI_SERVICE_WDS);
	fd = session_open(b, 0);
	c = allocate_by_reclaiming(b, fd, &idle);
	expect_exhausted(b, fd, QMI_SERVICE_WDS);
	/* Another process stops the call and exits: now it can be reclaimed. */
	wds_request(b, fd, &up, QMI_WDS_STOP_NETWORK, QMI_ERROR_NONE);
	session_close(b, fd);
	fd = session_open(b, 0);
	client_round_trip(b, fd, &c);
	allocate_by_reclaiming(b, fd, &up);
}

/* V9: "Start Network succeeded, not stopped": tests every other case. */
static void test_V9_call_is_up_from_start_to_stop(struct bench *b)
{
	struct client failed;
	struct client stopped;
	int fd;

	bench_start(b, NULL);
	failed = wds_orphan(b, 14, -1);
	wds_orphan(b, QMI_ERROR_NONE, 14);
	stopped = wds_orphan(b, QMI_ERROR_NONE, QMI_ERROR_NONE);
	fd = session_open(b, 0);
	allocate_by_reclaiming(b, fd, &failed);
	allocate_by_reclaiming(b, fd, &stopped);
	expect_exhausted(b, fd, QMI_SERVICE_WDS);
}

/* V9: --orphan-timeout starts at the close; held clients and those with a call stay. */
static void test_V9_orphan_timeout(struct bench *b)
{
	struct client up;
	struct client held;
	struct client adopted;
	struct client orphan;
	int64_t closed;
	int fd;

	bench_start(b, "--orphan-timeout=1", NULL);
	up = wds_orphan(b, QMI_ERROR_NONE, -1);
	adopted = orphan_create(b, 0, QMI_SERVICE_DMS);
	fd = session_open(b, 0);
	held = client_allocate(b, fd, QMI_SERVICE_DMS);
	client_round_trip(b, fd, &adopted);
	orphan = orphan_create(b, 0, QMI_SERVICE_DMS);
	closed = now_ms();
	modem_take_release(b->modem, &orphan);
	assert_in_range(now_ms() - closed, 900, 2500 * slow_factor());
	session_expect_foreign(b, fd, &orphan);
	client_round_trip(b, fd, &held);
	client_round_trip(b, fd, &adopted);
	client_round_trip(b, fd, &up);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V9_exhaustion_reclaims_an_orphan),
	TEST_CASE(test_V9_reclaims_on_any_node),
	TEST_CASE(test_V9_reclaims_the_least_recently_used),
	TEST_CASE(test_V9_adoption_is_use),
	TEST_CASE(test_V9_spares_other_services_and_held_clients),
	TEST_CASE(test_V9_reclaims_until_none_is_left),
	TEST_CASE(test_V9_other_errors_reclaim_nothing),
	TEST_CASE(test_V9_internal_may_mean_exhausted),
	TEST_CASE(test_V9_two_allocations_at_once),
	TEST_CASE(test_V9_session_closes_while_reclaiming),
	TEST_CASE(test_V9_call_up_is_never_reclaimed),
	TEST_CASE(test_V9_call_is_up_from_start_to_stop),
	TEST_CASE(test_V9_orphan_timeout),
};

const struct test_group reclaim_tests = TEST_GROUP("reclaiming orphans (V9)", cases);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modems with bad habits: V6, V9, V15, V16, V19. */
#include "fault_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "../cuse/watchdog.h"
#include "talk.h"

#define CIDS 4

static void start(struct bench *b, const char *option)
{
	watchdog_allow(60);
	sim_start(&b->sim, (const char *[]){"--cids=4", option, NULL});
	daemon_spawn(&b->daemon, (const char *[]){"-n2", "--ctl-timeout=2", b->sim.port, NULL});
	daemon_await_ready(&b->daemon, deadline_usual());
}

static uint16_t ask_ids(int fd, uint8_t cid, uint16_t tid)
{
	uint8_t frame[FRAME_ROOM];

	frames_request(frame, QMI_SERVICE_DMS, cid, tid, DMS_GET_IDS);
	return talk_ask(fd, frame);
}

static uint16_t ask_wds(int fd, uint8_t cid, uint16_t message)
{
	static const uint8_t handle[4];
	uint8_t frame[FRAME_ROOM];

	frames_request(frame, QMI_SERVICE_WDS, cid, 1, message);
	if (message == QMI_WDS_STOP_NETWORK)
		frame_add_tlv(frame, QMI_TLV_FIRST, handle, sizeof(handle));
	return talk_ask(fd, frame);
}

/* A client of the service that no program has open. */
static uint8_t leave_client(unsigned int node, uint8_t service)
{
	int fd = talk_open(node);
	uint8_t cid = talk_allocate(fd, service);

	close(fd);
	return cid;
}

static void talk_for_a_while(int fd)
{
	uint8_t cid = talk_allocate(fd, QMI_SERVICE_DMS);

	for (uint16_t tid = 1; tid <= 50; tid++)
		assert_int_equal(ask_ids(fd, cid, tid), QMI_ERROR_NONE);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	talk_expect_no_answer(fd);
}

/* V6: an answer that comes twice is given once. */
static void test_habit_answers_twice(struct bench *b)
{
	int fd;

	start(b, "--repeat=100");
	fd = talk_open(0);
	talk_for_a_while(fd);
	close(fd);
}

/* V19: flags that other programs accept, too. */
static void test_habit_odd_flags(struct bench *b)
{
	int fd;

	start(b, "--unflagged=100");
	fd = talk_open(0);
	talk_for_a_while(fd);
	sim_do(&b->sim, "set compound 100");
	talk_for_a_while(fd);
	sim_do(&b->sim, "set unflagged 0");
	talk_for_a_while(fd);
	assert_int_equal(bench_counter(b, " bytes of garbage"), 0);
	close(fd);
}

/* V19: noise without end delays nobody, and the log does not count it. */
static void test_habit_noise(struct bench *b)
{
	unsigned int lines;
	int fd;

	start(b, NULL);
	fd = talk_open(0);
	sim_do(&b->sim, "set flood 1");
	while (!daemon_said(&b->daemon, "sends what is not QMI"))
		pause_briefly();
	talk_for_a_while(fd);
	lines = daemon_lines(&b->daemon);
	/* No event shows that nothing is logged. */
	assert_false(wait_for(fd, POLLIN, deadline_in(3000)));
	assert_in_range(daemon_lines(&b->daemon), lines, lines + 1);
	sim_do(&b->sim, "set flood 0");
	talk_for_a_while(fd);
	close(fd);
}

/* V9: a modem that says otherwise that it has no client left. */
static void test_habit_exhausted_in_other_words(struct bench *b)
{
	static const uint16_t words[] = {QMI_ERROR_NO_MEMORY, QMI_ERROR_INTERNAL};

	start(b, NULL);
	for (size_t i = 0; i < 2; i++) {
		int fd = talk_open(1);

		sim_do(&b->sim, "set exhausted %u", words[i]);
		for (unsigned int n = 0; n < CIDS; n++)
			leave_client(0, QMI_SERVICE_UIM);
		talk_release(fd, QMI_SERVICE_UIM, talk_allocate(fd, QMI_SERVICE_UIM));
		close(fd);
	}
	sim_do(&b->sim, "restart");
}

/* V9: Stop Network without an effect ends a call, too, so that its client can be reclaimed. */
static void test_habit_stop_without_effect(struct bench *b)
{
	uint8_t cid;
	int fd;

	start(b, NULL);
	sim_do(&b->sim, "answer wds 0x0021 %u", QMI_ERROR_NO_EFFECT);
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_WDS);
	assert_int_equal(ask_wds(fd, cid, QMI_WDS_START_NETWORK), QMI_ERROR_NONE);
	assert_int_equal(ask_wds(fd, cid, QMI_WDS_STOP_NETWORK), QMI_ERROR_NO_EFFECT);
	close(fd);
	for (unsigned int n = 1; n < CIDS; n++)
		leave_client(0, QMI_SERVICE_WDS);
	assert_string_equal(sim_text(&b->sim, "connected"), "yes");
	leave_client(1, QMI_SERVICE_WDS);
	assert_string_equal(sim_text(&b->sim, "connected"), "no");
	sim_do(&b->sim, "restart");
}

/* V15: a release that is not answered releases the client nevertheless. */
static void test_habit_release_not_answered(struct bench *b)
{
	uint8_t frame[FRAME_ROOM];
	uint8_t cid;
	int fd;

	start(b, NULL);
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	sim_do(&b->sim, "answer ctl 0x0023 lost");
	frames_release(frame, 1, QMI_SERVICE_DMS, cid);
	talk_send(fd, frame);
	while (bench_counter(b, " not answered") == 0)
		pause_briefly();
	sim_do(&b->sim, "answer ctl 0x0023 yes");
	talk_expect_no_answer(fd);
	assert_int_equal(ask_ids(fd, cid, 1), QMI_ERROR_INVALID_CLIENT_ID);
	assert_int_equal(talk_allocate(fd, QMI_SERVICE_DMS), cid);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	close(fd);
}

/* V16: a Sync indication from a modem that has forgotten nothing ends nothing for good. */
static void test_habit_needless_sync(struct bench *b)
{
	uint8_t cid;
	int fd;

	start(b, "--resync=100");
	sim_do(&b->sim, "set resync 0");
	/* The one that came with the answer to the daemon's own Sync is none. */
	assert_int_equal(bench_counter(b, " restarts"), 0);
	fd = talk_open(0);
	for (unsigned int i = 0; i < 3; i++) {
		unsigned long restarts = bench_counter(b, " restarts");

		cid = talk_allocate(fd, QMI_SERVICE_DMS);
		sim_do(&b->sim, "indicate sync");
		while (bench_counter(b, " restarts") == restarts)
			pause_briefly();
		assert_int_equal(ask_ids(fd, cid, 1), QMI_ERROR_INVALID_CLIENT_ID);
		talk_for_a_while(fd);
		assert_int_equal(sim_number(&b->sim, "cids.total"), 0);
	}
	close(fd);
}

static void await_open(struct bench *b)
{
	int64_t deadline = deadline_usual();

	while (strcmp(sim_text(&b->sim, "open"), "yes") != 0)
		assert_true(now_ms() < deadline);
}

/* Answers to Sync, tid 1, and to Allocate CID, tid 2, which gets DMS client 9. */
#define OLD_ANSWERS                                                                                \
	"01120080000001012700070002040000000000"                                                   \
	"011700800000010222000c00020400000000000102000209"

/* What a crashed host has left, in the modem and on the way from it, does not hurt the next one. */
static void test_habit_old_clients_and_answers(struct bench *b)
{
	int host;
	uint8_t cid;
	int fd;

	watchdog_allow(60);
	sim_start(&b->sim, (const char *[]){"--cids=4", "--stale=4", NULL});
	host = open(b->sim.port, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_return_code(host, errno);
	await_open(b);
	sim_do(&b->sim, "send " OLD_ANSWERS);
	daemon_spawn(&b->daemon, (const char *[]){"-n2", b->sim.port, NULL});
	daemon_await_ready(&b->daemon, deadline_usual());
	close(host);
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	assert_int_equal(ask_ids(fd, cid, 1), QMI_ERROR_NONE);
	assert_int_equal(sim_number(&b->sim, "cids.total"), 1);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	close(fd);
}

static const struct test_case cases[] = {
	TEST_CASE(test_habit_answers_twice),
	TEST_CASE(test_habit_odd_flags),
	TEST_CASE(test_habit_noise),
	TEST_CASE(test_habit_exhausted_in_other_words),
	TEST_CASE(test_habit_stop_without_effect),
	TEST_CASE(test_habit_release_not_answered),
	TEST_CASE(test_habit_needless_sync),
	TEST_CASE(test_habit_old_clients_and_answers),
};

const struct test_group habit_tests = TEST_GROUP("bad habits of modems", cases);

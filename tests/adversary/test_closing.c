/* SPDX-License-Identifier: GPL-2.0-or-later */
/* V6, V10: what a session wrote before it closed, and a Sync behind those of others. */
#include "adversary_bench.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "../faults/talk.h"
#include "requesters.h"

#define WRITTEN        1500
#define ARRIVE_MS      30000
#define SERVICES       120 /* 16 clients each: 1,920 releases */
#define SHORT_SERVICES 40
#define EACH           16
#define IN_FLIGHT      8
#define SYNC_TIMES     2
#define SYNCS          VICTIM_FEW

static const unsigned int crowd_node = BENCH_CROWD_NODE;

/* All its requests reach the modem. */
static void close_with_requests(struct bench *b)
{
	static uint8_t bytes[WRITTEN * FRAME_HEADER_MAX];
	int fd = crowd_open(VICTIM_UID, BENCH_VICTIM_NODE);
	uint8_t cid = talk_allocate(fd, QMI_SERVICE_DMS);
	int64_t deadline = deadline_in(ARRIVE_MS);
	int64_t began = now_ms();
	size_t size = 0;

	for (unsigned int i = 0; i < WRITTEN; i++) {
		frames_request(bytes + size, QMI_SERVICE_DMS, cid, (uint16_t)(1 + i),
			       MODEM_COUNTED);
		size += frame_size(bytes + size);
	}
	b->modem.habits->counted = 0;
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
	while (b->modem.habits->counted < WRITTEN) {
		if (now_ms() > deadline)
			fail_msg("only %u of %u requests have reached the modem",
				 b->modem.habits->counted, WRITTEN);
		pause_briefly();
	}
	print_message("[ figures  ] %u requests of a closed session arrived in %d ms\n", WRITTEN,
		      (int)(now_ms() - began));
}

static void test_V28_closing_beside_users_with_many_closed_sessions(struct bench *b)
{
	unsigned int users = adversary_is_short() ? 4 : 12;

	bench_start_daemon(b, &(struct bench_options){0});
	close_with_requests(b);
	crowd_start(&b->crowd, users, users, requesters_linger, &crowd_node);
	crowd_await_ready(&b->crowd);
	for (unsigned int i = 0; i < 3; i++)
		close_with_requests(b);
	assert_true(crowd_is_ready(&b->crowd));
	print_message("[ figures  ] beside %u sessions that closed with as many\n",
		      (unsigned int)b->crowd.board->rounds);
}

static void take(int fd, uint8_t service)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	uint8_t frame[FRAME_ROOM];

	for (unsigned int i = 0; i < EACH; i++) {
		frames_allocate(frame, (uint8_t)(1 + i), service);
		if (write(fd, frame, frame_size(frame)) < 0)
			_exit(1);
	}
	for (unsigned int i = 0; i < EACH; i++) {
		if (poll(&wait, 1, 10000) <= 0 || read(fd, frame, sizeof(frame)) < 0 ||
		    frame_error(frame) != QMI_ERROR_NONE)
			_exit(2);
	}
}

/* Takes many clients and, when told to go, has them all released by a Sync. */
static void release_many(unsigned int index, const void *arg, struct crowd_board *board)
{
	const unsigned int *count = arg;
	struct pollfd wait = {.fd = requesters_open(BENCH_CROWD_NODE), .events = POLLIN};
	uint8_t frame[FRAME_ROOM];

	(void)index;
	for (unsigned int i = 0; i < *count; i++)
		take(wait.fd, (uint8_t)(100 + i));
	board->ready++;
	while (!board->go)
		usleep(1000);
	frames_ctl(frame, 1, QMI_CTL_SYNC);
	if (write(wait.fd, frame, frame_size(frame)) < 0)
		_exit(3);
	board->rounds++;
	if (poll(&wait, 1, 60000) <= 0)
		_exit(4);
	board->done++;
	for (;;)
		pause();
}

static void test_V28_closing_beside_the_releases_of_a_sync(struct bench *b)
{
	unsigned int count = adversary_is_short() ? SHORT_SERVICES : SERVICES;

	bench_start(b, &(struct bench_options){0}, BENCH_VICTIM_NODE);
	b->modem.habits->takes_us = 300;
	victim_measure(&b->victim, VICTIM_SYNC, SYNCS, 0, &b->alone);
	bench_show("alone", &b->alone, &b->victim);
	crowd_start(&b->crowd, 1, 1, release_many, &count);
	crowd_await_ready(&b->crowd);
	b->crowd.board->go = true;
	while (b->crowd.board->rounds == 0)
		pause_briefly();
	victim_measure(&b->victim, VICTIM_SYNC, SYNCS, 0, &b->attacked);
	bench_show("under attack", &b->attacked, &b->victim);
	if (b->crowd.board->done > 0)
		print_message("[ figures  ] that was over before the victim was done\n");
	bench_expect_median(b, SYNC_TIMES);
	crowd_await_done(&b->crowd);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V28_closing_beside_users_with_many_closed_sessions),
	TEST_CASE(test_V28_closing_beside_the_releases_of_a_sync),
};

static const struct test_group full = TEST_GROUP("closing", cases);

const struct adversary_group closing_tests = {&full, &full};

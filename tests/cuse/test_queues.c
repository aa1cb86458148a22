/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No session can hurt another: V14. */
#include "app_session.h"
#include "flood.h"
#include "rule_groups.h"

#define QUEUE         16384 /* as given by --queue in these tests */
#define FRAME_SIZE    1000
#define DEFAULT_QUEUE (256 * 1024)

static void send_event(struct bench *b, const struct client *c, uint32_t number, size_t size)
{
	struct message event;

	message_indication(&event, c->service, c->device, MESSAGE_EVENT);
	message_number(&event, number);
	message_pad(&event, size);
	modem_send(b->modem, &event);
}

static void send_answer(struct bench *b, const struct client *c, uint16_t tid, size_t size)
{
	struct message answer;

	message_response(&answer, c->service, c->device, tid, MESSAGE_ASK, QMI_ERROR_NONE);
	message_number(&answer, tid);
	message_pad(&answer, size);
	modem_send(b->modem, &answer);
}

static void expect_event(int fd, const struct client *c, uint32_t number, size_t size)
{
	struct message event;

	message_indication(&event, c->service, c->cid, MESSAGE_EVENT);
	message_number(&event, number);
	message_pad(&event, size);
	session_expect(fd, &event);
}

static void expect_answer(int fd, const struct client *c, uint16_t tid, size_t size)
{
	struct message answer;

	message_response(&answer, c->service, c->cid, tid, MESSAGE_ASK, QMI_ERROR_NONE);
	message_number(&answer, tid);
	message_pad(&answer, size);
	session_expect(fd, &answer);
}

/*
 * Sends events 0 to count - 1, then a round trip of other as a fence, after which each
 * event has been either queued or dropped.
 */
static void overflow(struct bench *b, const struct client *c, uint32_t count, int other)
{
	for (uint32_t i = 0; i < count; i++)
		send_event(b, c, i, FRAME_SIZE);
	fence(b, other);
}

/* Expects ENOBUFS once, then the remaining events without a gap up to the last. */
static void expect_newest(int fd, const struct client *c, uint32_t count, uint32_t kept)
{
	assert_true(session_events(fd) & POLLIN);
	session_read_fails(fd, ENOBUFS);
	for (uint32_t i = count - kept; i < count; i++)
		expect_event(fd, c, i, FRAME_SIZE);
	assert_int_equal(session_events(fd), POLLOUT);
	session_read_fails(fd, EAGAIN);
}

/* V14: the queue is bounded in bytes; drops oldest indications; ENOBUFS once per overflow. */
static void test_V14_oldest_indications_go_first(struct bench *b)
{
	struct client c;
	int fd;
	int other;

	bench_start(b, "--queue=16384", NULL);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_NAS);
	overflow(b, &c, 40, other);
	expect_newest(fd, &c, 40, QUEUE / FRAME_SIZE);
	client_round_trip(b, fd, &c);
	overflow(b, &c, 20, other);
	expect_newest(fd, &c, 20, QUEUE / FRAME_SIZE);
	fence(b, fd);
}

/* V14: everything that fits is kept, without ENOBUFS. */
static void test_V14_no_loss_within_the_bound(struct bench *b)
{
	struct client c;
	int fd;
	int other;

	bench_start(b, "--queue=16384", NULL);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_NAS);
	overflow(b, &c, QUEUE / FRAME_SIZE, other);
	for (uint32_t i = 0; i < QUEUE / FRAME_SIZE; i++)
		expect_event(fd, &c, i, FRAME_SIZE);
	fence(b, fd);
}

/* V14: the default limit is 256 KiB. */
static void test_V14_default_bound(struct bench *b)
{
	struct client c;
	int fd;
	int other;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_NAS);
	overflow(b, &c, 300, other);
	expect_newest(fd, &c, 300, DEFAULT_QUEUE / FRAME_SIZE);
}

/* V14: the limit in bytes also holds for the smallest frames. */
static void test_V14_bound_holds_for_tiny_frames(struct bench *b)
{
	const uint32_t count = 2000;
	struct client c;
	struct message got;
	uint32_t first;
	int fd;
	int other;

	bench_start(b, "--queue=16384", NULL);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_NAS);
	for (uint32_t i = 0; i < count; i++)
		modem_indicate(b->modem, c.service, c.device, i);
	fence(b, other);
	session_read_fails(fd, ENOBUFS);
	session_read(fd, &got);
	first = message_get_number(&got);
	assert_in_range((count - first) * got.len, 1, QUEUE);
	for (uint32_t i = first + 1; i < count; i++)
		session_expect_indication(fd, c.service, c.cid, i);
	fence(b, fd);
}

/* V14: a response is kept, whether older or newer than the dropped indications. */
static void test_V14_responses_outlive_indications(struct bench *b)
{
	struct client c;
	int fd;
	int other;

	bench_start(b, "--queue=16384", NULL);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_NAS);
	client_ask(b, fd, &c, 1, MESSAGE_ASK);
	client_ask(b, fd, &c, 2, MESSAGE_ASK);
	send_event(b, &c, 1000, FRAME_SIZE);
	send_answer(b, &c, 1, FRAME_SIZE);
	overflow(b, &c, 30, other);
	/* 16 fit: the response and the last 15. Another of 12,000 bytes leaves room for 3. */
	send_answer(b, &c, 2, 12000);
	fence(b, other);
	session_read_fails(fd, ENOBUFS);
	expect_answer(fd, &c, 1, FRAME_SIZE);
	for (uint32_t i = 27; i < 30; i++)
		expect_event(fd, &c, i, FRAME_SIZE);
	expect_answer(fd, &c, 2, 12000);
	fence(b, fd);
}

/* V14: if the queue holds only responses, an indication that does not fit is dropped. */
static void test_V14_indication_does_not_displace_responses(struct bench *b)
{
	struct client c;
	int fd;
	int other;

	bench_start(b, "--queue=16384", NULL);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_NAS);
	for (uint16_t tid = 1; tid <= 10; tid++) {
		client_ask(b, fd, &c, tid, MESSAGE_ASK);
		send_answer(b, &c, tid, FRAME_SIZE);
	}
	send_event(b, &c, 1, 8000);
	fence(b, other);
	session_read_fails(fd, ENOBUFS);
	for (uint16_t tid = 1; tid <= 10; tid++)
		expect_answer(fd, &c, tid, FRAME_SIZE);
	fence(b, fd);
}

/* V14: responses alone are bounded too; a loss gives ENOBUFS and the rest stays in order. */
static void test_V14_responses_are_bounded(struct bench *b)
{
	const uint16_t count = 24;
	struct client c;
	struct message got;
	uint16_t first;
	int fd;
	int other;

	bench_start(b, "--queue=16384", NULL);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_NAS);
	for (uint16_t tid = 1; tid <= count; tid++) {
		client_ask(b, fd, &c, tid, MESSAGE_ASK);
		send_answer(b, &c, tid, FRAME_SIZE);
	}
	fence(b, other);
	session_read_fails(fd, ENOBUFS);
	session_read(fd, &got);
	first = frame_tid(got.data);
	for (uint16_t tid = (uint16_t)(first + 1); tid < first + QUEUE / FRAME_SIZE; tid++)
		expect_answer(fd, &c, tid, FRAME_SIZE);
	fence(b, fd);
}

/* V14: a session that does not read, or provokes many refusals, fills only its own queue. */
static void test_V14_stalled_reader_hurts_nobody(struct bench *b)
{
	struct client stalled;
	struct client c;
	struct message refused;
	int fd;
	int other;

	bench_start(b, "--queue=16384", NULL);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	stalled = client_allocate(b, fd, QMI_SERVICE_NAS);
	c = client_allocate(b, other, QMI_SERVICE_NAS);
	message_request(&refused, QMI_SERVICE_DMS, 99, 1, MESSAGE_ASK);
	for (int i = 0; i < 2000; i++)
		session_write(fd, &refused);
	for (uint32_t i = 0; i < 40; i++) {
		send_event(b, &(struct client){c.service, c.cid, QMI_CID_BROADCAST}, i, FRAME_SIZE);
		send_event(b, &stalled, i, FRAME_SIZE);
		send_event(b, &c, i, FRAME_SIZE);
		expect_event(other, &(struct client){c.service, QMI_CID_BROADCAST, 0}, i,
			     FRAME_SIZE);
		expect_event(other, &c, i, FRAME_SIZE);
		client_round_trip(b, other, &c);
	}
	session_read_fails(fd, ENOBUFS);
}

/* Returns the writer of the modem's next request, and checks the order within each writer. */
static size_t next_writer(struct bench *b, struct flood *w, size_t count)
{
	struct message got;

	modem_read(b->modem, &got);
	for (size_t i = 0; i < count; i++) {
		if (frame_cid(got.data) != w[i].client.device)
			continue;
		assert_int_equal(frame_tid(got.data), ++w[i].seen);
		return i;
	}
	fail_msg("a request that no writer sent");
	return count;
}

/* Returns the first request of another writer; until then the first had the port to itself. */
static size_t first_of_another(struct bench *b, struct flood *w, size_t count)
{
	size_t i;

	do {
		i = next_writer(b, w, count);
	} while (i == 0);
	return i;
}

/* True if every other writer with requests left has had a turn since this writer's last. */
static bool others_had_a_turn(const struct flood *w, const size_t *turns, size_t count, size_t i)
{
	for (size_t j = 0; j < count; j++) {
		if (j != i && w[j].seen < w[j].sent && turns[j] < turns[i])
			return false;
	}
	return true;
}

/* Checks that the modem reads the writers' requests in turn. */
static void expect_round_robin(struct bench *b, struct flood *w, size_t count)
{
	size_t turns[3] = {0};
	size_t left = 0;
	size_t i = first_of_another(b, w, count);

	assert_true(w[0].seen <= w[0].sent - OUTBOUND_LIMIT / FLOOD_SIZE + 1);
	turns[i] = 1;
	for (size_t j = 0; j < count; j++)
		left += w[j].sent - w[j].seen;
	for (size_t turn = 2; turn < left + 2; turn++) {
		i = next_writer(b, w, count);
		if (turns[i] > 0)
			assert_true(others_had_a_turn(w, turns, count, i));
		turns[i] = turn;
	}
}

/* V14: with a slow modem, writers on all nodes are served round-robin, one frame each. */
static void test_V14_writers_are_served_in_turn(struct bench *b)
{
	struct flood w[3];

	bench_start(b, "-n2", NULL);
	for (unsigned int i = 0; i < 3; i++)
		flood_init(b, &w[i], i / 2);
	for (unsigned int i = 0; i < 3; i++)
		flood_fill(&w[i]);
	expect_round_robin(b, w, 3);
}

/* V14: a flood delays another's request by at most one frame per busy session. */
static void test_V14_flood_delays_by_one_frame(struct bench *b)
{
	struct flood w[3];
	uint16_t before[2];

	bench_start(b, NULL);
	for (unsigned int i = 0; i < 3; i++)
		flood_init(b, &w[i], 0);
	flood_fill(&w[0]);
	flood_fill(&w[1]);
	assert_true(flood_write(&w[2]));

	/* When the second writer gets its turn, all earlier frames have left. */
	first_of_another(b, w, 3);
	before[0] = w[0].seen;
	before[1] = w[1].seen;
	while (w[2].seen == 0)
		next_writer(b, w, 3);
	assert_true(w[0].seen - before[0] <= 1);
	assert_true(w[1].seen - before[1] <= 1);
	while (w[0].seen < w[0].sent || w[1].seen < w[1].sent)
		next_writer(b, w, 3);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V14_oldest_indications_go_first),
	TEST_CASE(test_V14_no_loss_within_the_bound),
	TEST_CASE(test_V14_default_bound),
	TEST_CASE(test_V14_bound_holds_for_tiny_frames),
	TEST_CASE(test_V14_responses_outlive_indications),
	TEST_CASE(test_V14_indication_does_not_displace_responses),
	TEST_CASE(test_V14_responses_are_bounded),
	TEST_CASE(test_V14_stalled_reader_hurts_nobody),
	TEST_CASE(test_V14_writers_are_served_in_turn),
	TEST_CASE(test_V14_flood_delays_by_one_frame),
};

const struct test_group queue_tests = TEST_GROUP("queues (V14)", cases);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A long answer that loses its tail on the way: V1, V19. */
#include "fault_bench.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"
#include "talk.h"

#define LONG       2000 /* bytes of the answer */
#define CUT        (LONG / 2)
#define EXPIRY     2000 /* ms */
#define REPORT_GAP 1000 /* ms between two signals, far too rare to complete the answer */

/* One whose answer is lost, one that gets one meanwhile, and one that gets indications. */
struct trio {
	int victim;
	int asker;
	int listener;
	uint8_t victim_cid;
	uint8_t asker_cid;
	uint8_t listener_cid;
	uint8_t ids[FRAME_ROOM]; /* the asker's answer */
};

static void ask_for_ids(const struct trio *t)
{
	uint8_t frame[FRAME_ROOM];

	frames_request(frame, QMI_SERVICE_DMS, t->asker_cid, 1, DMS_GET_IDS);
	talk_send(t->asker, frame);
}

static void start(struct bench *b, struct trio *t, const char *port)
{
	daemon_spawn(&b->daemon, (const char *[]){"-n2", port, NULL});
	daemon_await_ready(&b->daemon, deadline_usual());
	t->victim = talk_open(0);
	t->asker = talk_open(1);
	t->listener = talk_open(1);
	t->victim_cid = talk_allocate(t->victim, QMI_SERVICE_NAS);
	t->asker_cid = talk_allocate(t->asker, QMI_SERVICE_DMS);
	t->listener_cid = talk_subscribe(t->listener);
	ask_for_ids(t);
	talk_receive(t->asker, t->ids);
}

static void start_on_terminal(struct bench *b, struct trio *t)
{
	sim_start(&b->sim, (const char *[]){NULL});
	start(b, t, b->sim.port);
}

static void start_on_wdm(struct bench *b, struct trio *t)
{
	sim_start(&b->sim, (const char *[]){NULL});
	wdm_start(&b->wdm, b->sim.port);
	sysfs_pretend_qmi(strrchr(b->wdm.port, '/') + 1);
	start(b, t, b->wdm.port);
}

static void finish(const struct trio *t)
{
	talk_release(t->victim, QMI_SERVICE_NAS, t->victim_cid);
	talk_release(t->asker, QMI_SERVICE_DMS, t->asker_cid);
	talk_release(t->listener, QMI_SERVICE_NAS, t->listener_cid);
	close(t->victim);
	close(t->asker);
	close(t->listener);
}

/* Has the victim ask, and the modem send the first half of a long answer. */
static void lose_tail(struct bench *b, const struct trio *t)
{
	unsigned long sent = sim_number(&b->sim, "frames.sent");
	int64_t deadline = deadline_usual();
	uint8_t frame[FRAME_ROOM];

	sim_do(&b->sim, "set pad %d", LONG);
	sim_do(&b->sim, "set cut 100");
	frames_strength(frame, t->victim_cid, 7, 0x0F);
	talk_send(t->victim, frame);
	while (sim_number(&b->sim, "frames.sent") == sent)
		assert_true(now_ms() < deadline);
	sim_do(&b->sim, "set pad 0");
	sim_do(&b->sim, "set cut 0");
}

/* Waits until the daemon has read so many bytes. */
static void await_delivered(struct bench *b, unsigned int bytes)
{
	int64_t deadline = deadline_usual();

	while (b->wdm.report->delivered < bytes) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	assert_int_equal(b->wdm.report->delivered, bytes);
}

/* The same, and waits until the daemon has read it. */
static void lose_tail_on_wdm(struct bench *b, const struct trio *t)
{
	unsigned int before = b->wdm.report->delivered;

	lose_tail(b, t);
	await_delivered(b, before + CUT);
}

/* Nothing but the asker's own answer, to the byte. */
static void expect_ids(const struct trio *t)
{
	uint8_t frame[FRAME_ROOM];

	talk_receive(t->asker, frame);
	assert_int_equal(frame_size(frame), frame_size(t->ids));
	assert_memory_equal(frame, t->ids, frame_size(frame));
	talk_expect_no_answer(t->asker);
}

/* Each signal has two indications, whole and in order. */
static void expect_signals(const struct trio *t, unsigned int signals)
{
	static const uint16_t messages[] = {NAS_EVENT_REPORT, NAS_SIGNAL_INFO};
	uint8_t frame[FRAME_ROOM];

	for (unsigned int i = 0; i < 2 * signals; i++) {
		ssize_t n;

		assert_true(wait_for(t->listener, POLLIN, deadline_usual()));
		n = read(t->listener, frame, sizeof(frame));
		assert_true(n > 0);
		assert_int_equal(n, frame_size(frame));
		assert_int_equal(frame_kind(frame), FRAME_INDICATION);
		assert_int_equal(frame_message(frame), messages[i % 2]);
	}
	assert_int_equal(read(t->listener, frame, sizeof(frame)), -1);
	assert_int_equal(errno, EAGAIN);
}

/* The victim has got nothing, and gets its next answer. */
static void expect_victim_unharmed(const struct trio *t)
{
	uint8_t frame[FRAME_ROOM];

	talk_expect_no_answer(t->victim);
	frames_strength(frame, t->victim_cid, 8, 0x0F);
	assert_int_equal(talk_ask(t->victim, frame), QMI_ERROR_NONE);
	assert_true(frames_strength_fits(frame, 0x0F));
	talk_expect_no_answer(t->victim);
}

/* On a port without messages, others wait until the rest is overdue, whatever comes meanwhile. */
static void test_V19_lost_tail_on_a_terminal(struct bench *b)
{
	unsigned int signals = 0;
	int64_t began;
	struct trio t;

	start_on_terminal(b, &t);
	began = now_ms();
	lose_tail(b, &t);
	ask_for_ids(&t);
	do {
		assert_true(now_ms() - began < 3 * EXPIRY * slow_factor());
		sim_do(&b->sim, "indicate signal");
		signals++;
	} while (!wait_for(t.asker, POLLIN, now_ms() + REPORT_GAP));
	assert_in_range(now_ms() - began, EXPIRY - 10, (EXPIRY + 1900) * slow_factor());
	expect_ids(&t);
	expect_signals(&t, signals);
	expect_victim_unharmed(&t);
	assert_int_equal(bench_counter(b, " bytes of garbage"), CUT);
	finish(&t);
}

/* On one with messages, the next whole one ends it at once. */
static void test_V19_lost_tail_before_a_message(struct bench *b)
{
	int64_t began;
	struct trio t;

	start_on_wdm(b, &t);
	for (unsigned int round = 1; round <= 3; round++) {
		lose_tail_on_wdm(b, &t);
		began = now_ms();
		ask_for_ids(&t);
		expect_ids(&t);
		assert_in_range(now_ms() - began, 0, 1000 * slow_factor());
		assert_int_equal(bench_counter(b, " bytes of garbage"), round * CUT);
		expect_victim_unharmed(&t);
	}
	sim_do(&b->sim, "indicate signal");
	expect_signals(&t, 1);
	finish(&t);
}

/* The driver knows that it has lost something: nothing else need come. */
static void test_V19_lost_tail_that_the_driver_reports(struct bench *b)
{
	static const int errors[] = {EIO, ENOBUFS, EIO};
	struct trio t;

	start_on_wdm(b, &t);
	for (unsigned int round = 0; round < 3; round++) {
		int64_t began = now_ms();

		lose_tail_on_wdm(b, &t);
		assert_int_equal(bench_counter(b, " bytes of garbage"), round * CUT);
		wdm_fail_read(&b->wdm, errors[round]);
		while (bench_counter(b, " bytes of garbage") < (round + 1) * CUT)
			assert_true(now_ms() - began < (EXPIRY - 500) * slow_factor());
		ask_for_ids(&t);
		expect_ids(&t);
		expect_victim_unharmed(&t);
	}
	sim_do(&b->sim, "indicate signal");
	expect_signals(&t, 1);
	finish(&t);
}

/* Nor does the beginning of another answer that loses its tail complete it. */
static void test_V1_two_lost_tails(struct bench *b)
{
	unsigned int before;
	struct trio t;

	start_on_wdm(b, &t);
	lose_tail_on_wdm(b, &t);
	before = b->wdm.report->delivered;
	sim_do(&b->sim, "set pad %d", LONG);
	sim_do(&b->sim, "set cut 100");
	ask_for_ids(&t);
	await_delivered(b, before + CUT);
	sim_do(&b->sim, "set pad 0");
	sim_do(&b->sim, "set cut 0");
	expect_victim_unharmed(&t);
	assert_int_equal(bench_counter(b, " bytes of garbage"), 2 * CUT);
	finish(&t);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V19_lost_tail_on_a_terminal),
	TEST_CASE(test_V19_lost_tail_before_a_message),
	TEST_CASE(test_V19_lost_tail_that_the_driver_reports),
	TEST_CASE(test_V1_two_lost_tails),
};

const struct test_group lost_tail_tests = TEST_GROUP("answers that lose their tail (V19)", cases);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port that fails, and one with a limit of its own: V15, V16, V24. */
#include "fault_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/usb/cdc-wdm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../cuse/watchdog.h"
#include "killer.h"
#include "life.h"
#include "talk.h"

/* V24: a node reports the real port's limit, and rejects larger frames with EMSGSIZE. */
static void test_V24_limit_of_the_port(struct bench *b)
{
	static const uint8_t padding[WDM_LIMIT];
	uint8_t frame[FRAME_ROOM];
	uint16_t limit = 0;
	uint8_t cid;
	int fd;

	bench_start_on_wdm(b, 0, 40);
	fd = talk_open(0);
	assert_return_code(ioctl(fd, IOCTL_WDM_MAX_COMMAND, &limit), errno);
	assert_int_equal(limit, WDM_LIMIT);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	frames_request(frame, QMI_SERVICE_DMS, cid, 1, DMS_GET_IDS);
	frame_add_tlv(frame, 0x20, padding, (uint16_t)(WDM_LIMIT + 1 - frame_size(frame) - 3));
	assert_int_equal(write(fd, frame, frame_size(frame)), -1);
	assert_int_equal(errno, EMSGSIZE);
	frames_request(frame, QMI_SERVICE_DMS, cid, 1, DMS_GET_IDS);
	frame_add_tlv(frame, 0x20, padding, (uint16_t)(WDM_LIMIT - frame_size(frame) - 3));
	assert_int_equal(talk_ask(fd, frame), QMI_ERROR_NONE);
	close(fd);
	assert_int_equal(b->wdm.report->wrong, 0);
}

/* A port that takes no frame of QMI is refused. */
static void test_V24_limit_too_low(struct bench *b)
{
	const char *args[] = {b->wdm.port, NULL};

	watchdog_allow(40);
	sim_start(&b->sim, (const char *[]){NULL});
	wdm_start(&b->wdm, b->sim.port);
	wdm_limit(&b->wdm, 16);
	daemon_spawn(&b->daemon, args);
	assert_int_equal(daemon_wait(&b->daemon, deadline_usual()), 3);
	assert_true(daemon_said(&b->daemon, " takes frames of at most 16 bytes, and QMI needs 17"));
}

static void await_refused(struct bench *b, unsigned int more)
{
	for (size_t i = 0; i < b->steady_count; i++) {
		const struct steady *s = &b->steadies[i];
		unsigned int wanted = s->report->refused + more;
		int64_t deadline = deadline_usual();

		while (s->report->refused < wanted) {
			steady_check(s);
			assert_true(now_ms() < deadline);
			pause_briefly();
		}
	}
}

static void fail_writes(struct bench *b, unsigned char count)
{
	trouble_begin(b->trouble, TROUBLE_REFUSAL);
	wdm_fail_writes(&b->wdm, count);
}

static void mend_writes(struct bench *b)
{
	wdm_fail_writes(&b->wdm, 0);
	trouble_end(b->trouble, TROUBLE_REFUSAL);
}

static void ask_failing_port(struct bench *b, int fd)
{
	uint8_t frame[FRAME_ROOM];
	uint8_t cid = talk_allocate(fd, QMI_SERVICE_DMS);

	fail_writes(b, WDM_ALL);
	frames_request(frame, QMI_SERVICE_DMS, cid, 1, DMS_GET_IDS);
	assert_int_equal(talk_ask(fd, frame), QMI_ERROR_INTERNAL);
	frames_allocate(frame, 1, QMI_SERVICE_NAS);
	assert_int_equal(talk_ask(fd, frame), QMI_ERROR_INTERNAL);
	frames_release(frame, 1, QMI_SERVICE_DMS, cid);
	assert_int_equal(talk_ask(fd, frame), QMI_ERROR_INTERNAL);
	await_refused(b, 20);
	mend_writes(b);
	/* The client whose release failed is still there. */
	frames_request(frame, QMI_SERVICE_DMS, cid, 1, DMS_GET_IDS);
	assert_int_equal(talk_ask(fd, frame), QMI_ERROR_NONE);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	talk_expect_no_answer(fd);
}

/* V15: requests that cannot be sent get Internal at once; afterwards everything works again. */
static void test_V15_writes_fail(struct bench *b)
{
	int fd;

	bench_start_on_wdm(b, BENCH_STEADIES, 60);
	fd = talk_open(0);
	ask_failing_port(b, fd);
	bench_remember(b);
	for (unsigned int round = 0; round < 3; round++)
		ask_failing_port(b, fd);
	close(fd);
	assert_true(b->wdm.report->failed > 0);
	assert_int_equal(b->wdm.report->wrong, 0);
	bench_compare(b, 0);
}

/*
 * V15: a cdc-wdm accepts a frame, loses it, and reports that on the next write.
 * The lost frame is answered with an error, and no other frame is lost.
 */
static void test_V15_frames_are_lost(struct bench *b)
{
	uint8_t frame[FRAME_ROOM];
	uint8_t cid;
	int fd;

	bench_start_on_wdm(b, 0, 40);
	/* No modem answers before write() has returned. */
	sim_do(&b->sim, "set latency 20");
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	for (uint16_t tid = 1; tid <= 50; tid++) {
		wdm_lose_writes(&b->wdm, 1);
		frames_request(frame, QMI_SERVICE_DMS, cid, tid, DMS_GET_IDS);
		talk_send(fd, frame);
		frames_request(frame, QMI_SERVICE_DMS, cid, tid, DMS_GET_MODEL);
		talk_send(fd, frame);
		talk_receive(fd, frame);
		assert_int_equal(frame_message(frame), DMS_GET_IDS);
		assert_int_equal(frame_error(frame), QMI_ERROR_INTERNAL);
		talk_receive(fd, frame);
		assert_int_equal(frame_message(frame), DMS_GET_MODEL);
		assert_int_equal(frame_error(frame), QMI_ERROR_NONE);
	}
	talk_expect_no_answer(fd);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	assert_int_equal(b->wdm.report->failed, 50);
	close(fd);
}

/* V15: a lost Release CID expires before the loss is reported, and is repeated. */
static void test_V15_lost_release_is_noticed_late(struct bench *b)
{
	uint8_t frame[FRAME_ROOM];
	int64_t deadline;
	uint8_t cid;
	int fd;

	bench_start_on_wdm(b, 0, 60);
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	wdm_lose_writes(&b->wdm, 1);
	frames_release(frame, 1, QMI_SERVICE_DMS, cid);
	talk_send(fd, frame);
	deadline = deadline_usual() + bench_timeout_ms();
	while (bench_counter(b, " not answered") == 0) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	assert_int_equal(sim_number(&b->sim, "cids.total"), 1);
	frames_ctl(frame, 2, QMI_CTL_GET_VERSION_INFO);
	assert_int_equal(talk_ask(fd, frame), QMI_ERROR_NONE);
	bench_check(b);
	close(fd);
}

/* Fails a write while an earlier request is unanswered. Returns the earlier one's error. */
static uint16_t fail_one_write(struct bench *b, int asking, int fd, uint8_t cid)
{
	unsigned long requests = sim_number(&b->sim, "requests.ctl");
	int64_t deadline = deadline_usual();
	uint8_t frame[FRAME_ROOM];

	frames_allocate(frame, 1, QMI_SERVICE_NAS);
	talk_send(asking, frame);
	while (sim_number(&b->sim, "requests.ctl") == requests) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	wdm_fail_writes(&b->wdm, 1);
	frames_request(frame, QMI_SERVICE_DMS, cid, 1, DMS_GET_IDS);
	assert_int_equal(talk_ask(fd, frame), QMI_ERROR_NONE);
	talk_receive(asking, frame);
	assert_int_equal(frame_message(frame), QMI_CTL_ALLOCATE_CID);
	if (frame_error(frame) == QMI_ERROR_NONE)
		talk_release(asking, QMI_SERVICE_NAS, frame_tlv(frame, QMI_TLV_FIRST, 2, NULL)[1]);
	return frame_error(frame);
}

static void await_released(struct bench *b, unsigned long requests)
{
	int64_t deadline = deadline_usual();

	while (sim_number(&b->sim, "requests.ctl") < requests) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	while (sim_number(&b->sim, "cids.nas") > 0) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
}

/*
 * V15: a single EIO may concern this frame or the one before, so the daemon gives up the
 * earlier one too. If that one did reach the modem, its late answer is dropped and the
 * client that it allocates is released.
 */
static void test_V15_one_write_fails(struct bench *b)
{
	unsigned long requests;
	uint8_t cid;
	int asking;
	int fd;

	bench_start_on_wdm(b, 0, 40);
	asking = talk_open(0);
	fd = talk_open(1);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	sim_do(&b->sim, "set latency %d", bench_timeout_ms() / 4);
	requests = sim_number(&b->sim, "requests.ctl");
	assert_int_equal(fail_one_write(b, asking, fd, cid), QMI_ERROR_INTERNAL);
	await_released(b, requests + 2); /* Allocate CID and its release */
	talk_expect_no_answer(asking);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	talk_expect_no_answer(fd);
	assert_int_equal(b->wdm.report->failed, 1);
	close(asking);
	close(fd);
}

/* Waits until the daemon has reclaimed this many orphans for their age. */
static void await_reclaimed(struct bench *b, unsigned long clients)
{
	int64_t deadline = deadline_usual();

	while (bench_counter(b, " clients; skipped") < clients) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
}

/* One program ends and others are killed while the port refuses every write. */
static void leave_orphans(struct bench *b)
{
	struct life life = {.node = 0};
	struct killing killing = {.live = life_live, .arg = &life, .at = KILL_LEAVING};
	unsigned long reclaimed = bench_counter(b, " clients; skipped");
	int fd = talk_open(0);

	talk_allocate(fd, QMI_SERVICE_UIM);
	fail_writes(b, WDM_ALL);
	close(fd);
	for (killing.call = 1; killing.call <= 8; killing.call++)
		kill_life(&killing);
	await_reclaimed(b, reclaimed + 1);
	/* Wait until long after the first attempt to release it. */
	await_refused(b, 250 / (unsigned int)slow_factor());
	mend_writes(b);
	bench_check(b);
}

/* V9, V15: orphans that time out while nothing can be sent are released later. */
static void test_V9_orphans_while_writes_fail(struct bench *b)
{
	bench_start_on_wdm(b, BENCH_NODES, 60);
	leave_orphans(b);
	bench_remember(b);
	leave_orphans(b);
	bench_compare(b, 0);
}

/* The daemon sends Sync after the reset, whether or not the modem restarted. */
static void reset(struct bench *b, bool restarted)
{
	unsigned long syncs = sim_number(&b->sim, "syncs");

	trouble_begin(b->trouble, TROUBLE_RESTART);
	trouble_begin(b->trouble, TROUBLE_REFUSAL);
	wdm_begin_reset(&b->wdm);
	if (restarted)
		sim_do(&b->sim, "restart");
	wdm_end_reset(&b->wdm);
	for (size_t i = 0; i < b->steady_count; i++)
		steady_await_answers(&b->steadies[i], 20);
	trouble_end(b->trouble, TROUBLE_RESTART);
	trouble_end(b->trouble, TROUBLE_REFUSAL);
	bench_check(b);
	assert_int_equal(sim_number(&b->sim, "syncs"), syncs + 1);
}

/* V16: after a reset, which the port reports with EIO, all clients are allocated again. */
static void test_V16_port_is_reset(struct bench *b)
{
	unsigned int lost = 0;

	/* One on each node: two on a node might mistake each other's new clients for their own. */
	bench_start_on_wdm(b, BENCH_NODES, 60);
	reset(b, false);
	bench_remember(b);
	for (unsigned int round = 0; round < 8; round++)
		reset(b, round % 2);
	for (size_t i = 0; i < b->steady_count; i++)
		lost += b->steadies[i].report->lost;
	assert_true(lost >= 9);
	assert_true(daemon_said(&b->daemon, "the modem is being reset"));
	bench_compare(b, 0);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V24_limit_of_the_port),
	TEST_CASE(test_V24_limit_too_low),
	TEST_CASE(test_V15_writes_fail),
	TEST_CASE(test_V15_frames_are_lost),
	TEST_CASE(test_V15_lost_release_is_noticed_late),
	TEST_CASE(test_V15_one_write_fails),
	TEST_CASE(test_V16_port_is_reset),
	TEST_CASE(test_V9_orphans_while_writes_fail),
};

const struct test_group port_tests = TEST_GROUP("the port", cases);

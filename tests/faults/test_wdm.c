/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The errors of a cdc-wdm, one by one: what ends the instance, what costs an answer, what nothing.
 */
#include "fault_bench.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../cuse/proc.h"
#include "sysfs.h"
#include "talk.h"

#define NOT_SENT "cannot send a request"
#define FAILED   "a USB transfer failed"

/* A daemon on a cdc-wdm that it knows for a modem's, or not. */
enum known { UNKNOWN, KNOWN };

static void start(struct bench *b, enum known known, const char *option)
{
	sim_start(&b->sim, (const char *[]){NULL});
	wdm_start(&b->wdm, b->sim.port);
	if (known == KNOWN)
		sysfs_pretend_qmi(strrchr(b->wdm.port, '/') + 1);
	daemon_spawn(&b->daemon, (const char *[]){"-n1", option, b->wdm.port, NULL});
	daemon_await_ready(&b->daemon, deadline_usual());
	assert_int_equal(daemon_said(&b->daemon, "is not recognised"), known == UNKNOWN);
}

static unsigned int count_said(const struct bench *b, const char *words)
{
	char said[DAEMON_OUTPUT_MAX];
	unsigned int count = 0;

	daemon_stderr(&b->daemon, said);
	for (const char *at = said; (at = strstr(at, words)); at++)
		count++;
	return count;
}

static void await(const _Atomic unsigned int *count, unsigned int wanted)
{
	int64_t deadline = deadline_usual();

	while (*count < wanted) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
}

static uint16_t ask(int fd, uint8_t cid)
{
	uint8_t frame[FRAME_ROOM];

	frames_request(frame, QMI_SERVICE_DMS, cid, 1, DMS_GET_IDS);
	return talk_ask(fd, frame);
}

static void send(int fd, uint8_t cid, uint16_t tid)
{
	uint8_t frame[FRAME_ROOM];

	frames_request(frame, QMI_SERVICE_DMS, cid, tid, DMS_GET_IDS);
	talk_send(fd, frame);
}

static void expect(int fd, uint16_t tid, uint16_t error)
{
	uint8_t frame[FRAME_ROOM];

	talk_receive(fd, frame);
	assert_int_equal(frame_tid(frame), tid);
	assert_int_equal(frame_error(frame), error);
}

static void expect_end(struct bench *b)
{
	assert_int_equal(daemon_wait(&b->daemon, deadline_usual()), 0);
	assert_true(daemon_said(&b->daemon, "was unplugged"));
}

/* A read that fails is no end, nor is the empty one behind EIO; the clients are still there. */
static void test_wdm_reads_that_fail(struct bench *b)
{
	static const int errors[] = {EIO, EIO, ENOBUFS, EINTR, EPROTO, EIO};
	uint8_t cid;
	int fd;

	start(b, KNOWN, "--nodes=1");
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		wdm_fail_read(&b->wdm, errors[i]);
		assert_int_equal(ask(fd, cid), QMI_ERROR_NONE);
	}
	assert_int_equal(count_said(b, FAILED), 3);
	assert_int_equal(count_said(b, "more than the driver could hold"), 1);
	assert_int_equal(count_said(b, strerror(EPROTO)), 1);
	assert_int_equal(count_said(b, strerror(EINTR)), 0);
	assert_int_equal(sim_number(&b->sim, "syncs"), 1);
	assert_int_equal(b->wdm.report->opened, 1);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	close(fd);
}

/* Where reads go on to return nothing, that is the end. */
static void test_wdm_end(struct bench *b)
{
	start(b, KNOWN, "--nodes=1");
	wdm_fail_read(&b->wdm, WDM_END);
	expect_end(b);
}

/* An unplugged one says ENODEV, to a read as to a write. */
static void test_wdm_unplugged(struct bench *b)
{
	start(b, KNOWN, "--nodes=1");
	wdm_unplug(&b->wdm, ENODEV);
	expect_end(b);
}

/* A hang-up is an unplug, whatever the read says beside it. */
static void test_wdm_hangs_up(struct bench *b)
{
	start(b, KNOWN, "--nodes=1");
	wdm_unplug(&b->wdm, EIO);
	expect_end(b);
	assert_int_equal(count_said(b, FAILED), 0);
}

static void test_wdm_unplugged_at_a_write(struct bench *b)
{
	uint8_t frame[FRAME_ROOM];
	int fd;

	start(b, KNOWN, "--nodes=1");
	fd = talk_open(0);
	wdm_fail_write(&b->wdm, ENODEV);
	frames_ctl(frame, 1, QMI_CTL_GET_VERSION_INFO);
	talk_send(fd, frame);
	assert_true(wait_for(fd, 0, deadline_usual()));
	close(fd);
	expect_end(b);
	assert_int_equal(count_said(b, NOT_SENT), 0);
}

/* After a reset Sync releases what the modem has kept. */
static void test_wdm_reset_sends_sync(struct bench *b)
{
	uint8_t cid;
	int64_t deadline;
	int fd;

	start(b, UNKNOWN, "--nodes=1");
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	wdm_fail_read(&b->wdm, EIO);
	deadline = deadline_usual();
	while (sim_number(&b->sim, "syncs") < 2)
		assert_true(now_ms() < deadline);
	assert_int_equal(sim_number(&b->sim, "cids.total"), 0);
	assert_int_equal(ask(fd, cid), QMI_ERROR_INVALID_CLIENT_ID);
	assert_int_equal(sim_number(&b->sim, "syncs"), 2);
	assert_int_equal(count_said(b, "being reset"), 1);
	assert_int_equal(count_said(b, FAILED), 0);
	close(fd);
}

/* Unless it was told not to. */
static void test_wdm_reset_without_sync(struct bench *b)
{
	uint8_t cid;
	int fd;

	start(b, UNKNOWN, "--no-sync");
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	wdm_fail_read(&b->wdm, EIO);
	while (count_said(b, "being reset") == 0)
		pause_briefly();
	assert_int_equal(ask(fd, cid), QMI_ERROR_INVALID_CLIENT_ID);
	cid = talk_allocate(fd, QMI_SERVICE_NAS);
	assert_int_equal(sim_number(&b->sim, "syncs"), 0);
	talk_release(fd, QMI_SERVICE_NAS, cid);
	close(fd);
	sim_do(&b->sim, "restart");
}

/* However many writes fail, there is one line, until the modem has said something again. */
static void test_wdm_failed_writes_are_logged_once(struct bench *b)
{
	uint8_t cid;
	int fd;

	start(b, KNOWN, "--nodes=1");
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	for (unsigned int lines = 1; lines <= 2; lines++) {
		wdm_fail_writes(&b->wdm, WDM_ALL);
		for (unsigned int i = 0; i < 5; i++)
			assert_int_equal(ask(fd, cid), QMI_ERROR_INTERNAL);
		assert_int_equal(count_said(b, NOT_SENT), lines);
		wdm_fail_writes(&b->wdm, 0);
		assert_int_equal(ask(fd, cid), QMI_ERROR_NONE);
	}
	assert_int_equal(count_said(b, strerror(EIO)), 2);
	assert_int_equal(count_said(b, "warning: "), 2);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	close(fd);
}

/* Another error than EIO is of this frame alone, which is not tried again. */
static void test_wdm_write_refused(struct bench *b)
{
	uint8_t cid;
	int fd;

	start(b, KNOWN, "--nodes=1");
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	wdm_fail_write(&b->wdm, EMSGSIZE);
	assert_int_equal(ask(fd, cid), QMI_ERROR_INTERNAL);
	assert_int_equal(count_said(b, strerror(EMSGSIZE)), 1);
	assert_int_equal(b->wdm.report->failed, 1);
	assert_int_equal(ask(fd, cid), QMI_ERROR_NONE);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	close(fd);
}

/* Until a counter of SIGUSR1's line is at least this; the watchdog bounds it. */
static void await_counter(struct bench *b, const char *name, unsigned long least)
{
	while (bench_counter(b, name) < least)
		;
}

/* While a command is in flight a frame waits, is counted once, and goes when there is room. */
static void test_wdm_busy(struct bench *b)
{
	uint8_t cid;
	int fd;

	start(b, KNOWN, "--nodes=1");
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	wdm_begin_command(&b->wdm);
	send(fd, cid, 1);
	await_counter(b, " waits for a busy port", 1);
	assert_false(wait_for(fd, POLLIN, deadline_in(50)));
	wdm_end_command(&b->wdm);
	expect(fd, 1, QMI_ERROR_NONE);
	assert_int_equal(bench_counter(b, " waits for a busy port"), 1);
	assert_int_equal(count_said(b, "warning: "), 0);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	close(fd);
}

/* EIO is of the frame before if this one then has to wait: that one is answered, this one goes. */
static void test_wdm_lost_before_a_busy_port(struct bench *b)
{
	uint8_t cid;
	int fd;

	start(b, KNOWN, "--nodes=1");
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	sim_do(&b->sim, "stall on");
	send(fd, cid, 1);
	await_counter(b, " requests sent", 3);
	wdm_fail_write_twice(&b->wdm);
	send(fd, cid, 2);
	expect(fd, 1, QMI_ERROR_INTERNAL);
	assert_int_equal(count_said(b, NOT_SENT), 1);
	sim_do(&b->sim, "stall off");
	expect(fd, 2, QMI_ERROR_NONE);
	talk_expect_no_answer(fd);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	close(fd);
}

/* POLLERR that stays: the port is opened anew, its clients and sessions stay. */
static void test_wdm_is_opened_anew(struct bench *b)
{
	unsigned int files;
	unsigned int polled;
	uint8_t cid;
	int fd;

	start(b, KNOWN, "--nodes=1");
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	files = proc_count_files(b->daemon.pid);
	for (unsigned int round = 1; round <= 3; round++) {
		polled = b->wdm.report->polled;
		wdm_raise_error(&b->wdm);
		await(&b->wdm.report->opened, 1 + round);
		assert_int_equal(ask(fd, cid), QMI_ERROR_NONE);
		assert_int_equal(b->wdm.report->closed, round);
		assert_int_equal(count_said(b, FAILED), round);
		/* A read by io_uring is tried 128 times; nobody has looked again and again. */
		assert_in_range(b->wdm.report->polled - polled, 1, 200);
	}
	assert_int_equal(proc_count_files(b->daemon.pid), files);
	assert_int_equal(sim_number(&b->sim, "syncs"), 1);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	close(fd);
}

/* Not while a command is in flight, for which close() would wait; the frame that waits goes then.
 */
static void test_wdm_is_not_closed_in_flight(struct bench *b)
{
	uint8_t cid;
	int fd;

	start(b, KNOWN, "--nodes=1");
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	wdm_begin_command(&b->wdm);
	send(fd, cid, 1);
	await_counter(b, " waits for a busy port", 1);
	wdm_raise_error(&b->wdm);
	/* There is nothing to tell that it waits; it would be closed after 20 ms. */
	assert_false(wait_for(fd, POLLIN, deadline_in(200)));
	assert_int_equal(b->wdm.report->closed, 0);
	wdm_end_command(&b->wdm);
	expect(fd, 1, QMI_ERROR_NONE);
	assert_int_equal(b->wdm.report->hasty, 0);
	assert_int_equal(b->wdm.report->closed, 1);
	talk_expect_no_answer(fd);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	close(fd);
}

/* Tried again after 20, 40, 80 ms and so on, up to a second; what was written meanwhile waits. */
static void test_wdm_cannot_be_opened_anew(struct bench *b)
{
	unsigned int opened;
	int64_t began;
	uint8_t cid;
	int fd;

	start(b, KNOWN, "--nodes=1");
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	wdm_refuse(&b->wdm, EBUSY);
	began = now_ms();
	wdm_raise_error(&b->wdm);
	await(&b->wdm.report->opened, 2);
	send(fd, cid, 1);
	await(&b->wdm.report->opened, 6);
	assert_in_range(now_ms() - began, 610, 3000 * slow_factor());
	await(&b->wdm.report->opened, 9);
	assert_in_range(now_ms() - began, 3240, 5000 * slow_factor());
	assert_int_equal(count_said(b, FAILED), 1);
	wdm_refuse(&b->wdm, 0);
	expect(fd, 1, QMI_ERROR_NONE);
	/* All but the first and the last. */
	opened = b->wdm.report->opened;
	assert_int_equal(count_said(b, strerror(EBUSY)), opened - 2);
	/* The first pause is short again. */
	began = now_ms();
	wdm_raise_error(&b->wdm);
	await(&b->wdm.report->opened, opened + 1);
	assert_in_range(now_ms() - began, 0, 900 * slow_factor());
	assert_int_equal(ask(fd, cid), QMI_ERROR_NONE);
	assert_int_equal(count_said(b, FAILED), 2);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	close(fd);
}

/* One that has gone is not waited for. */
static void test_wdm_gone_before_it_is_opened_anew(struct bench *b)
{
	static const int errors[] = {ENODEV, ENXIO, ENOENT};

	for (size_t i = 0; i < 3; i++) {
		start(b, KNOWN, "--nodes=1");
		wdm_refuse(&b->wdm, errors[i]);
		wdm_raise_error(&b->wdm);
		expect_end(b);
		assert_int_equal(b->wdm.report->opened, 2);
		sysfs_restore();
		daemon_destroy(&b->daemon);
		wdm_destroy(&b->wdm);
		sim_destroy(&b->sim);
	}
}

/* What open() says at the start is said, and is no reason not to try again: status 1. */
static void test_wdm_cannot_be_opened(struct bench *b)
{
	static const struct {
		int error;
		const char *said;
	} cases[] = {
		{EBUSY, "in use by another program"},
		{EACCES, "run as root"},
		{EPERM, "run as root"},
		{ENODEV, "No such device"},
	};

	sim_start(&b->sim, (const char *[]){NULL});
	wdm_start(&b->wdm, b->sim.port);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		wdm_refuse(&b->wdm, cases[i].error);
		daemon_spawn(&b->daemon, (const char *[]){b->wdm.port, NULL});
		assert_int_equal(daemon_wait(&b->daemon, deadline_usual()), 1);
		assert_true(daemon_said(&b->daemon, cases[i].said));
		assert_true(daemon_said(&b->daemon, b->wdm.port));
		daemon_destroy(&b->daemon);
	}
}

static const struct test_case cases[] = {
	TEST_CASE(test_wdm_reads_that_fail),
	TEST_CASE(test_wdm_end),
	TEST_CASE(test_wdm_unplugged),
	TEST_CASE(test_wdm_hangs_up),
	TEST_CASE(test_wdm_unplugged_at_a_write),
	TEST_CASE(test_wdm_reset_sends_sync),
	TEST_CASE(test_wdm_reset_without_sync),
	TEST_CASE(test_wdm_failed_writes_are_logged_once),
	TEST_CASE(test_wdm_write_refused),
	TEST_CASE(test_wdm_busy),
	TEST_CASE(test_wdm_lost_before_a_busy_port),
	TEST_CASE(test_wdm_is_opened_anew),
	TEST_CASE(test_wdm_is_not_closed_in_flight),
	TEST_CASE(test_wdm_cannot_be_opened_anew),
	TEST_CASE(test_wdm_gone_before_it_is_opened_anew),
	TEST_CASE(test_wdm_cannot_be_opened),
};

const struct test_group wdm_tests = TEST_GROUP("the errors of a cdc-wdm", cases);

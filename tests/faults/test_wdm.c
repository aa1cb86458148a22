/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each error of a cdc-wdm ends the instance, loses one answer, or has no effect. */
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

/* Whether the daemon recognises the cdc-wdm as a modem's port. */
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

/* Messages that the log holds back come within seconds. */
static void await_told(const struct bench *b, const char *words, unsigned int count)
{
	int64_t deadline = deadline_usual();

	while (daemon_told(&b->daemon, words, NULL) < count) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	assert_int_equal(daemon_told(&b->daemon, words, NULL), count);
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

/* Neither a failed read nor the empty one after EIO ends the instance or loses a client. */
static void test_wdm_reads_that_fail(struct bench *b)
{
	static const int errors[] = {EIO, EIO, ENOBUFS, EINTR, EAGAIN, EPROTO, EIO};
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

/*
 * A broken driver or cable fails all reads. The daemon neither spins nor fills the log,
 * and goes on when it is over.
 */
static void test_wdm_all_reads_fail(struct bench *b)
{
	static const int errors[] = {EPROTO, ENOBUFS, EIO, EPIPE};
	unsigned int before;
	int64_t began;
	uint8_t cid;
	int fd;

	start(b, KNOWN, "--nodes=1");
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_DMS);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		before = b->wdm.report->bad_reads;
		began = now_ms();
		wdm_fail_reads(&b->wdm, errors[i]);
		send(fd, cid, 1);
		assert_false(wait_for(fd, POLLIN, deadline_in(1000)));
		wdm_fail_reads(&b->wdm, 0);
		assert_in_range(b->wdm.report->bad_reads - before, 1, (now_ms() - began) / 10);
		expect(fd, 1, QMI_ERROR_NONE);
	}
	assert_true(daemon_lines(&b->daemon) < 40);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	close(fd);
}

/* A second empty read in a row means that the port is gone. */
static void test_wdm_end(struct bench *b)
{
	start(b, KNOWN, "--nodes=1");
	wdm_fail_read(&b->wdm, WDM_END);
	expect_end(b);
}

/* An unplugged port fails with ENODEV. */
static void test_wdm_unplugged(struct bench *b)
{
	start(b, KNOWN, "--nodes=1");
	wdm_unplug(&b->wdm, ENODEV);
	expect_end(b);
}

/* A hang-up means unplugged, whatever error the read gives. */
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

/* After a reset, Sync releases the clients that the modem has kept. */
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

/* Failed writes are logged once until the modem is heard from again. */
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

/* Any error but EIO concerns this frame alone, which is not retried. */
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

/* Waits for a counter in the SIGUSR1 log line; the watchdog bounds the wait. */
static void await_counter(struct bench *b, const char *name, unsigned long least)
{
	while (bench_counter(b, name) < least)
		;
}

/* A frame waits while a command is in flight, and is counted once as waiting. */
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

/* EIO, then EAGAIN on the retry: the frame before was lost, and this one is sent later. */
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

/* If POLLERR persists, the port is reopened, and clients and sessions survive. */
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
		/* io_uring retries a read 128 times; far more would be a busy loop. */
		assert_in_range(b->wdm.report->polled - polled, 1, 200);
	}
	assert_int_equal(proc_count_files(b->daemon.pid), files);
	assert_int_equal(sim_number(&b->sim, "syncs"), 1);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	close(fd);
}

/* The port is not reopened while a command is in flight: close() would wait for it. */
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
	/* No event shows that the daemon waits. It would otherwise close the port after 20 ms. */
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

/* Retried after 20, 40, 80 ms and so on, up to a second; frames wait meanwhile. */
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
	/* Every open failed but the first and the last. */
	opened = b->wdm.report->opened;
	await_told(b, strerror(EBUSY), opened - 2);
	/* The pause is short again. */
	began = now_ms();
	wdm_raise_error(&b->wdm);
	await(&b->wdm.report->opened, opened + 1);
	assert_in_range(now_ms() - began, 0, 900 * slow_factor());
	assert_int_equal(ask(fd, cid), QMI_ERROR_NONE);
	assert_int_equal(count_said(b, FAILED), 2);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	close(fd);
}

/* If the port is gone, the daemon ends instead of retrying. */
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

/* If the first open() fails, its error is logged and the status, 1, permits a restart. */
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
	TEST_CASE(test_wdm_all_reads_fail),
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

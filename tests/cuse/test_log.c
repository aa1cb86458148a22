/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log: SIGUSR1 counters, the line for each frame, other processes with the port open. */
#include "app_session.h"
#include "proc.h"
#include "rule_groups.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Waits for these words in the log after the first from bytes, and returns that part. */
static void await_said(const struct daemon *d, size_t from, const char *words,
		       char output[DAEMON_OUTPUT_MAX])
{
	int64_t deadline = deadline_usual();

	for (;;) {
		daemon_stderr(d, output);
		memmove(output, output + from, strlen(output + from) + 1);
		if (strstr(output, words))
			return;
		if (now_ms() > deadline)
			fail_msg("the daemon did not log '%s', but:\n%s", words, output);
		pause_briefly();
	}
}

/* Returns the number at the % in these words. */
static unsigned long figure(const char *said, const char *words)
{
	const char *place = strchr(words, '%');
	size_t before = (size_t)(place - words);

	for (const char *at = said; *at; at++) {
		size_t digits = 0;

		if (strncmp(at, words, before) != 0)
			continue;
		while (isdigit((unsigned char)at[before + digits]))
			digits++;
		if (digits > 0 && (at == said || !isdigit((unsigned char)at[-1])) &&
		    strncmp(at + before + digits, place + 1, strlen(place + 1)) == 0)
			return strtoul(at + before, NULL, 10);
	}
	fail_msg("'%s' is missing from: %s", words, said);
	return 0;
}

struct figure {
	const char *words;
	unsigned long value;
};

static void expect_figures(struct bench *b, const struct figure *figures, size_t count)
{
	size_t from = daemon_stderr_size(b->daemon);
	char said[DAEMON_OUTPUT_MAX];

	daemon_signal(b->daemon, SIGUSR1);
	await_said(b->daemon, from, "restarts of the modem\n", said);
	for (size_t i = 0; i < count; i++) {
		if (figure(said, figures[i].words) != figures[i].value)
			fail_msg("'%s' should be %lu: %s", figures[i].words, figures[i].value,
				 said);
	}
}

static void drop_frames(struct bench *b, const struct client *orphan)
{
	static const uint8_t garbage[11];
	struct client nobody = {.service = QMI_SERVICE_DMS, .device = 99};

	for (uint16_t i = 0; i < 4; i++)
		modem_indicate(b->modem, orphan->service, orphan->device, i);
	for (uint16_t i = 0; i < 7; i++)
		modem_answer_client(b->modem, &nobody, i, MESSAGE_ASK, i);
	modem_send_bytes(b->modem, garbage, sizeof(garbage));
}

/* Makes two requests that are never answered and expire, which -v logs. */
static void expire(struct bench *b, int fd, const struct client *c)
{
	char said[DAEMON_OUTPUT_MAX];

	client_ask(b, fd, c, 1, MESSAGE_ASK);
	client_ask(b, fd, c, 2, MESSAGE_OTHER);
	await_said(b->daemon, 0, "did not answer DMS message 0x0026", said);
}

static void reclaim(struct bench *b, int fd, const struct client *orphan)
{
	struct message request;

	message_allocate(&request, 3, orphan->service);
	session_write(fd, &request);
	modem_refuse(b->modem, modem_expect_allocate(b->modem, orphan->service),
		     QMI_ERROR_CLIENT_IDS_EXHAUSTED);
	modem_take_release(b->modem, orphan);
	modem_grant(b->modem, modem_expect_allocate(b->modem, orphan->service), orphan->service);
	session_expect_allocated(fd, 3, orphan->service);
}

/* Sends more indications than the queue holds. Returns how many were lost. */
static unsigned long overflow(struct bench *b, int fd, const struct client *c, int other,
			      unsigned int count)
{
	struct message got;
	unsigned long lost = count;

	for (unsigned int i = 0; i < count; i++)
		modem_indicate(b->modem, c->service, c->device, i);
	fence(b, other);
	session_read_fails(fd, ENOBUFS);
	while (session_events(fd) & POLLIN) {
		session_read(fd, &got);
		lost--;
	}
	return lost;
}

/* Checks each counter. No two have the same value. */
static void test_log_counters(struct bench *b)
{
	struct client orphans[3];
	struct message sync;
	struct client c[2];
	unsigned long lost;
	int fd[3];

	bench_start(b, "-v", "--queue=256", "--transaction-timeout=1", NULL);
	for (size_t i = 0; i < 3; i++)
		fd[i] = session_open(b, 0);
	for (size_t i = 0; i < 2; i++)
		c[i] = client_allocate(b, fd[i], QMI_SERVICE_DMS);
	for (size_t i = 0; i < 3; i++)
		orphans[i] = orphan_create(b, 0, QMI_SERVICE_NAS);
	drop_frames(b, &orphans[0]);
	reclaim(b, fd[2], &orphans[0]);
	expire(b, fd[0], &c[0]);
	lost = overflow(b, fd[1], &c[1], fd[2], 40);
	/* Sync, 5 allocations, 3 to reclaim, 2 expired, 1 fence; then frames for a session. */
	expect_figures(b,
		       (const struct figure[]){
			       {"% files open", 3},
			       {"% clients,", 5},
			       {"% of them orphans", 2},
			       {"% requests sent", 12},
			       {"% in flight", 0},
			       {"the oldest for % s", 0},
			       {"% waits", 0},
			       {"% not answered", 2},
			       {"% frames delivered", 5 + 1 + 1 + 40},
			       {"% lost", lost},
			       {"% responses", 7},
			       {"% indications", 4},
			       {"reclaimed % clients", 1},
			       {"% bytes of garbage", 11},
			       {"% restarts", 0},
		       },
		       15);
	assert_in_range(lost, 20, 39);
	modem_restart(b->modem);
	session_read(fd[0], &sync);
	expect_figures(b,
		       (const struct figure[]){{"% files open", 3},
					       {"% clients,", 0},
					       {"% of them orphans", 0},
					       {"% restarts", 1}},
		       4);
}

/* Requests in flight are counted, and how long the oldest has waited. */
static void test_log_counts_what_waits(struct bench *b)
{
	struct client c;
	int64_t asked;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	asked = now_ms();
	client_ask(b, fd, &c, 1, MESSAGE_ASK);
	while (now_ms() < asked + 2100)
		pause_briefly();
	client_ask(b, fd, &c, 2, MESSAGE_ASK);
	client_ask(b, fd, &c, 3, MESSAGE_ASK);
	assert_int_equal(daemon_counter(b->daemon, " in flight, the oldest for "), 3);
	assert_in_range(daemon_counter(b->daemon, " s, 0 waits"), 2, (now_ms() - asked) / 1000);
	client_answer(b, fd, &c, 1, MESSAGE_ASK, 1);
	client_answer(b, fd, &c, 2, MESSAGE_ASK, 2);
	client_answer(b, fd, &c, 3, MESSAGE_ASK, 3);
	assert_int_equal(daemon_counter(b->daemon, " in flight, the oldest for 0 s"), 0);
}

/* A warning of the core appears as a warning, and a lower level does not. */
static void test_log_levels_of_the_core(struct bench *b)
{
	struct message sync;
	int fd;

	bench_start_without_sync(b);
	fd = session_open(b, 0);
	modem_send_bytes(b->modem, "noise", 5);
	fence(b, fd);
	modem_indicate_restart(b->modem);
	session_read(fd, &sync);
	assert_true(daemon_said(b->daemon, "\ncuse-qmux: warning: skipped 5 "));
	assert_true(daemon_said(b->daemon, "\ncuse-qmux: the modem restarted"));
}

/* Expects a line that has all of these, in this order. */
static void expect_line(const char *said, const char *const parts[])
{
	const char *line = said;

	for (; line; line = strchr(line, '\n')) {
		const char *end = strchr(++line, '\n');
		const char *at = line;
		size_t part = 0;

		while (end && parts[part] && (at = strstr(at, parts[part])) && at < end)
			at += strlen(parts[part++]);
		if (!parts[part])
			return;
	}
	/* More than cmocka would print. */
	fputs(said, stderr);
	fail_msg("no line contains '%s', '%s' and so on", parts[0], parts[1]);
}

#define assert_line(said, ...) expect_line(said, (const char *const[]){__VA_ARGS__, NULL})

#define TRACE_PAIR 40

/* The first session is on node 0. The test's session, on node 1, and its client are second. */
static int trace_frames(struct bench *b, struct client *c, char pair[TRACE_PAIR])
{
	struct message request;
	struct message sent;
	int fd;

	client_allocate(b, session_open(b, 0), QMI_SERVICE_DMS);
	fd = session_open(b, 1);
	*c = client_allocate(b, fd, QMI_SERVICE_DMS);
	message_request(&request, c->service, c->cid, 0x0102, 0x0022);
	session_write(fd, &request);
	modem_read(b->modem, &sent);
	message_response(&sent, c->service, c->device, frame_tid(sent.data), 0x0022,
			 QMI_ERROR_INTERNAL);
	modem_send(b->modem, &sent);
	session_read(fd, &request);
	modem_indicate(b->modem, c->service, c->device, 1);
	session_expect_indication(fd, c->service, c->cid, 1);
	/* The frame at the modem shows the device tid of CTL. */
	message_ctl(&request, 200, QMI_CTL_GET_VERSION_INFO);
	session_write(fd, &request);
	snprintf(pair, TRACE_PAIR, "tid 200=%u", modem_expect(b->modem, &request));
	return fd;
}

static void trace_what_has_no_name(struct bench *b, int fd, const struct client *c)
{
	struct message m;

	message_request(&m, 0xE9, 7, 0x0203, 0xABCD);
	session_write(fd, &m);
	session_expect_outcome(fd, &m, QMI_ERROR_INVALID_CLIENT_ID);
	message_response(&m, c->service, c->device, 0x0304, 0x0022, 0xFEDC);
	modem_send(b->modem, &m);
	fence(b, fd);
}

/* A line for each frame shows node, session, direction, name, both CIDs and tids, and result. */
static void test_log_trace(struct bench *b)
{
	static const char to[] = "qmi-virt1 session 2, to the modem";
	static const char from[] = "qmi-virt1 session 2, from the modem";
	char said[DAEMON_OUTPUT_MAX];
	char pair[TRACE_PAIR];
	char cids[TRACE_PAIR];
	struct client c;
	int fd;

	bench_start(b, "-vv", "-n2", NULL);
	fd = trace_frames(b, &c, pair);
	trace_what_has_no_name(b, fd, &c);
	daemon_stderr(b->daemon, said);
	snprintf(cids, sizeof(cids), "CID 1=%u, ", c.device);
	assert_line(said, to, "DMS Get Model request", cids, "tid 258=258\n");
	assert_line(said, from, "DMS Get Model response", cids, "tid 258=258", ": Internal (3)\n");
	assert_line(said, from, "indication", cids, "tid 0=0\n");
	assert_line(said, to, "CTL Get Version Info request", "CID 0=0", pair);
	assert_line(said, "qmi-virt1 session 2, answered here", "service 0xe9 0xabcd response",
		    "CID 7=", "tid 515=", "InvalidClientId (7)");
	assert_line(said, ": -, dropped", "DMS Get Model response", "=772: error (65244), ");
	assert_line(said, "qmi-virt0 session 1, to the modem", "CTL Allocate CID request");
	assert_line(said, ": -, to the modem", "CTL Sync request");
	assert_line(said, "qmi-virt0: session 1 opened by cuse-tests");
}

static void hold_port(int fd, const void *arg, struct outcome *outcome)
{
	(void)fd;
	outcome->ret = open(arg, O_RDWR | O_NOCTTY);
	if (outcome->ret >= 0)
		pause();
}

static unsigned int count_held(const struct daemon *d, const char *words)
{
	char said[DAEMON_OUTPUT_MAX];
	unsigned int count = 0;

	daemon_stderr(d, said);
	for (const char *at = said; (at = strstr(at, words)); at++)
		count++;
	return count;
}

/* Each other process that has the port open is logged in its own line; the daemon is not. */
static void test_log_holders(struct bench *b)
{
	struct instance *in = &b->instances[0];
	struct child *holders[2];
	char named[64];

	modem_open(&in->modem);
	for (size_t i = 0; i < 2; i++) {
		holders[i] = bench_blocked_child(b, hold_port, -1, in->modem.port);
	}
	daemon_spawn(&in->daemon, (const char *[]){"-n1", in->modem.port, NULL});
	instance_answer_sync(in);
	daemon_await_ready(&in->daemon, deadline_usual());
	for (size_t i = 0; i < 2; i++) {
		snprintf(named, sizeof(named), "cuse-tests (pid %d)", holders[i]->pid);
		assert_int_equal(count_held(&in->daemon, named), 1);
		child_destroy(holders[i]);
	}
	assert_int_equal(count_held(&in->daemon, "(pid "), 2);
	/* The process that looked for them has closed the files in which it did. */
	assert_false(proc_has_file(proc_child(in->daemon.pid), "/proc/"));
}

/* Nothing is logged about a process on another port. */
static void test_log_no_holder(struct bench *b)
{
	struct child *stranger;

	modem_open(&b->instances[1].modem);
	stranger = bench_blocked_child(b, hold_port, -1, b->instances[1].modem.port);
	bench_start(b, NULL);
	assert_false(daemon_said(b->daemon, "(pid "));
	child_destroy(stranger);
}

static const struct test_case cases[] = {
	TEST_CASE(test_log_counters),
	TEST_CASE(test_log_counts_what_waits),
	TEST_CASE(test_log_levels_of_the_core),
	TEST_CASE(test_log_trace),
	TEST_CASE(test_log_holders),
	TEST_CASE(test_log_no_holder),
};

const struct test_group log_tests = TEST_GROUP("the log", cases);

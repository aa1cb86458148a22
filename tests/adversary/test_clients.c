/* SPDX-License-Identifier: GPL-2.0-or-later */
/* V28: a program that takes every client it can get. */
#include "adversary_bench.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../faults/proxied.h"
#include "../faults/talk.h"
#include "requesters.h"

#define CIDS   16 /* of each service, as many modems have */
#define OTHERS 4  /* users who want a client of each service */

static const uint8_t services[] = {
	QMI_SERVICE_WDS,
	QMI_SERVICE_DMS,
	QMI_SERVICE_NAS,
	QMI_SERVICE_WMS,
	QMI_SERVICE_UIM,
	QMI_SERVICE_WDA,
	0x10,
	0x22,
};

enum hoarder_kind {
	HOARDER_HOLDS,   /* in one session */
	HOARDER_SPREADS, /* each client in a session of its own */
	HOARDER_CLOSES,  /* leaves orphans */
};

struct hoarder {
	enum hoarder_kind kind;
	unsigned int node; /* or NODE_PROXY */
};

/* True if it gets another one. */
static bool take(int fd, uint8_t service)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	uint8_t frame[FRAME_ROOM];

	frames_allocate(frame, 1, service);
	if (write(fd, frame, frame_size(frame)) < 0 || poll(&wait, 1, 10000) <= 0 ||
	    read(fd, frame, sizeof(frame)) < 0)
		_exit(1);
	return frame_error(frame) == QMI_ERROR_NONE;
}

static void take_all(unsigned int index, const void *arg, struct crowd_board *board)
{
	const struct hoarder *hoarder = arg;

	(void)index;
	for (size_t i = 0; i < sizeof(services); i++) {
		int fd = requesters_open(hoarder->node);

		/* The last one is refused. */
		for (unsigned int taken = 0; taken <= CIDS && take(fd, services[i]); taken++) {
			board->rounds++;
			if (hoarder->kind == HOARDER_CLOSES)
				close(fd);
			if (hoarder->kind != HOARDER_HOLDS)
				fd = requesters_open(hoarder->node);
		}
	}
	board->ready++;
	for (;;)
		pause();
}

static void others_get_some(void)
{
	for (unsigned int user = 0; user < OTHERS; user++) {
		int fd = crowd_open(CROWD_UID + 200 + user, user % BENCH_NODES);

		for (size_t i = 0; i < sizeof(services); i++) {
			uint8_t frame[FRAME_ROOM];
			uint8_t cid = talk_allocate(fd, services[i]);

			frames_request(frame, services[i], cid, 1, MODEM_ASK);
			assert_int_equal(talk_ask(fd, frame), QMI_ERROR_NONE);
		}
	}
}

/* Some line names the program, its process and its user. */
static bool log_names(const struct daemon *d, pid_t pid, uid_t uid)
{
	char output[DAEMON_OUTPUT_MAX];
	char pid_text[32];
	char uid_text[32];
	char *rest;

	daemon_stderr(d, output);
	snprintf(pid_text, sizeof(pid_text), "pid %d", pid);
	snprintf(uid_text, sizeof(uid_text), "%u", uid);
	for (char *line = strtok_r(output, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (strstr(line, pid_text) && strstr(line, uid_text) &&
		    strstr(line, program_invocation_short_name))
			return true;
	}
	return false;
}

static void hoard(struct bench *b, enum hoarder_kind kind, unsigned int node)
{
	struct hoarder hoarder = {kind, node};
	int64_t deadline = deadline_usual();

	bench_start_daemon(b, &(struct bench_options){.cids = CIDS, .proxy = node == NODE_PROXY});
	crowd_start(&b->crowd, 1, 1, take_all, &hoarder);
	crowd_await_ready(&b->crowd);
	print_message("[ figures  ] the hoarder has got %u clients of %zu services\n",
		      (unsigned int)b->crowd.board->rounds, sizeof(services));
	others_get_some();
	if (kind == HOARDER_CLOSES)
		return; /* orphans hurt nobody */
	while (!log_names(&b->daemon, b->crowd.pids[0], CROWD_UID)) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
}

static void test_V28_clients_beside_a_hoarder_with_one_session(struct bench *b)
{
	hoard(b, HOARDER_HOLDS, BENCH_CROWD_NODE);
}

static void test_V28_clients_beside_a_hoarder_with_many_sessions(struct bench *b)
{
	hoard(b, HOARDER_SPREADS, BENCH_CROWD_NODE);
}

static void test_V28_clients_beside_a_hoarder_of_orphans(struct bench *b)
{
	hoard(b, HOARDER_CLOSES, BENCH_CROWD_NODE);
}

static void test_V28_clients_beside_a_hoarder_with_one_connection(struct bench *b)
{
	hoard(b, HOARDER_HOLDS, NODE_PROXY);
}

static void test_V28_clients_beside_a_hoarder_with_many_connections(struct bench *b)
{
	hoard(b, HOARDER_SPREADS, NODE_PROXY);
}

static void test_V28_clients_beside_a_hoarder_of_orphans_of_connections(struct bench *b)
{
	hoard(b, HOARDER_CLOSES, NODE_PROXY);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V28_clients_beside_a_hoarder_with_one_session),
	TEST_CASE(test_V28_clients_beside_a_hoarder_with_many_sessions),
	TEST_CASE(test_V28_clients_beside_a_hoarder_of_orphans),
	TEST_CASE(test_V28_clients_beside_a_hoarder_with_one_connection),
	TEST_CASE(test_V28_clients_beside_a_hoarder_with_many_connections),
	TEST_CASE(test_V28_clients_beside_a_hoarder_of_orphans_of_connections),
};

static const struct test_case brief_cases[] = {
	TEST_CASE(test_V28_clients_beside_a_hoarder_with_one_session),
};

static const struct test_group full = TEST_GROUP("clients", cases);
static const struct test_group brief = TEST_GROUP("clients, in short", brief_cases);

const struct adversary_group clients_tests = {&full, &brief};

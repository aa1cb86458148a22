/* SPDX-License-Identifier: GPL-2.0-or-later */
/* V28: what users can make the daemon keep. */
#include "adversary_bench.h"

#include <unistd.h>

#include "../faults/footprint.h"
#include "../faults/talk.h"
#include "hoards.h"

#define KIB          1024
#define TOTAL_KIB    (32 * KIB) /* --memory, by default */
#define SHORT_KIB    (4 * KIB)
#define AFTER_KIB    KIB
#define MANY         20  /* users */
#define THREADED     6   /* sessions with blocked calls: each call is a thread */
#define BURST        300 /* indications: more than fit in a queue */
#define ACTS         5   /* of the victim, each of which may take seconds */
#define TEST_SECONDS 240
#define REST_MS      20000

/* The daemon's memory, in KiB. */
struct growth {
	long start;
	long peak;
};

static void look(struct bench *b, struct growth *g)
{
	long now = footprint_kib(b->daemon.pid);

	if (now > g->peak)
		g->peak = now;
}

/* Root gets in, and is answered, whatever the others have. */
static void root_gets_in(void)
{
	uint8_t frame[FRAME_ROOM];
	int fd = talk_open(BENCH_CROWD_NODE);
	uint8_t cid = talk_allocate(fd, QMI_SERVICE_DMS);

	frames_request(frame, QMI_SERVICE_DMS, cid, 1, MODEM_ASK);
	assert_int_equal(talk_ask(fd, frame), QMI_ERROR_NONE);
	talk_release(fd, QMI_SERVICE_DMS, cid);
	close(fd);
}

static bool is_threaded(enum hoard what)
{
	return what == HOARD_BLOCKED_WRITES || what == HOARD_BLOCKED_READS;
}

/* A process has at most 1,000 sessions, all users together fewer than 4,032. */
static unsigned int sessions_of_each(enum hoard what, unsigned int users)
{
	unsigned int most = users > 1 ? 4000 / users : CROWD_FILES - 1;

	if (adversary_is_short())
		most = users > 1 ? 60 : 300;
	if (is_threaded(what))
		return users > 1 ? 2 : THREADED;
	return most;
}

static void fill(struct bench *b, const struct hoarding *hoarding, unsigned int users,
		 struct growth *g)
{
	bool indications = hoarding->what == HOARD_INDICATIONS || hoarding->what == HOARD_ALL;

	crowd_start(&b->crowd, users, users, hoard_attack, hoarding);
	while (!crowd_is_ready(&b->crowd)) {
		look(b, g);
		pause_briefly();
	}
	if (!indications)
		return;
	modem_indicate(&b->modem, BURST);
	root_gets_in(); /* behind them */
	look(b, g);
}

static void rest(struct bench *b, const struct growth *g)
{
	int64_t deadline = deadline_in(REST_MS);
	long now;

	b->modem.habits->ignores = false;
	bench_end_crowd(b);
	do {
		pause_briefly();
		now = footprint_kib(b->daemon.pid);
	} while (now > g->start + AFTER_KIB && now_ms() < deadline);
	bench_expect("afterwards", (double)(now - g->start), AFTER_KIB, "KiB more");
}

static void hoard(struct bench *b, enum hoard what, unsigned int users)
{
	struct hoarding hoarding = {
		.what = what, .node = BENCH_CROWD_NODE, .rounds = users > 1 ? 1 : 3};
	struct bench_options options = {.memory = adversary_is_short() ? "4194304" : NULL,
					.seconds = TEST_SECONDS};
	long total = adversary_is_short() ? SHORT_KIB : TOTAL_KIB;
	struct growth g = {0};

	hoarding.sessions = sessions_of_each(what, users);
	bench_start(b, &options, BENCH_VICTIM_NODE);
	bench_measure_alone(b, VICTIM_ASK);
	root_gets_in();
	g.start = footprint_kib(b->daemon.pid);
	fill(b, &hoarding, users, &g);
	root_gets_in();
	victim_measure(&b->victim, VICTIM_ASK, ACTS, 0, &b->attacked);
	bench_show("under attack", &b->attacked, &b->victim);
	look(b, &g);
	print_message("[ figures  ] %u users with %s, in %u sessions:\n", users, hoard_name(what),
		      (unsigned int)b->crowd.board->rounds);
	bench_expect("memory", (double)(g.peak - g.start), (double)total, "KiB more");
	rest(b, &g);
}

#define HOARD(name, what)                                                                          \
	static void test_V28_memory_of_1_user_with_##name(struct bench *b)                         \
	{                                                                                          \
		hoard(b, what, 1);                                                                 \
	}                                                                                          \
	static void test_V28_memory_of_20_users_with_##name(struct bench *b)                       \
	{                                                                                          \
		hoard(b, what, MANY);                                                              \
	}

HOARD(sessions, HOARD_SESSIONS)
HOARD(partial_bytes, HOARD_PARTS)
HOARD(refusals, HOARD_REFUSALS)
HOARD(requests, HOARD_REQUESTS)
HOARD(a_waiting_write, HOARD_WRITE)
HOARD(answers, HOARD_ANSWERS)
HOARD(indications, HOARD_INDICATIONS)
HOARD(blocked_writes, HOARD_BLOCKED_WRITES)
HOARD(blocked_reads, HOARD_BLOCKED_READS)
HOARD(everything, HOARD_ALL)

#define CASES(name)                                                                                \
	TEST_CASE(test_V28_memory_of_1_user_with_##name),                                          \
		TEST_CASE(test_V28_memory_of_20_users_with_##name)

static const struct test_case cases[] = {
	CASES(sessions),        CASES(partial_bytes), CASES(refusals),    CASES(requests),
	CASES(a_waiting_write), CASES(answers),       CASES(indications), CASES(blocked_writes),
	CASES(blocked_reads),   CASES(everything),
};

static const struct test_case brief_cases[] = {
	TEST_CASE(test_V28_memory_of_1_user_with_indications),
	TEST_CASE(test_V28_memory_of_1_user_with_everything),
	TEST_CASE(test_V28_memory_of_20_users_with_a_waiting_write),
};

static const struct test_group full = TEST_GROUP("memory", cases);
static const struct test_group brief = TEST_GROUP("memory, in short", brief_cases);

const struct adversary_group memory_tests = {&full, &brief};

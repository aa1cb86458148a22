/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that do not read, a modem that stalls, and one that sends garbage: V14, V15, V19. */
#include "bench.h"

#include <errno.h>
#include <unistd.h>

#include "killer.h"
#include "life.h"
#include "talk.h"

#define DEAF_SESSIONS 4
#define DEAF_FRAMES   1024 /* what waits for a session at most */
#define CHANGES       600  /* of the signal, with two indications each */
#define CHANGES_STEP  60   /* so many at once, far from any limit of those that read */

static void await_reports(const struct steady *s, unsigned int wanted)
{
	int64_t deadline = deadline_usual();

	while (s->report->reports < wanted || s->report->infos < wanted) {
		steady_check(s);
		if (now_ms() > deadline)
			fail_msg("%u and %u indications of %u came", s->report->reports,
				 s->report->infos, wanted);
		pause_briefly();
	}
}

/* Those that read get every indication. */
static void change_signal(struct bench *b)
{
	unsigned int before[BENCH_STEADIES] = {0};

	for (size_t i = 0; i < b->steady_count; i++)
		before[i] = b->steadies[i].report->reports;
	for (unsigned int changes = 0; changes < CHANGES; changes += CHANGES_STEP) {
		for (unsigned int i = 0; i < CHANGES_STEP; i++)
			sim_do(&b->sim, "indicate signal");
		for (size_t i = 0; i < b->steady_count; i++)
			await_reports(&b->steadies[i], before[i] + changes + CHANGES_STEP);
	}
}

/* An overflow is told once, then what the queue has held comes. */
static void drain(int fd)
{
	uint8_t frame[FRAME_ROOM];
	unsigned int frames = 0;

	assert_int_equal(read(fd, frame, sizeof(frame)), -1);
	assert_int_equal(errno, ENOBUFS);
	while (read(fd, frame, sizeof(frame)) > 0)
		frames++;
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(frames, DEAF_FRAMES);
}

static void be_deaf(struct bench *b)
{
	int deaf[DEAF_SESSIONS];

	for (unsigned int i = 0; i < DEAF_SESSIONS; i++) {
		deaf[i] = talk_open(i % BENCH_NODES);
		talk_subscribe(deaf[i]);
	}
	change_signal(b);
	drain(deaf[0]);
	for (unsigned int i = 0; i < DEAF_SESSIONS; i++)
		close(deaf[i]);
}

/* V14: sessions that are not read from lose their own indications, and cost nobody else's. */
static void test_V14_programs_that_do_not_read(struct bench *b)
{
	bench_start(b, BENCH_STEADIES, 60);
	be_deaf(b);
	bench_remember(b);
	be_deaf(b);
	bench_compare(b, 0);
}

/* The same requests a second time, after they have expired: these are answered, each once. */
static void ask_anew(int fd, uint8_t cid)
{
	uint8_t frame[FRAME_ROOM];

	for (uint16_t tid = 1; tid <= 5; tid++) {
		frames_strength(frame, cid, tid, (uint8_t)(0xF0 | tid));
		assert_int_equal(talk_ask(fd, frame), QMI_ERROR_NONE);
		assert_true(frames_strength_fits(frame, (uint8_t)(0xF0 | tid)));
	}
	talk_expect_no_answer(fd);
}

static void stall(struct bench *b, int fd, uint8_t cid)
{
	uint8_t frame[FRAME_ROOM];
	unsigned int silent[BENCH_STEADIES] = {0};

	for (size_t i = 0; i < b->steady_count; i++)
		silent[i] = b->steadies[i].report->silent;
	trouble_begin(b->trouble, TROUBLE_SILENCE);
	sim_do(&b->sim, "stall on");
	for (uint16_t tid = 1; tid <= 5; tid++) {
		frames_strength(frame, cid, tid, (uint8_t)tid);
		talk_send(fd, frame);
	}
	frames_allocate(frame, 1, QMI_SERVICE_UIM);
	talk_send(fd, frame);
	/* They are more patient than the daemon. */
	for (size_t i = 0; i < b->steady_count; i++) {
		int64_t deadline = deadline_usual() + bench_timeout_ms();

		while (b->steadies[i].report->silent == silent[i]) {
			steady_check(&b->steadies[i]);
			assert_true(now_ms() < deadline);
			pause_briefly();
		}
	}
	sim_do(&b->sim, "stall off");
	trouble_end(b->trouble, TROUBLE_SILENCE);
	ask_anew(fd, cid);
}

/* V15: a modem that stalls for longer than the patience of all; its late answers are nobody's. */
static void test_V15_modem_stalls(struct bench *b)
{
	uint8_t cid;
	int fd;

	bench_start(b, BENCH_STEADIES, 60);
	bench_remember(b);
	fd = talk_open(0);
	cid = talk_allocate(fd, QMI_SERVICE_NAS);
	stall(b, fd, cid);
	talk_release(fd, QMI_SERVICE_NAS, cid);
	close(fd);
	bench_compare(b, 0);
}

/* V19: garbage before 1 % of the frames, which come in pieces, together, and in another order. */
static void test_V19_garbage_from_the_modem(struct bench *b)
{
	struct life life = {.node = 0};
	struct killing killing = {.live = life_live, .arg = &life};

	bench_start(b, BENCH_STEADIES, 60);
	bench_remember(b);
	sim_do(&b->sim, "set garbage 1");
	sim_do(&b->sim, "set split 10");
	sim_do(&b->sim, "set join 10");
	sim_do(&b->sim, "set reorder 10");
	sim_do(&b->sim, "set jitter 3");
	for (life.node = 0; life.node < BENCH_NODES; life.node++)
		assert_true(kill_life(&killing) > LIFE_CALLS);
	for (size_t i = 0; i < b->steady_count; i++)
		steady_await_answers(&b->steadies[i], 150);
	assert_true(bench_counter(b, " bytes of garbage") > 0);
	sim_do(&b->sim, "set garbage 0");
	bench_compare(b, 0);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V14_programs_that_do_not_read),
	TEST_CASE(test_V15_modem_stalls),
	TEST_CASE(test_V19_garbage_from_the_modem),
};

const struct test_group modem_tests = TEST_GROUP("programs and the modem", cases);

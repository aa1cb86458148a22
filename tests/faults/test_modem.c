/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that do not read, a modem that stalls, and one that sends garbage: V14, V15, V19. */
#include "fault_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "killer.h"
#include "life.h"
#include "talk.h"

#define PORT_WINDOW   4 /* requests at once */
#define DEAF_SESSIONS 4
#define DEAF_FRAMES   1024 /* the limit of a session's queue */
#define CHANGES       600  /* of the signal, with two indications each */
#define CHANGES_STEP  60   /* at once, far below any limit of sessions that read */

static void await_reports(const struct steady *s, unsigned int wanted)
{
	int64_t deadline = deadline_usual();

	while (s->report->reports < wanted || s->report->infos < wanted) {
		steady_check(s);
		if (now_ms() > deadline)
			fail_msg("got %u and %u indications, expected %u of each",
				 s->report->reports, s->report->infos, wanted);
		pause_briefly();
	}
}

/* Sessions that read get every indication. */
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

/* An overflow is reported once, then come the queued frames. */
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
	uint8_t frame[FRAME_ROOM];
	int deaf[DEAF_SESSIONS];
	int fd;

	for (unsigned int i = 0; i < DEAF_SESSIONS; i++) {
		deaf[i] = talk_open(i % BENCH_NODES);
		talk_subscribe(deaf[i]);
	}
	change_signal(b);
	/* The modem's answer comes after its indications. */
	fd = talk_open(0);
	frames_ctl(frame, 1, QMI_CTL_GET_VERSION_INFO);
	assert_int_equal(talk_ask(fd, frame), QMI_ERROR_NONE);
	close(fd);
	drain(deaf[0]);
	for (unsigned int i = 0; i < DEAF_SESSIONS; i++)
		close(deaf[i]);
}

/* V14: sessions that do not read lose their own indications, but no other session's. */
static void test_V14_programs_that_do_not_read(struct bench *b)
{
	bench_start(b, BENCH_STEADIES, 60);
	be_deaf(b);
	bench_remember(b);
	be_deaf(b);
	bench_compare(b, 0);
}

/* Repeats the requests that have expired. Each is answered exactly once. */
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
	/* The steady clients wait longer than the daemon's timeout. */
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

/* V15: a modem stalls for longer than anyone waits; its late answers are dropped. */
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

/* Puts garbage before 1 % of the frames, and splits, joins and reorders them. */
static void be_unruly(struct sim *s)
{
	sim_do(s, "set garbage 1");
	sim_do(s, "set split 10");
	sim_do(s, "set join 10");
	sim_do(s, "set reorder 10");
	sim_do(s, "set jitter 3");
}

/* Received directly from the port. */
struct seen {
	unsigned int frames;
	unsigned int pieces; /* reads that ended within a frame */
	unsigned int early;  /* answers that overtook one to an earlier request */
	unsigned int garbage;
	uint16_t last_tid;
	size_t len;
	uint8_t bytes[4 * FRAME_ROOM];
};

static void take_frames(struct seen *seen)
{
	enum frame_scan scan = FRAME_WHOLE;
	size_t size;

	while (seen->len > 0) {
		scan = frame_scan(seen->bytes, seen->len, FRAME_FROM_MODEM, &size);
		if (scan == FRAME_PARTIAL)
			break;
		if (scan == FRAME_WHOLE) {
			seen->frames++;
			seen->early += frame_tid(seen->bytes) < seen->last_tid;
			seen->last_tid = frame_tid(seen->bytes);
		} else {
			seen->garbage++;
			size = 1;
		}
		seen->len -= size;
		memmove(seen->bytes, seen->bytes + size, seen->len);
	}
	seen->pieces += seen->len > 0;
}

/* Sends several requests at once and reads the answers. */
static void ask_port(int fd, struct seen *seen)
{
	int64_t deadline = deadline_usual();
	uint8_t frame[FRAME_ROOM];

	seen->frames = 0;
	seen->last_tid = 0;
	for (uint8_t tid = 1; tid <= PORT_WINDOW; tid++) {
		frames_ctl(frame, tid, QMI_CTL_GET_VERSION_INFO);
		talk_send(fd, frame);
	}
	while (seen->frames < PORT_WINDOW) {
		ssize_t n;

		assert_true(wait_for(fd, POLLIN, deadline));
		n = read(fd, seen->bytes + seen->len, sizeof(seen->bytes) - seen->len);
		assert_true(n > 0);
		seen->len += (size_t)n;
		take_frames(seen);
	}
}

/* Waits until the modem has been unruly in each way; otherwise this would not test the daemon. */
static void await_unruly(struct sim *s)
{
	int64_t deadline = deadline_usual();
	struct seen seen = {0};
	struct termios raw;
	int fd = open(s->port, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	assert_return_code(fd, errno);
	assert_return_code(tcgetattr(fd, &raw), errno);
	cfmakeraw(&raw);
	assert_return_code(tcsetattr(fd, TCSANOW, &raw), errno);
	while (!seen.pieces || !seen.early || !seen.garbage) {
		assert_true(now_ms() < deadline);
		ask_port(fd, &seen);
	}
	close(fd);
}

/* One frame in a hundred has garbage before it, so a fixed number of answers may have none. */
static void await_garbage(struct bench *b)
{
	int64_t deadline = deadline_usual();

	while (bench_counter(b, " bytes of garbage") == 0) {
		assert_true(now_ms() < deadline);
		steady_await_answers(&b->steadies[0], 50);
	}
}

/* V19: garbage, and split, joined and reordered frames. */
static void test_V19_garbage_from_the_modem(struct bench *b)
{
	struct life life = {.node = 0};
	struct killing killing = {.live = life_live, .arg = &life};

	sim_start(&b->sim, (const char *[]){NULL});
	be_unruly(&b->sim);
	await_unruly(&b->sim);
	sim_destroy(&b->sim);
	bench_start(b, BENCH_STEADIES, 60);
	bench_remember(b);
	be_unruly(&b->sim);
	for (life.node = 0; life.node < BENCH_NODES; life.node++)
		assert_true(kill_life(&killing) > LIFE_CALLS);
	for (size_t i = 0; i < b->steady_count; i++)
		steady_await_answers(&b->steadies[i], 150);
	await_garbage(b);
	sim_do(&b->sim, "set garbage 0");
	bench_compare(b, 0);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V14_programs_that_do_not_read),
	TEST_CASE(test_V15_modem_stalls),
	TEST_CASE(test_V19_garbage_from_the_modem),
};

const struct test_group modem_tests = TEST_GROUP("programs and the modem", cases);

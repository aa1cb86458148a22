/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All faults at once, at random: programs on nodes and on libqmi's proxy socket start,
 * stop reading and are killed, others send it garbage or say nothing, while the modem
 * stalls, restarts and sends garbage, and its port fails.
 */
#include "fault_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../cuse/proxy_socket.h"
#include "killer.h"
#include "life.h"
#include "proxied.h"
#include "talk.h"

#define WARM_UP_MS  8000
#define CHECK_MS    10000
#define DEAF_MAX    6
#define MUTE_MAX    1000 /* connections that say nothing */
#define MUTE_STEP   250
#define BURST       30  /* changes of the signal */
#define EXPIRED_KIB 256 /* for the last 1,024 expired requests: V15 */

struct load {
	struct bench *bench;
	unsigned int seed;
	int64_t over_at[TROUBLES]; /* when a current trouble ends */
	int deaf[DEAF_MAX];
	unsigned int deaf_count;
	int mute[MUTE_MAX];
	unsigned int mute_count;
	unsigned int garbage;
	unsigned int killed;
	unsigned int lived;
	unsigned int troubles[TROUBLES];
};

static unsigned int roll(struct load *l, unsigned int below)
{
	return (unsigned int)rand_r(&l->seed) % below;
}

static bool is_there(const struct load *l, enum trouble_kind kind)
{
	return l->bench->trouble->changes[kind] % 2 == 1;
}

static bool is_quiet(const struct load *l)
{
	return !is_there(l, TROUBLE_SILENCE) && !is_there(l, TROUBLE_REFUSAL);
}

static void begin(struct load *l, enum trouble_kind kind, unsigned int most_ms)
{
	l->troubles[kind]++;
	l->over_at[kind] = now_ms() + 50 + roll(l, most_ms);
	trouble_begin(l->bench->trouble, kind);
}

static void end(struct load *l, enum trouble_kind kind)
{
	struct bench *b = l->bench;

	if (!is_there(l, kind))
		return;
	if (kind == TROUBLE_SILENCE)
		sim_do(&b->sim, "stall off");
	if (kind == TROUBLE_REFUSAL) {
		wdm_fail_writes(&b->wdm, 0);
		wdm_lose_writes(&b->wdm, 0);
	}
	trouble_end(b->trouble, kind);
}

static void end_what_is_over(struct load *l)
{
	for (unsigned int kind = 0; kind < TROUBLES; kind++) {
		if (is_there(l, kind) && now_ms() >= l->over_at[kind])
			end(l, kind);
	}
}

static void calm(struct load *l)
{
	for (unsigned int kind = 0; kind < TROUBLES; kind++)
		end(l, kind);
}

/* --- the actions ---------------------------------------------------------------- */

static unsigned int any_node(struct load *l)
{
	unsigned int node = roll(l, BENCH_NODES + 1);

	return node < BENCH_NODES ? node : NODE_PROXY;
}

static void kill_one(struct load *l)
{
	struct life life = {.node = any_node(l), .flags = roll(l, 2) ? O_NONBLOCK : 0};
	struct killing killing = {.live = life_live,
				  .arg = &life,
				  .call = 1 + roll(l, LIFE_CALLS),
				  .at = roll(l, KILL_MOMENTS),
				  .delay_us = roll(l, 5000),
				  .daemon = l->bench->daemon.pid};

	kill_life(&killing);
	l->killed++;
}

static void live_one(struct load *l)
{
	struct life life = {.node = any_node(l), .flags = roll(l, 2) ? O_NONBLOCK : 0};
	struct killing killing = {.live = life_live, .arg = &life};
	unsigned int calls;

	if (!is_quiet(l))
		return;
	calls = kill_life(&killing);
	if (calls <= LIFE_CALLS)
		fail_msg("a program got wrong answers and gave up after %u calls", calls);
	l->lived++;
}

static void die_with_half_a_frame(struct load *l)
{
	static const uint8_t half[] = {QMUX_MARKER, 12, 0, 0, 0};
	int fd = talk_open(any_node(l));

	assert_int_equal(write(fd, half, sizeof(half)), sizeof(half));
	close(fd);
}

/* Opens a session that does not read, or closes one. */
static void be_deaf(struct load *l)
{
	if (l->deaf_count > 0 && roll(l, 3) == 0) {
		close(l->deaf[--l->deaf_count]);
	} else if (l->deaf_count < DEAF_MAX && is_quiet(l)) {
		l->deaf[l->deaf_count] = talk_open(any_node(l));
		talk_subscribe(l->deaf[l->deaf_count++]);
	}
}

/* Opens connections that say nothing, every other one not even which port it wants. */
static void be_mute(struct load *l)
{
	if (l->mute_count == MUTE_MAX) {
		while (l->mute_count > 0)
			close(l->mute[--l->mute_count]);
		return;
	}
	for (unsigned int i = 0; i < MUTE_STEP; i++) {
		int fd = i % 2 ? proxy_socket_connect(0) : proxied_open(0);

		assert_return_code(fd, errno);
		l->mute[l->mute_count++] = fd;
	}
}

static void hear_again(struct load *l)
{
	while (l->deaf_count > 0)
		close(l->deaf[--l->deaf_count]);
	while (l->mute_count > 0)
		close(l->mute[--l->mute_count]);
}

/* The other side may have closed. */
static void throw(int fd, const void *bytes, size_t size)
{
	send(fd, bytes, size, MSG_NOSIGNAL);
}

/* To the broker, or to the daemon, in which case the connection must end. */
static void send_garbage(struct load *l)
{
	static const char garbage[] = "AT+CGMI\r";
	bool opened = roll(l, 2);
	int fd = opened ? proxied_open(0) : proxy_socket_connect(0);
	uint8_t frame[FRAME_ROOM];

	assert_return_code(fd, errno);
	if (!opened && roll(l, 2)) {
		proxied_begin(frame);
		throw(fd, frame, 1 + roll(l, (unsigned int)frame_size(frame) - 1));
	} else {
		throw(fd, garbage, sizeof(garbage));
		assert_true(wait_for(fd, POLLIN, deadline_usual()));
		assert_true(recv(fd, frame, sizeof(frame), 0) <= 0);
	}
	close(fd);
	l->garbage++;
}

static void change_signal(struct load *l)
{
	for (unsigned int i = 0; i < BURST; i++)
		sim_do(&l->bench->sim, "indicate signal");
}

static void change_line(struct load *l)
{
	struct sim *s = &l->bench->sim;

	sim_do(s, "set garbage %u", 1 + roll(l, 2));
	sim_do(s, "set split %u", roll(l, 10));
	sim_do(s, "set join %u", roll(l, 10));
	sim_do(s, "set reorder %u", roll(l, 10));
	sim_do(s, "set jitter %u", roll(l, 5));
}

static void sync_node(struct load *l)
{
	uint8_t frame[FRAME_ROOM];
	int fd;

	if (!is_quiet(l))
		return;
	fd = talk_open(any_node(l));
	frames_ctl(frame, 1, QMI_CTL_SYNC);
	assert_int_equal(talk_ask(fd, frame), QMI_ERROR_NONE);
	close(fd);
}

/* Sometimes longer than the daemon's transaction timeout. */
static void stall(struct load *l)
{
	if (is_there(l, TROUBLE_SILENCE) || roll(l, 2) > 0)
		return;
	begin(l, TROUBLE_SILENCE, (unsigned int)bench_timeout_ms() + 1000);
	sim_do(&l->bench->sim, "stall on");
}

static void fail_port(struct load *l)
{
	if (is_there(l, TROUBLE_REFUSAL))
		return;
	begin(l, TROUBLE_REFUSAL, 1500);
	if (roll(l, 2))
		wdm_fail_writes(&l->bench->wdm, WDM_ALL);
	else
		wdm_lose_writes(&l->bench->wdm, (unsigned char)(1 + roll(l, 20)));
}

/* No other program runs meanwhile: its old CIDs might already belong to someone else. */
static void restart(struct load *l)
{
	struct bench *b = l->bench;
	bool reset = roll(l, 2);

	if (roll(l, 2) > 0)
		return;
	calm(l);
	begin(l, TROUBLE_RESTART, 1);
	if (reset) {
		trouble_begin(b->trouble, TROUBLE_REFUSAL);
		wdm_begin_reset(&b->wdm);
	}
	sim_do(&b->sim, "restart");
	if (reset)
		wdm_end_reset(&b->wdm);
	for (size_t i = 0; i < b->steady_count; i++)
		steady_await_answers(&b->steadies[i], 12);
	calm(l);
}

static void act(struct load *l)
{
	static void (*const acts[])(struct load * l) = {
		kill_one,      kill_one,     kill_one, kill_one,  kill_one, kill_one,
		kill_one,      kill_one,     live_one, live_one,  be_deaf,  be_deaf,
		change_signal, change_line,  stall,    fail_port, restart,  die_with_half_a_frame,
		sync_node,     send_garbage, be_mute};

	acts[roll(l, sizeof(acts) / sizeof(acts[0]))](l);
	end_what_is_over(l);
	for (size_t i = 0; i < l->bench->steady_count; i++)
		steady_check(&l->bench->steadies[i]);
}

/* --- the test ------------------------------------------------------------------- */

static void act_until(struct load *l, int64_t moment)
{
	while (now_ms() < moment)
		act(l);
	calm(l);
	hear_again(l);
}

static void report(const struct load *l)
{
	unsigned int right = 0, refused = 0, lost = 0, missing = 0, indications = 0;

	for (size_t i = 0; i < l->bench->steady_count; i++) {
		const struct steady_report *one = l->bench->steadies[i].report;

		right += one->answered;
		refused += one->refused;
		lost += one->lost;
		missing += one->silent;
		indications += one->reports + one->infos;
	}
	print_message("[   info   ] programs: %u killed, %u lived; %u stalls, %u failures of the "
		      "port, %u restarts, %u times garbage; answers: %u right, %u refused, %u "
		      "lost, %u missing; %u indications\n",
		      l->killed, l->lived, l->troubles[TROUBLE_SILENCE],
		      l->troubles[TROUBLE_REFUSAL], l->troubles[TROUBLE_RESTART], l->garbage, right,
		      refused, lost, missing, indications);
}

static void allow_files(void)
{
	struct rlimit limit;

	assert_return_code(getrlimit(RLIMIT_NOFILE, &limit), errno);
	limit.rlim_cur = limit.rlim_max;
	assert_return_code(setrlimit(RLIMIT_NOFILE, &limit), errno);
}

static void test_V14_mixed_load(struct bench *b)
{
	struct load load = {.bench = b, .seed = faults_seed()};
	int64_t over;

	print_message("[   info   ] FAULTS_SEED=%u FAULTS_SECONDS=%d\n", faults_seed(),
		      faults_seconds());
	allow_files();
	bench_start_on_wdm(b, BENCH_NODES, faults_seconds() + 150);
	bench_add_proxy(b);
	while (load.mute_count < MUTE_MAX)
		be_mute(&load);
	act_until(&load, now_ms() + WARM_UP_MS);
	bench_remember(b);
	over = now_ms() + (int64_t)faults_seconds() * 1000;
	while (now_ms() < over) {
		int64_t next = now_ms() + CHECK_MS;

		act_until(&load, next < over ? next : over);
		bench_compare(b, EXPIRED_KIB);
		report(&load);
	}
	assert_int_equal(b->wdm.report->wrong, 0);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V14_mixed_load),
};

const struct test_group mixed_tests = TEST_GROUP("all mixed", cases);

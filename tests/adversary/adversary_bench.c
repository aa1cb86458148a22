/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "adversary_bench.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../cuse/watchdog.h"
#include "../faults/proxied.h"
#include "../faults/talk.h"

#define MEASURE_COUNT 2000
#define MEASURE_MS    3000
#define ALLOCATIONS   15 /* of each service, by each user of bench_populate() */

bool adversary_is_short(void)
{
	const char *wanted = getenv("ADVERSARY_SHORT");

	return wanted && atoi(wanted) > 0;
}

bool adversary_judges(void)
{
	return !daemon_is_wrapped() && slow_factor() == 1;
}

struct bench *bench_create(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	return b;
}

void bench_stop(struct bench *b)
{
	crowd_stop(&b->crowd);
	victim_stop(&b->victim);
	if (b->daemon.pid == 0)
		return;
	daemon_signal(&b->daemon, SIGTERM);
	assert_int_equal(daemon_wait(&b->daemon, deadline_usual()), 0);
}

void bench_explain(const struct bench *b)
{
	if (b->daemon.pidfd > 0)
		daemon_show_stderr(&b->daemon);
	if (b->broker.pidfd > 0)
		daemon_show_stderr(&b->broker);
}

void bench_destroy(struct bench *b)
{
	crowd_stop(&b->crowd);
	victim_destroy(&b->victim);
	daemon_destroy(&b->broker);
	daemon_destroy(&b->daemon);
	modem_destroy(&b->modem);
	free(b);
}

static void open_to_all(void)
{
	for (unsigned int node = 0; node < BENCH_NODES; node++)
		assert_return_code(chmod(node_path(node), 0666), errno);
}

void bench_start_daemon(struct bench *b, const struct bench_options *options)
{
	const char *args[6] = {"--nodes=4", "--transaction-timeout=3"};
	char memory[64];
	size_t n = 2;

	watchdog_allow(options->seconds > 0 ? options->seconds : 120);
	modem_start(&b->modem, options->cids > 0 ? options->cids : QMI_CID_MAX);
	if (options->memory) {
		snprintf(memory, sizeof(memory), "--memory=%s", options->memory);
		args[n++] = memory;
	}
	args[n++] = modem_port(&b->modem);
	daemon_spawn_prepared(&b->daemon, args, options->prepare);
	daemon_await_ready(&b->daemon, deadline_usual());
	open_to_all();
	if (options->proxy)
		proxied_start(&b->broker, modem_port(&b->modem));
}

void bench_start(struct bench *b, const struct bench_options *options, unsigned int node)
{
	bench_start_daemon(b, options);
	victim_start(&b->victim, node, modem_port(&b->modem));
}

void bench_show(const char *who, const struct timings_summary *s, const struct victim *v)
{
	print_message("[ figures  ] %-13s p50 %9.2f  p99 %9.2f  worst %9.2f ms, %u times\n", who,
		      s->p50 / 1e3, s->p99 / 1e3, s->worst / 1e3, victim_count(v));
	fflush(stdout);
}

static void measure(struct bench *b, enum victim_act act, const char *who,
		    struct timings_summary *summary)
{
	unsigned int part = adversary_is_short() ? 3 : 1;

	victim_measure(&b->victim, act, MEASURE_COUNT, MEASURE_MS / part, summary);
	bench_show(who, summary, &b->victim);
}

void bench_measure_alone(struct bench *b, enum victim_act act)
{
	measure(b, act, "alone", &b->alone);
}

void bench_measure_control(struct bench *b, enum victim_act act, unsigned int count)
{
	struct crowd spinners = {0};

	crowd_start(&spinners, count, 1, crowd_spin, NULL);
	crowd_await_ready(&spinners);
	measure(b, act, "control", &b->control);
	crowd_stop(&spinners);
}

/* Whatever the crowd does, it must do it all the time. */
void bench_measure(struct bench *b, enum victim_act act)
{
	uint64_t before = b->crowd.board->rounds;

	measure(b, act, "under attack", &b->attacked);
	assert_true(crowd_is_ready(&b->crowd));
	if (b->crowd.board->rounds == before)
		fail_msg("the attackers have done nothing meanwhile");
}

void bench_end_crowd(struct bench *b)
{
	int64_t deadline = deadline_usual();

	crowd_stop(&b->crowd);
	while (daemon_counter(&b->daemon, " files open") > (b->victim.pid > 0)) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
}

/* No more at once than a session may have in flight. */
static void allocate(int fd, uint8_t service)
{
	uint8_t frame[FRAME_ROOM];

	for (uint8_t tid = 1; tid <= ALLOCATIONS; tid++) {
		frames_allocate(frame, tid, service);
		talk_send(fd, frame);
	}
	for (unsigned int i = 0; i < ALLOCATIONS; i++) {
		talk_receive(fd, frame);
		assert_int_equal(frame_error(frame), QMI_ERROR_NONE);
	}
}

unsigned int bench_populate(unsigned int users, unsigned int node)
{
	for (unsigned int user = 0; user < users; user++) {
		int fd = crowd_open(CROWD_UID + 100 + user, node);

		for (uint8_t i = 0; i < BENCH_SERVICES; i++)
			allocate(fd, (uint8_t)(100 + i));
	}
	return users * BENCH_SERVICES * ALLOCATIONS;
}

void bench_expect(const char *what, double value, double limit, const char *unit)
{
	print_message("[ figures  ] %s: %.2f %s (limit %.2f)\n", what, value, unit, limit);
	if (adversary_judges() && value > limit)
		fail_msg("%s: %.2f %s, the limit is %.2f", what, value, unit, limit);
}

void bench_expect_median(const struct bench *b, double times)
{
	bench_expect("median", b->attacked.p50 / b->alone.p50, times, "x alone");
}

void bench_expect_p99(const struct bench *b, double times)
{
	bench_expect("99 %", b->attacked.p99 / b->control.p99, times, "x the control's");
}

void bench_expect_median_ms(const struct bench *b, double ms)
{
	bench_expect("median", b->attacked.p50 / 1e3, ms, "ms");
}

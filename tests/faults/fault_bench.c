/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fault_bench.h"
#include "../cuse/proc.h"
#include "../cuse/watchdog.h"
#include "footprint.h"
#include "proxied.h"
#include "sysfs.h"
#include "wdm_device.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TIMEOUT_SECONDS 2
#define ORPHAN_MS       5000 /* far longer than --orphan-timeout */

struct bench *bench_create(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->trouble = mmap(NULL, sizeof(*b->trouble), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(b->trouble, MAP_FAILED);
	return b;
}

/* A killed daemon does not give the port's name back (V27). */
static void clear_names(void)
{
	unlink("/dev/" WDM_NAME);
	unlink("/dev/qmi-real/" WDM_NAME);
	rmdir("/dev/qmi-real");
}

void bench_destroy(struct bench *b)
{
	for (size_t i = 0; i < BENCH_STEADIES; i++)
		steady_destroy(&b->steadies[i]);
	daemon_destroy(&b->broker);
	daemon_destroy(&b->daemon);
	sysfs_restore();
	wdm_destroy(&b->wdm);
	clear_names();
	sim_destroy(&b->sim);
	munmap(b->trouble, sizeof(*b->trouble));
	free(b);
}

void bench_explain(const struct bench *b)
{
	if (b->daemon.pidfd > 0)
		daemon_show_stderr(&b->daemon);
	if (b->broker.pidfd > 0)
		daemon_show_stderr(&b->broker);
}

int bench_timeout_ms(void)
{
	return TIMEOUT_SECONDS * 1000 * slow_factor();
}

static void start_daemon(struct bench *b, const char *port, size_t steadies, int seconds)
{
	char nodes[32];
	char timeout[64];
	char ctl_timeout[64];
	const char *args[] = {nodes, timeout, ctl_timeout, "--orphan-timeout=1", port, NULL};

	snprintf(nodes, sizeof(nodes), "--nodes=%d", BENCH_NODES);
	snprintf(timeout, sizeof(timeout), "--transaction-timeout=%d", bench_timeout_ms() / 1000);
	snprintf(ctl_timeout, sizeof(ctl_timeout), "--ctl-timeout=%d", bench_timeout_ms() / 1000);
	watchdog_allow(seconds);
	daemon_spawn(&b->daemon, args);
	daemon_await_ready(&b->daemon, deadline_usual());
	for (b->steady_count = 0; b->steady_count < steadies; b->steady_count++)
		steady_start(&b->steadies[b->steady_count],
			     (unsigned int)b->steady_count % BENCH_NODES, b->trouble);
}

static const char *const sim_options[] = {"--scan-time=50", NULL};

void bench_start(struct bench *b, size_t steadies, int seconds)
{
	sim_start(&b->sim, sim_options);
	start_daemon(b, b->sim.port, steadies, seconds);
}

void bench_start_on_wdm(struct bench *b, size_t steadies, int seconds)
{
	sim_start(&b->sim, sim_options);
	wdm_start(&b->wdm, b->sim.port);
	start_daemon(b, b->wdm.port, steadies, seconds);
}

void bench_add_proxy(struct bench *b)
{
	proxied_start(&b->broker, b->wdm.port);
	steady_start(&b->steadies[b->steady_count], NODE_PROXY, b->trouble);
	b->steady_count++;
}

static struct cost cost_of(const struct daemon *d)
{
	return (struct cost){.files = proc_count_files(d->pid), .rss = footprint_kib(d->pid)};
}

void bench_remember(struct bench *b)
{
	bench_check(b);
	b->before = cost_of(&b->daemon);
	if (b->broker.pid > 0)
		b->broker_before = cost_of(&b->broker);
}

/* True if the modem holds one DMS and one NAS client for each steady client, and no others. */
static bool cids_are(struct bench *b, size_t steadies)
{
	return sim_number(&b->sim, "cids.dms") == steadies &&
	       sim_number(&b->sim, "cids.nas") == steadies &&
	       sim_number(&b->sim, "cids.total") == 2 * steadies;
}

static void await_cids(struct bench *b, size_t steadies)
{
	int64_t deadline = deadline_in(ORPHAN_MS) + bench_timeout_ms();

	while (!cids_are(b, steadies)) {
		if (now_ms() > deadline)
			fail_msg("expected %zu clients for %zu steady clients, got: %s",
				 2 * steadies, steadies, sim_text(&b->sim, "clients"));
		pause_briefly();
	}
}

void bench_check(struct bench *b)
{
	for (size_t i = 0; i < b->steady_count; i++) {
		steady_check(&b->steadies[i]);
		steady_await_answers(&b->steadies[i], 8);
		assert_true(b->steadies[i].report->settled);
	}
	await_cids(b, b->steady_count);
}

unsigned long bench_counter(struct bench *b, const char *words)
{
	return daemon_counter(&b->daemon, words);
}

/* Whatever the test has closed is closed there, too. */
static void await_files(const struct daemon *d, unsigned int files)
{
	int64_t deadline = deadline_usual();

	while (proc_count_files(d->pid) > files && now_ms() < deadline)
		pause_briefly();
	assert_int_equal(proc_count_files(d->pid), files);
}

static void compare(const struct daemon *d, const char *whose, const struct cost *before, long more)
{
	struct cost cost;

	await_files(d, before->files);
	if (daemon_is_wrapped())
		return;
	cost = cost_of(d);
	print_message("[   info   ] %s memory %ld KiB, then %ld KiB\n", whose, before->rss,
		      cost.rss);
	assert_in_range(cost.rss, 1, before->rss + BENCH_SLACK + more);
}

void bench_compare(struct bench *b, long more)
{
	bench_check(b);
	compare(&b->daemon, "the daemon's", &b->before, more);
	assert_int_equal(bench_counter(b, " files open"), b->steady_count);
	if (b->broker.pid > 0)
		compare(&b->broker, "the broker's", &b->broker_before, 0);
}

/* If the daemon still runs, SIGTERM must end it with status 0 and leave no client on the modem
 * (V18). */
void bench_stop(struct bench *b)
{
	if (b->daemon.pid == 0)
		return;
	for (size_t i = 0; i < b->steady_count; i++)
		steady_stop(&b->steadies[i]);
	await_cids(b, 0);
	daemon_signal(&b->daemon, SIGTERM);
	assert_int_equal(daemon_wait(&b->daemon, deadline_usual()), 0);
	assert_int_equal(sim_number(&b->sim, "cids.total"), 0);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule_bench.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 16

struct bench *bench_create(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	for (size_t i = 0; i < BENCH_INSTANCES; i++)
		b->instances[i].modem.fd = -1;
	b->modem = &b->instances[0].modem;
	b->daemon = &b->instances[0].daemon;
	return b;
}

static void close_sessions(struct bench *b)
{
	for (size_t i = 0; i < b->session_count; i++) {
		if (b->sessions[i] >= 0)
			close(b->sessions[i]);
	}
	b->session_count = 0;
}

void bench_destroy(struct bench *b)
{
	for (size_t i = 0; i < BENCH_CHILDREN; i++)
		child_destroy(&b->children[i]);
	for (size_t i = 0; i < BENCH_INSTANCES; i++) {
		daemon_destroy(&b->instances[i].daemon);
		modem_close(&b->instances[i].modem);
	}
	close_sessions(b);
	free(b);
}

void bench_explain(const struct bench *b)
{
	for (size_t i = 0; i < BENCH_INSTANCES; i++) {
		if (b->instances[i].daemon.pidfd > 0)
			daemon_show_stderr(&b->instances[i].daemon);
	}
}

void bench_skip_if_wrapped(void)
{
	if (!daemon_is_wrapped())
		return;
	count_skipped();
	skip();
}

void instance_spawn(struct instance *in, const char *const options[], const char *port)
{
	const char *args[OPTIONS_MAX + 2];
	size_t n = 0;

	while (options[n] && n < OPTIONS_MAX) {
		args[n] = options[n];
		n++;
	}
	modem_open(&in->modem);
	args[n++] = port ? port : in->modem.port;
	args[n] = NULL;
	daemon_spawn(&in->daemon, args);
}

void instance_answer_sync(struct instance *in)
{
	struct pollfd wait[2] = {{.fd = in->modem.fd, .events = POLLIN},
				 {.fd = in->daemon.pidfd, .events = POLLIN}};
	struct message sync;

	if (poll(wait, 2, usual_ms()) > 0 && wait[1].revents)
		fail_msg("the daemon ended instead of starting");
	message_ctl(&sync, 0, QMI_CTL_SYNC);
	frame_set_tid(sync.data, modem_expect(&in->modem, &sync));
	modem_answer(&in->modem, &sync, QMI_ERROR_NONE);
}

void instance_start(struct instance *in, const char *const options[])
{
	instance_spawn(in, options, NULL);
	instance_answer_sync(in);
	daemon_await_ready(&in->daemon, deadline_usual());
}

void instance_start_with(struct instance *in, const char *first, va_list others)
{
	const char *options[OPTIONS_MAX + 1] = {first};
	size_t n = 1;

	while (n < OPTIONS_MAX && (options[n] = va_arg(others, const char *)))
		n++;
	options[n] = NULL;
	instance_start(in, options);
}

void bench_start(struct bench *b, ...)
{
	va_list options;

	va_start(options, b);
	instance_start_with(&b->instances[0], "--nodes=1", options);
	va_end(options);
}

void bench_start_without_sync(struct bench *b)
{
	instance_spawn(&b->instances[0], (const char *[]){"--nodes=1", "--no-sync", NULL}, NULL);
	daemon_await_ready(b->daemon, deadline_usual());
}

/* True if the daemon still has the port open, as far as its modem can tell. */
static bool serve_once(struct modem *m, int pidfd, int64_t deadline)
{
	struct pollfd wait[2] = {{.fd = m->fd, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};
	struct message got;
	int64_t left = deadline - now_ms();

	poll(wait, 2, left > 0 ? (int)left : 0);
	if (!(wait[0].revents & POLLIN))
		return !wait[0].revents && !wait[1].revents && left > 0;
	while (modem_try_read(m, &got, now_ms()))
		modem_settle(m, &got);
	return true;
}

int instance_settle(struct instance *in, int64_t deadline)
{
	while (in->modem.fd >= 0 && serve_once(&in->modem, in->daemon.pidfd, deadline))
		;
	return daemon_wait(&in->daemon, deadline);
}

void instance_stop(struct instance *in)
{
	daemon_signal(&in->daemon, SIGTERM);
	assert_int_equal(instance_settle(in, deadline_usual()), 0);
	assert_int_equal(modem_count_held(&in->modem), 0);
}

/* Stops all running instances. One whose modem was unplugged must end by itself (V17). */
void bench_stop(struct bench *b)
{
	close_sessions(b);
	for (size_t i = 0; i < BENCH_INSTANCES; i++) {
		struct instance *in = &b->instances[i];

		if (in->daemon.pid > 0 && in->modem.fd >= 0)
			instance_stop(in);
		else if (in->daemon.pid > 0)
			assert_int_equal(daemon_wait(&in->daemon, deadline_usual()), 0);
	}
}

struct child *bench_child(struct bench *b, child_fn *fn, int fd, const void *arg)
{
	for (size_t i = 0; i < BENCH_CHILDREN; i++) {
		if (b->children[i].pid != 0)
			continue;
		child_start(&b->children[i], fn, fd, arg);
		return &b->children[i];
	}
	fail_msg("no room for another child");
	return NULL;
}

struct child *bench_blocked_child(struct bench *b, child_fn *fn, int fd, const void *arg)
{
	struct child *child = bench_child(b, fn, fd, arg);

	child_await_blocked(child);
	return child;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "victim.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../bench/connection.h"
#include "../cuse/cmocka-all.h"
#include "../cuse/timing.h"
#include "../faults/frames.h"
#include "../faults/proxied.h"
#include "crowd.h"

#define LATE_MS 60000

struct order {
	enum victim_act act;
	unsigned int count;
	unsigned int ms;
};

/* The victim's process. */
struct self {
	struct connection connection;
	const char *port;
	uint8_t dms;
	struct timing *list;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void connect_once(const struct self *self)
{
	struct connection other;

	connection_open(&other, self->port, true, READING_POLLS);
	connection_ask(&other, self->dms);
	connection_close(&other);
}

static void act_once(struct self *self, enum victim_act act, struct timing *timing)
{
	uint8_t cid = QMI_CID_NONE;

	/* Something to release. */
	if (act == VICTIM_SYNC)
		connection_allocate(&self->connection, QMI_SERVICE_UIM);
	timing->begin = now_ns();
	if (act == VICTIM_ASK)
		connection_ask(&self->connection, self->dms);
	else if (act == VICTIM_ALLOCATE)
		cid = connection_allocate(&self->connection, QMI_SERVICE_UIM);
	else if (act == VICTIM_SYNC)
		connection_sync(&self->connection);
	else
		connect_once(self);
	timing->end = now_ns();
	if (cid != QMI_CID_NONE)
		connection_release(&self->connection, QMI_SERVICE_UIM, cid);
}

/* Returns how often it has acted. */
static unsigned int carry_out(struct self *self, const struct order *order)
{
	uint64_t over = now_ns() + order->ms * UINT64_C(1000000);
	unsigned int done = 0;

	while (done < order->count && (done < VICTIM_FEW || now_ns() < over))
		act_once(self, order->act, &self->list[done++]);
	return done;
}

__attribute__((noreturn)) static void live(struct self *self, unsigned int node, int orders)
{
	struct order order = {.act = VICTIM_ASK};
	unsigned int done = 0;

	crowd_become(VICTIM_UID);
	if (node == NODE_PROXY)
		connection_open(&self->connection, self->port, true, READING_POLLS);
	else
		connection_open(&self->connection, node_path(node), false, READING_POLLS);
	self->connection.patience = usual_ms();
	self->dms = connection_allocate(&self->connection, QMI_SERVICE_DMS);
	do {
		if (write(orders, &done, sizeof(done)) != sizeof(done))
			_exit(1);
		if (read(orders, &order, sizeof(order)) != sizeof(order))
			_exit(1);
		done = carry_out(self, &order);
		if (order.act == VICTIM_SYNC)
			self->dms = connection_allocate(&self->connection, QMI_SERVICE_DMS);
	} while (order.count > 0);
	connection_release(&self->connection, QMI_SERVICE_DMS, self->dms);
	_exit(0);
}

/* It prints what is wrong before it ends. */
static unsigned int await_report(const struct victim *v)
{
	unsigned int done;

	if (!wait_for(v->orders, POLLIN, deadline_in(LATE_MS)))
		fail_msg("the victim is not done after %d s", LATE_MS / 1000);
	if (read(v->orders, &done, sizeof(done)) != sizeof(done))
		fail_msg("the victim has failed");
	return done;
}

void victim_start(struct victim *v, unsigned int node, const char *port)
{
	static struct self self;
	int ends[2];

	timings_create(&v->timings, 1, VICTIM_MAX);
	self = (struct self){.port = port, .list = v->timings.list};
	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), errno);
	fflush(NULL);
	v->pid = fork();
	assert_return_code(v->pid, errno);
	if (v->pid == 0) {
		dup2(ends[1], STDERR_FILENO + 1);
		close_range(STDERR_FILENO + 2, ~0U, 0);
		live(&self, node, STDERR_FILENO + 1);
	}
	close(ends[1]);
	v->orders = ends[0];
	await_report(v);
}

void victim_measure(struct victim *v, enum victim_act act, unsigned int count, unsigned int ms,
		    struct timings_summary *summary)
{
	struct order order = {act, count, ms};

	assert_in_range(count, 1, VICTIM_MAX);
	assert_int_equal(write(v->orders, &order, sizeof(order)), sizeof(order));
	v->timings.each = await_report(v);
	timings_summarize(&v->timings, summary);
}

unsigned int victim_count(const struct victim *v)
{
	return v->timings.each;
}

void victim_stop(struct victim *v)
{
	struct order end = {.act = VICTIM_ASK};
	int status;

	if (v->pid == 0)
		return;
	assert_int_equal(write(v->orders, &end, sizeof(end)), sizeof(end));
	assert_int_equal(waitpid(v->pid, &status, 0), v->pid);
	v->pid = 0;
	close(v->orders);
	assert_int_equal(status, 0);
}

void victim_destroy(struct victim *v)
{
	if (v->pid > 0) {
		kill(v->pid, SIGKILL);
		waitpid(v->pid, NULL, 0);
		close(v->orders);
	}
	if (v->timings.list)
		munmap(v->timings.list, VICTIM_MAX * sizeof(*v->timings.list));
	memset(v, 0, sizeof(*v));
}

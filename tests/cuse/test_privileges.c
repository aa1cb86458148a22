/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon may do once it serves: no more than it needs. */
#include "app_session.h"
#include "rule_groups.h"

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Returns the number of this line in /proc/PID/status. */
static unsigned long long status_of(const struct daemon *d, const char *key)
{
	unsigned long long value = 0;
	char line[256];
	char path[64];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", d->pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (!found && fgets(line, sizeof(line), file)) {
		found = strncmp(line, key, strlen(key)) == 0;
		value = strtoull(line + strcspn(line, "\t"), NULL, 16);
	}
	fclose(file);
	assert_true(found);
	return value;
}

static void expect_capabilities(const struct daemon *d, unsigned long long kept)
{
	assert_int_equal(status_of(d, "CapPrm:"), kept);
	assert_int_equal(status_of(d, "CapEff:"), kept);
	assert_int_equal(status_of(d, "CapInh:"), 0);
	assert_int_equal(status_of(d, "CapAmb:"), 0);
	assert_int_equal(status_of(d, "NoNewPrivs:"), 1);
}

/* It has no capability left, serves, and can remove its nodes. */
static void test_privileges_none_left(struct bench *b)
{
	bench_skip_if_wrapped();
	bench_start(b, "-n2", NULL);
	expect_capabilities(b->daemon, 0);
	fence(b, session_open(b, 0));
	bench_stop(b);
	assert_int_equal(access(NODE_PREFIX "0", F_OK), -1);
	assert_int_equal(access(NODE_PREFIX, F_OK), -1);
	assert_int_equal(access("/run/cuse-qmux/qmi-virt0", F_OK), -1);
}

/* Before there is a node, it has only what making one may need. */
static void test_privileges_before_the_nodes(struct bench *b)
{
	struct instance *in = &b->instances[0];
	struct message sync;

	bench_skip_if_wrapped();
	instance_spawn(in, (const char *[]){NULL}, NULL);
	message_ctl(&sync, 0, QMI_CTL_SYNC);
	frame_set_tid(sync.data, modem_expect(&in->modem, &sync));
	expect_capabilities(&in->daemon, 1ULL << CAP_MKNOD | 1ULL << CAP_FOWNER);
	modem_answer(&in->modem, &sync, QMI_ERROR_NONE);
	daemon_await_ready(&in->daemon, deadline_usual());
}

/* To open a port again that belongs to someone else, it needs one. */
static void test_privileges_for_a_users_port(struct bench *b)
{
	struct instance *in = &b->instances[0];

	bench_skip_if_wrapped();
	modem_open(&in->modem);
	assert_return_code(chown(in->modem.port, 1, 1), errno);
	daemon_spawn(&in->daemon, (const char *[]){"-n1", in->modem.port, NULL});
	instance_answer_sync(in);
	daemon_await_ready(&in->daemon, deadline_usual());
	expect_capabilities(&in->daemon, 1ULL << CAP_DAC_OVERRIDE);
}

static const struct test_case cases[] = {
	TEST_CASE(test_privileges_none_left),
	TEST_CASE(test_privileges_before_the_nodes),
	TEST_CASE(test_privileges_for_a_users_port),
};

const struct test_group privilege_tests = TEST_GROUP("privileges", cases);

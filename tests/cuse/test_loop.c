/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The choice of the event loop, and its behaviour when resources are missing. */
#include "app_session.h"
#include "proc.h"
#include "rule_groups.h"

#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* Makes the system call fail with EPERM, in this process and in programs it runs. */
static void deny(unsigned int number)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(126);
}

static void deny_setup(void)
{
	deny(__NR_io_uring_setup);
}

static void deny_enter(void)
{
	deny(__NR_io_uring_enter);
}

static bool has_ring(const struct daemon *d)
{
	return proc_has_file(d->pid, "io_uring");
}

static bool kernel_has_ring(void)
{
	struct io_uring_params params = {0};
	long fd = syscall(__NR_io_uring_setup, 4, &params);

	if (fd < 0)
		return false;
	close((int)fd);
	return true;
}

static void start_prepared(struct bench *b, void (*prepare)(void), const char *option)
{
	struct instance *in = &b->instances[0];

	modem_open(&in->modem);
	daemon_spawn_prepared(&in->daemon, (const char *[]){"-n2", option, in->modem.port, NULL},
			      prepare);
}

/* The loop uses io_uring if available, and epoll on request. */
static void test_loop_is_the_one_that_was_asked_for(struct bench *b)
{
	const char *asked = getenv("CUSE_QMUX_LOOP");
	bool epoll = asked && strcmp(asked, "epoll") == 0;

	bench_skip_if_wrapped();
	bench_start(b, NULL);
	assert_int_equal(has_ring(b->daemon), !epoll && kernel_has_ring());
}

/* If io_uring is forbidden, as in containers, epoll is used. */
static void work_without_ring(struct bench *b, void (*prepare)(void))
{
	struct client c;
	int fd;

	start_prepared(b, prepare, "-v");
	instance_answer_sync(&b->instances[0]);
	daemon_await_ready(b->daemon, deadline_usual());
	assert_false(has_ring(b->daemon));
	fd = session_open(b, 1);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	client_round_trip(b, fd, &c);
}

static void test_loop_without_ring(struct bench *b)
{
	bench_skip_if_wrapped();
	work_without_ring(b, deny_setup);
}

/* A filter may allow only the creation of a ring. */
static void test_loop_with_half_a_ring(struct bench *b)
{
	bench_skip_if_wrapped();
	work_without_ring(b, deny_enter);
}

static rlim_t descriptors;

static void limit_descriptors(void)
{
	struct rlimit limit = {descriptors, descriptors};

	setrlimit(RLIMIT_NOFILE, &limit);
}

/* With too few descriptors, at any step, the daemon logs that and exits without leaving a node. */
static void test_loop_few_descriptors(struct bench *b)
{
	unsigned int needed;

	bench_skip_if_wrapped();
	bench_start(b, "-n2", NULL);
	/* The socket used for the notification is closed again. */
	fence(b, session_open(b, 0));
	needed = proc_count_files(b->daemon->pid);
	bench_stop(b);
	for (descriptors = needed - 2; descriptors < needed; descriptors++) {
		daemon_destroy(b->daemon);
		modem_close(b->modem);
		start_prepared(b, limit_descriptors, "--no-sync");
		assert_int_equal(daemon_wait(b->daemon, deadline_usual()), EXIT_FAILURE);
		assert_true(daemon_stderr_size(b->daemon) > 0);
		assert_int_equal(access(NODE_PREFIX "/0", F_OK), -1);
		assert_int_equal(access(NODE_PREFIX "0", F_OK), -1);
		assert_int_equal(access("/run/cuse-qmux/qmi-virt0", F_OK), -1);
	}
}

static const struct test_case cases[] = {
	TEST_CASE(test_loop_is_the_one_that_was_asked_for),
	TEST_CASE(test_loop_without_ring),
	TEST_CASE(test_loop_with_half_a_ring),
	TEST_CASE(test_loop_few_descriptors),
};

const struct test_group loop_tests = TEST_GROUP("the event loop", cases);

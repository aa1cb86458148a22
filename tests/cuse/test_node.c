/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interference of the kernel and other programs with the nodes: V25. The nodes here have
 * their own prefix, so that anything a failed test leaves in /dev does not disturb other
 * tests.
 */
#include "app_session.h"
#include "proc.h"
#include "rogue.h"
#include "rule_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define NAME     "qmi-node"
#define OPTION   "--name=" NAME
#define DEV(n)   "/dev/" NAME #n
#define ALIASES  "/dev/" NAME
#define RUN(n)   "/run/cuse-qmux/" NAME #n
#define CLASS(n) "/sys/class/cuse/" NAME #n
#define LOCK     "/run/cuse-qmux/lock"

/* A device number that no driver has, according to sysfs. */
#define NO_DEVICE makedev(4000, 77)

static void start(struct bench *b, const char *nodes)
{
	instance_start(&b->instances[0], (const char *[]){OPTION, nodes, NULL});
}

static dev_t device_of(const char *path)
{
	struct stat st;

	assert_return_code(lstat(path, &st), errno);
	assert_true(S_ISCHR(st.st_mode));
	return st.st_rdev;
}

/* Returns the node's device number from sysfs. */
static dev_t kernel_device(const char *class)
{
	char path[64];
	unsigned int major;
	unsigned int minor;
	FILE *file;

	snprintf(path, sizeof(path), "%s/dev", class);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%u:%u", &major, &minor), 2);
	fclose(file);
	return makedev(major, minor);
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* Checks that nothing is left of node 0 or of any alias. */
static void expect_nothing_left(void)
{
	assert_false(exists(DEV(0)));
	assert_false(exists(CLASS(0)));
	assert_false(exists(RUN(0)));
	assert_false(exists(ALIASES));
}

/* Expects the instance to fail by itself as soon as its sessions have closed. */
static void expect_failure(struct bench *b)
{
	assert_int_equal(daemon_wait(b->daemon, deadline_usual()), EXIT_FAILURE);
	expect_nothing_left();
}

/* If the kernel takes a node away, the instance releases everything in order and fails. */
static void test_node_aborted(struct bench *b)
{
	size_t said;
	struct client c;
	int abort;
	int fd;
	uint8_t tid;

	start(b, "-n2");
	fd = session_open_path(b, DEV(1), O_RDWR | O_NONBLOCK);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	abort = open(CLASS(0) "/abort", O_WRONLY | O_CLOEXEC);
	assert_return_code(abort, errno);
	assert_int_equal(write(abort, "1", 1), 1);
	close(abort);
	tid = modem_expect_release(b->modem, c.service, c.device);
	said = daemon_stderr_size(b->daemon);
	for (int i = 0; i < 20; i++)
		session_read_fails(fd, EAGAIN);
	/* The lost node causes no more events. */
	assert_int_equal(daemon_stderr_size(b->daemon), said);
	modem_confirm_release(b->modem, tid, c.service, c.device);
	assert_true(wait_for(fd, 0, deadline_usual()));
	session_read_fails(fd, ENODEV);
	session_close(b, fd);
	assert_int_equal(daemon_wait(b->daemon, deadline_in(1500)), EXIT_FAILURE);
	expect_nothing_left();
}

/* V25: the name of another driver's device is not free, and that device stays untouched. */
static void test_V25_other_drivers_device(struct bench *b)
{
	unlink(DEV(0));
	assert_return_code(mknod(DEV(0), S_IFCHR | 0600, makedev(1, 3)), errno);
	start(b, "-n1");
	assert_int_equal(device_of(DEV(0)), makedev(1, 3));
	assert_int_equal(device_of(DEV(1)), kernel_device(CLASS(1)));
	bench_stop(b);
	assert_int_equal(device_of(DEV(0)), makedev(1, 3));
	assert_false(exists(DEV(1)));
	assert_return_code(unlink(DEV(0)), errno);
}

/* V25: the name of a CUSE device without a file in /dev is not free either. */
static void test_V25_other_cuse_device(struct bench *b)
{
	int rogue = rogue_device(NAME "0");

	assert_return_code(rogue, errno);
	unlink(DEV(0));
	start(b, "-n1");
	assert_false(exists(DEV(0)));
	assert_int_equal(device_of(DEV(1)), kernel_device(CLASS(1)));
	bench_stop(b);
	close(rogue);
}

/* V25: a file that is not a device is replaced by the node. */
static void test_V25_leftovers_are_replaced(struct bench *b)
{
	unlink(DEV(0));
	unlink(DEV(1));
	unlink(DEV(2));
	assert_return_code(mknod(DEV(0), S_IFCHR | 0666, NO_DEVICE), errno);
	assert_return_code(mknod(DEV(1), S_IFREG | 0666, 0), errno);
	assert_return_code(symlink("/run/nowhere", DEV(2)), errno);
	start(b, "-n3");
	assert_int_equal(device_of(DEV(0)), kernel_device(CLASS(0)));
	assert_int_equal(device_of(DEV(1)), kernel_device(CLASS(1)));
	assert_int_equal(device_of(DEV(2)), kernel_device(CLASS(2)));
	bench_stop(b);
	expect_nothing_left();
	assert_false(exists(DEV(1)));
	assert_false(exists(DEV(2)));
}

/* All nodes of an instance share a major number, because those are few. */
static void test_V25_one_major_number(struct bench *b)
{
	start(b, "-n3");
	assert_int_equal(major(device_of(DEV(1))), major(device_of(DEV(0))));
	assert_int_equal(major(device_of(DEV(2))), major(device_of(DEV(0))));
	assert_int_equal(minor(device_of(DEV(0))), 0);
	assert_int_equal(minor(device_of(DEV(2))), 2);
}

/* Instances look for a free name one at a time. */
static void test_V25_names_wait_for_the_lock(struct bench *b)
{
	struct instance *in = &b->instances[0];
	int lock;

	mkdir("/run/cuse-qmux", 0755);
	lock = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_return_code(lock, errno);
	assert_return_code(flock(lock, LOCK_EX), errno);
	instance_spawn(in, (const char *[]){OPTION, "-n1", NULL}, NULL);
	instance_answer_sync(in);
	proc_await_lock(in->daemon.pid, true);
	assert_false(exists(CLASS(0)));
	close(lock);
	daemon_await_ready(&in->daemon, deadline_usual());
}

/* Reads events up to the first with this name. Returns its watch. */
static int first_event(int events, const char *path)
{
	static char buffer[4096] __attribute__((aligned(8)));
	const char *name = strrchr(path, '/') + 1;
	static ssize_t length;
	static ssize_t at;

	for (;;) {
		const struct inotify_event *event;

		if (at >= length) {
			assert_true(wait_for(events, POLLIN, deadline_usual()));
			length = read(events, buffer, sizeof(buffer));
			assert_true(length > 0);
			at = 0;
		}
		event = (const void *)(buffer + at);
		at += (ssize_t)(sizeof(*event) + event->len);
		if (event->len && strcmp(event->name, name) == 0)
			return event->wd;
	}
}

/* The file with a node's properties exists before the node, so udev can always read it. */
static void test_V25_properties_come_first(struct bench *b)
{
	int events = inotify_init1(IN_CLOEXEC);
	int run;
	int dev;

	mkdir("/run/cuse-qmux", 0755);
	run = inotify_add_watch(events, "/run/cuse-qmux", IN_CLOSE_WRITE);
	dev = inotify_add_watch(events, "/dev", IN_CREATE);
	assert_return_code(run, errno);
	assert_return_code(dev, errno);
	start(b, "-n1");
	/* Whatever else happens there. */
	assert_int_equal(first_event(events, RUN(0)), run);
	assert_int_equal(first_event(events, DEV(0)), dev);
	close(events);
	bench_stop(b);
	expect_nothing_left();
}

/* What a user may write there, udev would believe. */
static void test_V25_properties_are_the_daemons(struct bench *b)
{
	mode_t before = umask(0);
	struct stat st;
	int old;

	mkdir("/run/cuse-qmux", 0755);
	old = open(RUN(0), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	start(b, "-n1");
	umask(before);
	assert_return_code(stat(RUN(0), &st), errno);
	assert_int_equal(st.st_mode & 0777, 0644);
	/* Nor through a descriptor from earlier. */
	assert_return_code(fstat(old, &st), errno);
	assert_int_equal(st.st_nlink, 0);
	close(old);
}

/* A node that replaces a plain file is the kernel's too, which removes it in any case. */
static void test_V25_in_place_of_a_file(struct bench *b)
{
	int fd = open(DEV(0), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	assert_return_code(fd, errno);
	close(fd);
	start(b, "-n1");
	device_of(DEV(0));
	daemon_destroy(b->daemon);
	assert_false(exists(DEV(0)));
	/* The next instance removes what the killed one left. */
	instance_start(&b->instances[1], (const char *[]){OPTION, "-n1", NULL});
	instance_stop(&b->instances[1]);
	expect_nothing_left();
}

/* A process that keeps the lock keeps an instance only for a while. */
static void test_V25_lock_is_not_awaited_for_ever(struct bench *b)
{
	int lock;

	mkdir("/run/cuse-qmux", 0755);
	lock = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_return_code(lock, errno);
	assert_return_code(flock(lock, LOCK_EX), errno);
	instance_spawn(&b->instances[0], (const char *[]){OPTION, "-n1", "--no-sync", NULL}, NULL);
	wait_for(b->daemon->pidfd, POLLIN, deadline_in(15000));
	close(lock);
	expect_failure(b);
	assert_true(daemon_said(b->daemon, "has kept it locked for 10 s"));
}

/* The daemon gives up if the kernel has no device number left. */
static void test_V25_kernel_refuses(struct bench *b)
{
	int rogues[ROGUES_MAX];
	size_t count = rogue_take_all_majors(rogues);

	instance_spawn(&b->instances[0], (const char *[]){OPTION, "-n1", "--no-sync", NULL}, NULL);
	wait_for(b->daemon->pidfd, POLLIN, deadline_usual());
	rogue_close(rogues, count);
	expect_failure(b);
}

/* A node is removed again if its alias cannot be made. */
static void fail_with_aliases_elsewhere(struct bench *b)
{
	assert_return_code(mkdir(ALIASES, 0755), errno);
	assert_return_code(mount("none", ALIASES, "tmpfs", 0, NULL), errno);
	instance_spawn(&b->instances[0], (const char *[]){OPTION, "-n1", "--no-sync", NULL}, NULL);
	/* No assertion may fail before the mount is undone. */
	wait_for(b->daemon->pidfd, POLLIN, deadline_usual());
}

static void test_V25_no_place_for_the_alias(struct bench *b)
{
	bool left;

	fail_with_aliases_elsewhere(b);
	left = exists(ALIASES "/0");
	umount2(ALIASES, MNT_DETACH);
	rmdir(ALIASES);
	assert_false(left);
	expect_failure(b);
	assert_true(daemon_said(b->daemon, strerror(EXDEV)));
}

/* No node is made without the lock: another instance could take the same name. */
static void test_V25_lock_cannot_be_taken(struct bench *b)
{
	mkdir("/run/cuse-qmux", 0755);
	unlink(LOCK);
	assert_return_code(mkdir(LOCK, 0700), errno);
	instance_spawn(&b->instances[0], (const char *[]){OPTION, "-n1", "--no-sync", NULL}, NULL);
	/* No assertion may fail before the directory is removed. */
	wait_for(b->daemon->pidfd, POLLIN, deadline_usual());
	assert_return_code(rmdir(LOCK), errno);
	expect_failure(b);
	assert_true(daemon_said(b->daemon, "cannot lock " LOCK));
}

/* Opens the node as soon as it exists, and sends a request. */
static void open_early(int fd, const void *arg, struct outcome *outcome)
{
	const struct message *request = arg;
	int64_t deadline = deadline_usual();

	do {
		fd = open(DEV(0), O_RDWR);
	} while (fd < 0 && now_ms() < deadline);
	outcome->count = fd >= 0;
	if (write(fd, request->data, request->len) == (ssize_t)request->len)
		child_read(fd, NULL, outcome);
}

/* V1: a node opened before the instance is ready works too. */
static void test_V1_opened_at_once(struct bench *b)
{
	struct instance *in = &b->instances[0];
	struct message request;
	struct outcome outcome;
	struct child *early;

	message_ctl(&request, 1, QMI_CTL_GET_VERSION_INFO);
	early = bench_child(b, open_early, -1, &request);
	instance_spawn(in, (const char *[]){OPTION, "-n4", NULL}, NULL);
	instance_answer_sync(in);
	modem_read(&in->modem, &request);
	modem_answer(&in->modem, &request, QMI_ERROR_NONE);
	child_finish(early, &outcome);
	assert_int_equal(outcome.count, 1);
	assert_int_equal(frame_message(outcome.got.data), QMI_CTL_GET_VERSION_INFO);
	daemon_await_ready(&in->daemon, deadline_usual());
}

static const struct test_case cases[] = {
	TEST_CASE(test_node_aborted),
	TEST_CASE(test_V25_other_drivers_device),
	TEST_CASE(test_V25_other_cuse_device),
	TEST_CASE(test_V25_leftovers_are_replaced),
	TEST_CASE(test_V25_one_major_number),
	TEST_CASE(test_V25_names_wait_for_the_lock),
	TEST_CASE(test_V25_properties_come_first),
	TEST_CASE(test_V25_properties_are_the_daemons),
	TEST_CASE(test_V25_in_place_of_a_file),
	TEST_CASE(test_V25_lock_is_not_awaited_for_ever),
	TEST_CASE(test_V25_kernel_refuses),
	TEST_CASE(test_V25_no_place_for_the_alias),
	TEST_CASE(test_V25_lock_cannot_be_taken),
	TEST_CASE(test_V1_opened_at_once),
};

const struct test_group node_tests = TEST_GROUP("nodes in the kernel (V1, V25)", cases);

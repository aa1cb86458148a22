/* SPDX-License-Identifier: GPL-2.0-or-later */
/* V27: the port's own name leads to node 0 while an instance lives, and only then. */
#include "fault_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "talk.h"
#include "wdm_device.h"

#define PORT      "/dev/" WDM_NAME
#define DIRECTORY "/dev/qmi-real"
#define REAL      DIRECTORY "/" WDM_NAME
#define NODE      "/dev/qmi-virt0"

#define OWNER 65534
#define GROUP 20

#define KILLS 40

static struct stat status_of(const char *path)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		fail_msg("%s: %s", path, strerror(errno));
	return status;
}

static bool same_node(const char *a, const char *b)
{
	return status_of(a).st_ino == status_of(b).st_ino;
}

static bool exists(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

/* Runs a daemon that ends by itself. */
static void run(const char *option, const char *port, int wanted, const char *said)
{
	struct daemon daemon = {0};

	daemon_spawn(&daemon, (const char *[]){option, port, NULL});
	assert_int_equal(daemon_wait(&daemon, deadline_usual()), wanted);
	if (said && !daemon_said(&daemon, said))
		daemon_show_stderr(&daemon);
	assert_true(!said || daemon_said(&daemon, said));
	daemon_destroy(&daemon);
}

static void spawn(struct bench *b, const char *option)
{
	daemon_spawn(&b->daemon, (const char *[]){"-n1", option, PORT, NULL});
	daemon_await_ready(&b->daemon, deadline_usual());
}

/* The real port's node, as udev or an administrator has set it. */
static struct stat plug(struct bench *b)
{
	if (!b->sim.pid)
		sim_start(&b->sim, (const char *[]){NULL});
	wdm_start(&b->wdm, b->sim.port);
	assert_return_code(chown(PORT, OWNER, GROUP), errno);
	assert_return_code(chmod(PORT, 0640), errno);
	return status_of(PORT);
}

static void kill_daemon(struct bench *b)
{
	daemon_signal(&b->daemon, SIGKILL);
	daemon_destroy(&b->daemon);
}

static void expect_taken(dev_t real)
{
	assert_true(same_node(PORT, NODE));
	assert_int_equal(status_of(REAL).st_rdev, real);
	assert_int_equal(status_of(DIRECTORY).st_mode, S_IFDIR | 0700);
}

static void expect_given_back(const struct stat *real)
{
	struct stat now = status_of(PORT);

	assert_int_equal(now.st_rdev, real->st_rdev);
	assert_int_equal(now.st_ino, real->st_ino);
	assert_int_equal(now.st_mode, real->st_mode);
	assert_int_equal(now.st_uid, real->st_uid);
	assert_int_equal(now.st_gid, real->st_gid);
	assert_false(exists(DIRECTORY));
}

static void await_device(const char *path, dev_t device)
{
	int64_t deadline = deadline_usual();

	while (status_of(path).st_rdev != device) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
}

/* Nobody can open by this node what gets its number next. */
static void expect_shut(int place)
{
	struct stat status;

	assert_return_code(fstat(place, &status), errno);
	assert_int_equal(status.st_mode, S_IFCHR);
	close(place);
}

static void expect_served(const char *path)
{
	uint8_t frame[FRAME_ROOM];
	int fd = open(path, O_RDWR | O_CLOEXEC);

	assert_return_code(fd, errno);
	frames_ctl(frame, 1, QMI_CTL_GET_VERSION_INFO);
	assert_int_equal(talk_ask(fd, frame), QMI_ERROR_NONE);
	close(fd);
}

static void test_V27_name_leads_to_the_node(struct bench *b)
{
	struct stat real = plug(b);
	int place;

	spawn(b, "--take-over");
	expect_taken(real.st_rdev);
	assert_true(daemon_said(&b->daemon, "ready: " PORT " is shared"));
	assert_return_code(chown(NODE, 0, GROUP), errno);
	assert_return_code(chmod(NODE, 0660), errno);
	assert_int_equal(status_of(PORT).st_mode, S_IFCHR | 0660);
	assert_int_equal(status_of(PORT).st_gid, GROUP);
	expect_served(PORT);
	assert_int_equal(b->wdm.report->opened, 1);
	place = open(PORT, O_PATH | O_CLOEXEC);
	daemon_signal(&b->daemon, SIGTERM);
	assert_int_equal(daemon_wait(&b->daemon, deadline_usual()), 0);
	expect_given_back(&real);
	expect_shut(place);
}

static void test_V27_name_is_left_alone(struct bench *b)
{
	struct stat real = plug(b);

	spawn(b, "--no-take-over");
	expect_given_back(&real);
	daemon_destroy(&b->daemon);
	spawn(b, "-v");
	expect_given_back(&real);
}

static void test_V27_taken_name_names_the_port(struct bench *b)
{
	struct stat real = plug(b);

	spawn(b, "--take-over");
	run("--take-over", PORT, 1, PORT " is already shared by another cuse-qmux");
	run("--take-over", REAL, 1, "is already shared by another cuse-qmux");
	run("--give-back", PORT, 0, NULL);
	run("--give-back", NULL, 0, NULL);
	expect_taken(real.st_rdev);
	expect_served(PORT);
}

static void test_V27_killed(struct bench *b)
{
	struct stat real = plug(b);

	spawn(b, "--take-over");
	kill_daemon(b);
	assert_int_not_equal(status_of(PORT).st_rdev, real.st_rdev);
	run("--give-back", NULL, 0, NULL);
	expect_given_back(&real);
	spawn(b, "--take-over");
	expect_taken(real.st_rdev);
	kill_daemon(b);
	/* The next start. */
	spawn(b, "--no-take-over");
	expect_given_back(&real);
}

/* Whatever it was doing: starting, taking the name, serving, giving it back. */
static void test_V27_killed_at_any_time(struct bench *b)
{
	struct stat real = plug(b);
	int64_t began = now_ms();
	int life;

	spawn(b, "--take-over");
	daemon_signal(&b->daemon, SIGTERM);
	assert_int_equal(daemon_wait(&b->daemon, deadline_usual()), 0);
	life = (int)(now_ms() - began);
	daemon_destroy(&b->daemon);
	for (int round = 0; round < KILLS; round++) {
		daemon_spawn(&b->daemon, (const char *[]){"-n1", "--take-over", PORT, NULL});
		poll(NULL, 0, life * round / KILLS);
		if (round >= KILLS / 2)
			daemon_signal(&b->daemon, SIGTERM);
		kill_daemon(b);
		run("--give-back", PORT, 0, NULL);
		expect_given_back(&real);
	}
}

/* Its node's number may be the next instance's. */
static void test_V27_killed_beside_another(struct bench *b)
{
	struct stat real = plug(b);
	struct sim other;

	spawn(b, "--take-over");
	kill_daemon(b);
	sim_start(&other, (const char *[]){NULL});
	daemon_spawn(&b->daemon, (const char *[]){"-n1", other.port, NULL});
	daemon_await_ready(&b->daemon, deadline_usual());
	expect_given_back(&real);
	daemon_destroy(&b->daemon);
	sim_destroy(&other);
}

static void test_V27_unplugged(struct bench *b)
{
	struct stat real = plug(b);
	char byte;
	int fd;

	spawn(b, "--take-over");
	fd = open(PORT, O_RDWR | O_CLOEXEC);
	wdm_unplug(&b->wdm, ENODEV);
	/* Before the instance ends, which waits for this session. */
	await_device(PORT, real.st_rdev);
	assert_int_equal(read(fd, &byte, 1), -1);
	assert_int_equal(errno, ENODEV);
	close(fd);
	assert_int_equal(daemon_wait(&b->daemon, deadline_usual()), 0);
	expect_given_back(&real);
}

/* The kernel cannot remove the name of a port that is gone, nor make the next one's. */
static void test_V27_killed_and_unplugged(struct bench *b)
{
	struct stat before = plug(b);
	int place;

	spawn(b, "--take-over");
	place = open(REAL, O_PATH | O_CLOEXEC);
	kill_daemon(b);
	wdm_destroy(&b->wdm);
	assert_true(exists(PORT));
	run("--give-back", NULL, 0, NULL);
	assert_false(exists(PORT));
	assert_false(exists(DIRECTORY));
	expect_shut(place);
	/* One that the kernel has not made itself. */
	assert_return_code(mknod(PORT, S_IFCHR | 0600, before.st_rdev), errno);
	run("--no-take-over", PORT, 1, "no such port: " PORT);
	assert_false(exists(PORT));
}

static void test_V27_replugged_as_another_device(struct bench *b)
{
	struct sim other;
	struct daemon in_between = {0};
	struct stat before = plug(b);

	spawn(b, "--take-over");
	kill_daemon(b);
	wdm_destroy(&b->wdm);
	sim_start(&other, (const char *[]){NULL});
	daemon_spawn(&in_between, (const char *[]){"-n1", "--name=between", other.port, NULL});
	daemon_await_ready(&in_between, deadline_usual());
	assert_false(exists(PORT));
	assert_return_code(mknod(PORT, S_IFCHR | 0600, before.st_rdev + 1000), errno);
	wdm_start(&b->wdm, b->sim.port);
	assert_int_equal(status_of(PORT).st_rdev, before.st_rdev + 1000);
	spawn(b, "--take-over");
	expect_served(PORT);
	assert_int_not_equal(status_of(REAL).st_rdev, before.st_rdev + 1000);
	assert_int_equal(b->wdm.report->opened, 1);
	daemon_destroy(&in_between);
	sim_destroy(&other);
}

static void test_V27_port_is_reopened(struct bench *b)
{
	int64_t deadline = deadline_usual();

	plug(b);
	spawn(b, "--take-over");
	wdm_raise_error(&b->wdm);
	while (b->wdm.report->opened < 2) {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	expect_served(PORT);
	assert_int_equal(b->wdm.report->opened, 2);
}

/* A name that is something else is left alone. */
static void test_V27_foreign_file(struct bench *b)
{
	plug(b);
	spawn(b, "--take-over");
	assert_return_code(unlink(PORT), errno);
	assert_return_code(close(open(PORT, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), errno);
	daemon_signal(&b->daemon, SIGTERM);
	assert_int_equal(daemon_wait(&b->daemon, deadline_usual()), 0);
	assert_true(daemon_said(&b->daemon, "cannot give " PORT " back to its port"));
	assert_true(S_ISREG(status_of(PORT).st_mode));
	assert_return_code(unlink(PORT), errno);
	run("--give-back", NULL, 0, NULL);
	assert_true(S_ISCHR(status_of(PORT).st_mode));
	assert_false(exists(DIRECTORY));
	run("--give-back", "/dev/null", 0, NULL);
	assert_true(S_ISCHR(status_of("/dev/null").st_mode));
}

static void test_V27_no_name(struct bench *b)
{
	sim_start(&b->sim, (const char *[]){NULL});
	daemon_spawn(&b->daemon, (const char *[]){"-n1", "--take-over", b->sim.port, NULL});
	daemon_await_ready(&b->daemon, deadline_usual());
	assert_true(daemon_said(&b->daemon, "cannot take over the port's name"));
	expect_served(NODE);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V27_name_leads_to_the_node),
	TEST_CASE(test_V27_name_is_left_alone),
	TEST_CASE(test_V27_taken_name_names_the_port),
	TEST_CASE(test_V27_killed),
	TEST_CASE(test_V27_killed_at_any_time),
	TEST_CASE(test_V27_killed_beside_another),
	TEST_CASE(test_V27_unplugged),
	TEST_CASE(test_V27_killed_and_unplugged),
	TEST_CASE(test_V27_replugged_as_another_device),
	TEST_CASE(test_V27_port_is_reopened),
	TEST_CASE(test_V27_foreign_file),
	TEST_CASE(test_V27_no_name),
};

const struct test_group takeover_tests = TEST_GROUP("the port's own name", cases);

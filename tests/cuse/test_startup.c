/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line, readiness, and messages. */
#include "app_session.h"
#include "notified.h"
#include "rule_groups.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

/* See EXIT STATUS in cuse-qmux(8). */
#define STATUS_FAILURE    1
#define STATUS_USAGE      2
#define STATUS_UNSUITABLE 3

/* Runs the daemon, which must end at once. Returns its status. */
static int run(struct bench *b, const char *const args[])
{
	daemon_destroy(b->daemon);
	daemon_spawn(b->daemon, args);
	return daemon_wait(b->daemon, deadline_usual());
}

static void expect_said(struct bench *b, const char *said)
{
	char output[DAEMON_OUTPUT_MAX];

	if (daemon_said(b->daemon, said))
		return;
	daemon_stderr(b->daemon, output);
	fail_msg("\"%s\" is missing from: %s", said, output);
}

/* Expects a refusal: this status, the reason on stderr, nothing on stdout, no READY. */
static void expect_refused(struct bench *b, const char *const args[], int status, const char *said)
{
	char output[DAEMON_OUTPUT_MAX];

	assert_int_equal(run(b, args), status);
	expect_said(b, said);
	daemon_stdout(b->daemon, output);
	assert_string_equal(output, "");
	assert_false(daemon_has_notified(b->daemon));
}

static void test_startup_help_and_version(struct bench *b)
{
	static const char *const options[] = {
		"--nodes", "--name",    "--no-sync", "--orphan-timeout", "--transaction-timeout",
		"--queue", "--verbose", "--version", "--help",           "PORT"};
	char output[DAEMON_OUTPUT_MAX];
	unsigned int number;
	int end = 0;

	assert_int_equal(run(b, (const char *[]){"--help", NULL}), 0);
	assert_int_equal(daemon_stderr_size(b->daemon), 0);
	daemon_stdout(b->daemon, output);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		assert_non_null(strstr(output, options[i]));
	assert_int_equal(run(b, (const char *[]){"--version", NULL}), 0);
	daemon_stdout(b->daemon, output);
	assert_int_equal(sscanf(output, "cuse-qmux %u.%u.%u\n%n", &number, &number, &number, &end),
			 3);
	assert_int_equal(end, strlen(output));
	assert_int_equal(daemon_stderr_size(b->daemon), 0);
}

/* The error names the option and its value, however they are joined. */
static void refuse_value(struct bench *b, const char *option, const char *name, const char *value)
{
	char word[64];
	char said[64];

	snprintf(word, sizeof(word), "%s%s", option, value);
	snprintf(said, sizeof(said), "bad value '%s' for --%s: expected ", value, name);
	expect_refused(b, (const char *[]){word, b->modem->port, NULL}, STATUS_USAGE, said);
}

static void test_startup_bad_option_values(struct bench *b)
{
	modem_open(b->modem);
	refuse_value(b, "--nodes=", "nodes", "65");
	refuse_value(b, "--nodes=", "nodes", "-3");
	refuse_value(b, "--nodes=", "nodes", "many");
	refuse_value(b, "--nodes=", "nodes", "4x");
	refuse_value(b, "-n", "nodes", "99999999999999999999");
	refuse_value(b, "--orphan-timeout=", "orphan-timeout", "soon");
	refuse_value(b, "--orphan-timeout=", "orphan-timeout", "-1");
	refuse_value(b, "--transaction-timeout=", "transaction-timeout", "never");
	refuse_value(b, "--transaction-timeout=", "transaction-timeout", "1.5");
	refuse_value(b, "--transaction-timeout=", "transaction-timeout", "0");
	refuse_value(b, "--queue=", "queue", "lots");
	refuse_value(b, "--queue=", "queue", "-7");
	refuse_value(b, "--queue=", "queue", "0");
	refuse_value(b, "--name=", "name", "a/b");
	expect_refused(b, (const char *[]){"--no-such-option", b->modem->port, NULL}, STATUS_USAGE,
		       "unrecognized option '--no-such-option'");
}

static void test_startup_bad_operands(struct bench *b)
{
	modem_open(b->modem);
	expect_refused(b, (const char *[]){NULL}, STATUS_USAGE, "no port given");
	expect_refused(b, (const char *[]){b->modem->port, "surplus", NULL}, STATUS_USAGE,
		       "unexpected argument 'surplus': only one port can be given");
	expect_refused(b, (const char *[]){"/dev/no-such-port", NULL}, STATUS_FAILURE,
		       "no such port: /dev/no-such-port;");
	expect_refused(b, (const char *[]){"/proc/self/status", NULL}, STATUS_UNSUITABLE,
		       "/proc/self/status is not a character device:");
	expect_refused(b, (const char *[]){"/run", NULL}, STATUS_UNSUITABLE,
		       "/run is not a character device:");
}

static void test_startup_no_cuse(struct bench *b)
{
	static const char away[] = "/dev/cuse.away";
	int status;

	modem_open(b->modem);
	assert_return_code(rename("/dev/cuse", away), errno);
	daemon_spawn(b->daemon, (const char *[]){b->modem->port, NULL});
	/* No assertion may fail before the rename is undone. */
	wait_for(b->daemon->pidfd, POLLIN, deadline_usual());
	assert_return_code(rename(away, "/dev/cuse"), errno);
	status = daemon_wait(b->daemon, deadline_usual());
	assert_int_equal(status, STATUS_UNSUITABLE);
	expect_said(b, "no /dev/cuse: try 'modprobe cuse'");
	assert_false(daemon_has_notified(b->daemon));
}

/* The modem gets exactly Sync, and nothing is published before it answers. */
static void test_startup_publishes_after_sync(struct bench *b)
{
	struct instance *in = &b->instances[0];
	struct message sync;

	instance_spawn(in, (const char *[]){NULL}, NULL);
	message_ctl(&sync, 0, QMI_CTL_SYNC);
	frame_set_tid(sync.data, modem_expect(&in->modem, &sync));
	/* No event shows that the daemon is waiting. */
	assert_false(wait_for(in->daemon.notify, POLLIN, deadline_in(300)));
	assert_int_equal(access(NODE_PREFIX "0", F_OK), -1);
	modem_answer(&in->modem, &sync, QMI_ERROR_NONE);
	daemon_await_ready(&in->daemon, deadline_usual());
	for (unsigned int i = 0; i < 4; i++)
		fence(b, session_open(b, i));
}

/* A modem that does not answer Sync delays the start by 10 s, with a warning. */
static void test_startup_unanswered_sync(struct bench *b)
{
	struct instance *in = &b->instances[0];
	struct message sync;
	int64_t began = now_ms();

	instance_spawn(in, (const char *[]){NULL}, NULL);
	message_ctl(&sync, 0, QMI_CTL_SYNC);
	for (unsigned int i = 0; i < 5; i++)
		modem_expect(&in->modem, &sync);
	assert_false(daemon_has_notified(&in->daemon));
	daemon_await_ready(&in->daemon, deadline_in(15000));
	assert_in_range(now_ms() - began, 9500, 12000 * slow_factor());
	expect_said(b, "the modem did not answer Sync within 10 s:");
	/* Once it says something, it gets one more. */
	fence(b, session_open(b, 0));
	modem_expect(&in->modem, &sync);
	expect_said(b, "sending another");
}

static void test_startup_no_sync(struct bench *b)
{
	struct instance *in = &b->instances[0];

	instance_spawn(in, (const char *[]){"--no-sync", NULL}, NULL);
	daemon_await_ready(&in->daemon, deadline_usual());
	fence(b, session_open(b, 0)); /* the first frame at the modem */
}

/* NOTIFY_SOCKET may be in the abstract namespace too. */
static void test_startup_ready_on_an_abstract_socket(struct bench *b)
{
	struct instance *in = &b->instances[0];

	modem_open(&in->modem);
	daemon_spawn_abstract(&in->daemon, (const char *[]){in->modem.port, NULL});
	instance_answer_sync(in);
	daemon_await_ready(&in->daemon, deadline_usual());
}

/* Every node can be opened at the moment of READY. */
static void test_startup_ready_means_open(struct bench *b)
{
	bench_start(b, "-n16", NULL);
	for (unsigned int i = 16; i-- > 0;)
		session_open(b, i);
}

/* A terminal port passes all bytes unchanged, whatever its settings were before. */
static void test_startup_terminal_is_made_raw(struct bench *b)
{
	struct instance *in = &b->instances[0];
	struct termios settings;

	modem_open(&in->modem);
	assert_return_code(tcgetattr(in->modem.fd, &settings), errno);
	settings.c_iflag |= ICRNL | IXON;
	settings.c_oflag |= OPOST | ONLCR;
	settings.c_lflag |= ICANON | ECHO | ISIG;
	assert_return_code(tcsetattr(in->modem.fd, TCSANOW, &settings), errno);
	daemon_spawn(&in->daemon, (const char *[]){"-n1", "--no-sync", in->modem.port, NULL});
	daemon_await_ready(&in->daemon, deadline_usual());
	assert_return_code(tcgetattr(in->modem.fd, &settings), errno);
	assert_int_equal(settings.c_iflag & (ICRNL | IXON), 0);
	assert_int_equal(settings.c_oflag & OPOST, 0);
	assert_int_equal(settings.c_lflag & (ICANON | ECHO | ISIG), 0);
	fence(b, session_open(b, 0));
}

/* A second instance on the port is refused, and names the first. */
static void expect_second_refused(struct bench *b, const char *port)
{
	struct daemon *second = &b->instances[1].daemon;
	char named[80];

	daemon_destroy(second);
	daemon_spawn(second, (const char *[]){port, NULL});
	assert_int_equal(daemon_wait(second, deadline_usual()), STATUS_FAILURE);
	snprintf(named, sizeof(named), "%s is already shared by another cuse-qmux (pid %d)", port,
		 b->daemon->pid);
	assert_true(daemon_said(second, named));
	assert_false(daemon_has_notified(second));
}

/* The port has one instance at a time, under whatever name, and the first is unaffected. */
static void test_startup_second_instance(struct bench *b)
{
	static const char link[] = "/run/cuse-tests.link";
	static const char copy[] = "/run/cuse-tests.copy";
	struct stat st;
	int fd;

	bench_skip_if_wrapped();
	bench_start(b, NULL);
	fd = session_open(b, 0);
	client_allocate(b, fd, QMI_SERVICE_DMS);
	assert_return_code(stat(b->modem->port, &st), errno);
	unlink(link);
	unlink(copy);
	assert_return_code(symlink(b->modem->port, link), errno);
	assert_return_code(mknod(copy, S_IFCHR | 0600, st.st_rdev), errno);
	expect_second_refused(b, b->modem->port);
	expect_second_refused(b, link);
	expect_second_refused(b, copy);
	unlink(link);
	unlink(copy);
	/* The modem got nothing from them. */
	fence(b, fd);
}

/* Once the first has ended, in whatever way, the next one starts. */
static void test_startup_next_instance(struct bench *b)
{
	struct instance *in = &b->instances[0];
	const char *args[] = {"-n1", in->modem.port, NULL};
	int held;

	bench_skip_if_wrapped();
	instance_start(in, (const char *[]){"-n1", NULL});
	/* A pseudoterminal that nobody has open reports an end. */
	held = open(in->modem.port, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_return_code(held, errno);
	for (unsigned int i = 0; i < 2; i++) {
		if (i == 0)
			daemon_signal(&in->daemon, SIGTERM);
		else
			daemon_signal(&in->daemon, SIGKILL);
		assert_true(wait_for(in->daemon.pidfd, POLLIN, deadline_usual()));
		daemon_destroy(&in->daemon);
		daemon_spawn(&in->daemon, args);
		instance_answer_sync(in);
		daemon_await_ready(&in->daemon, deadline_usual());
	}
	close(held);
	fence(b, session_open(b, 0));
}

/* The file that the instance of this bench has locked. */
static void path_of_claim(const struct bench *b, char path[64])
{
	struct stat st;

	assert_return_code(stat(b->modem->port, &st), errno);
	snprintf(path, 64, "/run/cuse-qmux/port-%u-%u", major(st.st_rdev), minor(st.st_rdev));
}

/* An instance whose modem has gone leaves the device's numbers to the next one at once. */
static void test_startup_after_an_unplug(struct bench *b)
{
	char path[64];

	bench_start(b, NULL);
	/* The instance waits 2 s for it. */
	session_open(b, 0);
	path_of_claim(b, path);
	assert_int_equal(access(path, F_OK), 0);
	modem_close(b->modem);
	notified_expect(b->daemon, "STOPPING=1", "unplugged");
	assert_int_equal(access(path, F_OK), -1);
	assert_false(wait_for(b->daemon->pidfd, POLLIN, now_ms()));
}

/* The file is gone after a stop; if it cannot be made, a warning says so, and the port is shared.
 */
static void test_startup_without_a_claim(struct bench *b)
{
	struct instance *in = &b->instances[0];
	char path[64];

	modem_open(&in->modem);
	path_of_claim(b, path);
	mkdir("/run/cuse-qmux", 0755);
	assert_return_code(mkdir(path, 0755), errno);
	daemon_spawn(&in->daemon, (const char *[]){"-n1", in->modem.port, NULL});
	instance_answer_sync(in);
	daemon_await_ready(&in->daemon, deadline_usual());
	assert_return_code(rmdir(path), errno);
	expect_said(b, "cannot keep another cuse-qmux away: ");
	fence(b, session_open(b, 0));
}

static unsigned int files_closed; /* a bit for each of the standard files */

static void close_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (files_closed & 1U << fd)
			close(fd);
	}
}

static void expect_null(const struct daemon *d, int fd)
{
	char target[64];
	char path[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", d->pid, fd);
	length = readlink(path, target, sizeof(target) - 1);
	assert_return_code(length, errno);
	target[length] = '\0';
	assert_string_equal(target, "/dev/null");
}

/* Whichever of descriptors 0 to 2 are closed, none becomes the port, and the modem gets no log. */
static void test_startup_standard_files_closed(struct bench *b)
{
	struct instance *in = &b->instances[0];
	int session;

	bench_skip_if_wrapped();
	for (files_closed = 1; files_closed < 8; files_closed++) {
		modem_open(&in->modem);
		daemon_spawn_prepared(&in->daemon,
				      (const char *[]){"-vv", "-n1", in->modem.port, NULL},
				      close_standard_files);
		instance_answer_sync(in);
		daemon_await_ready(&in->daemon, deadline_usual());
		for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
			if (files_closed & 1U << fd)
				expect_null(&in->daemon, fd);
		}
		daemon_signal(&in->daemon, SIGUSR1);
		/* The modem takes nothing but requests. */
		session = session_open(b, 0);
		fence(b, session);
		session_close(b, session);
		instance_stop(in);
		daemon_destroy(&in->daemon);
		modem_close(&in->modem);
	}
}

static rlim_t descriptors_allowed;

static void allow_few_descriptors(void)
{
	const struct rlimit limit = {descriptors_allowed, descriptors_allowed};

	setrlimit(RLIMIT_NOFILE, &limit);
}

/* True if the daemon became ready; false if it ended. */
static bool start_with_few_descriptors(struct daemon *d, const char *port)
{
	int64_t deadline = deadline_usual();

	daemon_spawn_prepared(d, (const char *[]){"-n1", "--no-sync", port, NULL},
			      allow_few_descriptors);
	while (!wait_for(d->pidfd, POLLIN, now_ms())) {
		/* Only the notification after this needs a descriptor, and it may fail. */
		if (daemon_said(d, "ready:"))
			return true;
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	return false;
}

/* Wherever it runs out of descriptors, it exits with 1, which permits a restart. */
static void test_startup_out_of_descriptors(struct bench *b)
{
	bool ran_out_at_cuse = false;

	bench_skip_if_wrapped();
	modem_open(b->modem);
	/* Loading the libraries takes one. */
	descriptors_allowed = STDERR_FILENO + 2;
	while (!start_with_few_descriptors(b->daemon, b->modem->port)) {
		assert_int_equal(daemon_wait(b->daemon, now_ms()), 1);
		assert_true(daemon_said(b->daemon, strerror(EMFILE)));
		ran_out_at_cuse |= daemon_said(b->daemon, "cannot open /dev/cuse");
		daemon_destroy(b->daemon);
		descriptors_allowed++;
	}
	assert_true(ran_out_at_cuse);
}

static void hold_port(int fd, const void *arg, struct outcome *outcome)
{
	(void)fd;
	outcome->ret = open(arg, O_RDWR | O_NOCTTY);
	if (outcome->ret >= 0)
		pause();
}

/* A warning, not an error, gives the pid and command of another process holding the port. */
static void test_startup_names_another_holder(struct bench *b)
{
	struct instance *in = &b->instances[0];
	struct child *holder;
	char named[80];

	modem_open(&in->modem);
	holder = bench_blocked_child(b, hold_port, -1, in->modem.port);
	daemon_spawn(&in->daemon, (const char *[]){in->modem.port, NULL});
	instance_answer_sync(in);
	daemon_await_ready(&in->daemon, deadline_usual());
	snprintf(named, sizeof(named), "is also held by cuse-tests (pid %d):", holder->pid);
	expect_said(b, named);
	fence(b, session_open(b, 0));
	child_destroy(holder);
}

/* There is no such warning if nobody else holds the port. */
static void test_startup_no_warning_without_a_holder(struct bench *b)
{
	bench_start(b, NULL);
	assert_false(daemon_said(b->daemon, "held by"));
}

/* Twice verbose: a line for each frame, both ways. */
static void test_startup_line_per_frame(struct bench *b)
{
	unsigned int before;
	int fd;

	bench_start(b, "-vv", NULL);
	fd = session_open(b, 0);
	before = daemon_lines(b->daemon);
	for (unsigned int i = 0; i < 10; i++)
		fence(b, fd);
	assert_int_equal(daemon_lines(b->daemon), before + 20);
}

/* V18: without clients there is nothing to release, and the daemon exits at once. */
static void test_V18_stops_at_once_without_clients(struct bench *b)
{
	static const int signals[] = {SIGTERM, SIGINT};

	for (size_t i = 0; i < 2; i++) {
		struct instance *in = &b->instances[i];

		instance_start(in, (const char *[]){NULL});
		daemon_signal(&in->daemon, signals[i]);
		assert_int_equal(instance_settle(in, deadline_in(1000)), 0);
		assert_int_equal(access(NODE_PREFIX "0", F_OK), -1);
	}
}

static const struct test_case cases[] = {
	TEST_CASE(test_startup_help_and_version),
	TEST_CASE(test_startup_bad_option_values),
	TEST_CASE(test_startup_bad_operands),
	TEST_CASE(test_startup_no_cuse),
	TEST_CASE(test_startup_publishes_after_sync),
	TEST_CASE(test_startup_unanswered_sync),
	TEST_CASE(test_startup_no_sync),
	TEST_CASE(test_startup_ready_on_an_abstract_socket),
	TEST_CASE(test_startup_ready_means_open),
	TEST_CASE(test_startup_terminal_is_made_raw),
	TEST_CASE(test_startup_second_instance),
	TEST_CASE(test_startup_next_instance),
	TEST_CASE(test_startup_after_an_unplug),
	TEST_CASE(test_startup_without_a_claim),
	TEST_CASE(test_startup_standard_files_closed),
	TEST_CASE(test_startup_out_of_descriptors),
	TEST_CASE(test_startup_names_another_holder),
	TEST_CASE(test_startup_no_warning_without_a_holder),
	TEST_CASE(test_startup_line_per_frame),
	TEST_CASE(test_V18_stops_at_once_without_clients),
};

const struct test_group startup_tests = TEST_GROUP("start and stop", cases);

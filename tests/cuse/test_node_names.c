/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names: V25. The basename of a pty's port is its number in /dev/pts. */
#include "app_session.h"
#include "rule_groups.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_LEN 128

static void node_path(char path[PATH_LEN], unsigned int n)
{
	snprintf(path, PATH_LEN, "%s%u", NODE_PREFIX, n);
}

static void alias_path(char path[PATH_LEN], unsigned int n, const struct modem *m)
{
	snprintf(path, PATH_LEN, "%s/%u/%s", NODE_PREFIX, n, strrchr(m->port, '/') + 1);
}

static bool node_exists(unsigned int n)
{
	char path[PATH_LEN];

	node_path(path, n);
	return access(path, F_OK) == 0;
}

/* Returns the number of entries in a directory of aliases, or -1 without a directory. */
static int count_aliases(unsigned int n)
{
	char path[PATH_LEN];
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%u", NODE_PREFIX, n);
	dir = opendir(path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

/* Checks that the node and its only alias are the same character device. */
static void expect_node(unsigned int n, const struct modem *m)
{
	char path[PATH_LEN];
	struct stat node;
	struct stat alias;

	node_path(path, n);
	assert_return_code(lstat(path, &node), errno);
	assert_true(S_ISCHR(node.st_mode));
	alias_path(path, n, m);
	assert_return_code(lstat(path, &alias), errno);
	assert_true(S_ISCHR(alias.st_mode));
	assert_int_equal(alias.st_rdev, node.st_rdev);
	assert_int_equal(count_aliases(n), 1);
}

/* Reads what udev imports for a node. Returns -1 if there is nothing. */
static ssize_t read_properties(unsigned int n, char *text, size_t size)
{
	char path[PATH_LEN];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/run/cuse-qmux/%s%u", strrchr(NODE_PREFIX, '/') + 1, n);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -1;
	length = read(fd, text, size - 1);
	assert_return_code(length, errno);
	text[length] = '\0';
	close(fd);
	return length;
}

static void expect_properties(unsigned int n, const struct modem *m, unsigned int index)
{
	char expected[PATH_LEN];
	char text[PATH_LEN];

	assert_true(read_properties(n, text, sizeof(text)) > 0);
	snprintf(expected, sizeof(expected), "CUSE_QMUX_PORT=%s\nCUSE_QMUX_INDEX=%u\n", m->port,
		 index);
	assert_string_equal(text, expected);
}

static void expect_no_node(unsigned int n)
{
	char text[PATH_LEN];

	assert_false(node_exists(n));
	assert_int_equal(count_aliases(n), -1);
	assert_int_equal(read_properties(n, text, sizeof(text)), -1);
}

static void start(struct instance *in, const char *option)
{
	instance_start(in, (const char *[]){option, NULL});
}

/* V25: four nodes from 0 by default, which disappear at the end with all their files. */
static void test_V25_nodes_come_and_go(struct bench *b)
{
	for (unsigned int i = 0; i < 4; i++)
		expect_no_node(i);
	instance_start(&b->instances[0], (const char *[]){NULL});
	for (unsigned int i = 0; i < 4; i++)
		expect_node(i, b->modem);
	expect_no_node(4);
	bench_stop(b);
	for (unsigned int i = 0; i < 4; i++)
		expect_no_node(i);
}

/* V25: N is the lowest free number on the machine, even in gaps left by other instances. */
static void test_V25_lowest_free_number(struct bench *b)
{
	struct instance *in = b->instances;

	start(&in[0], "-n2");
	start(&in[1], "--nodes=1");
	start(&in[2], "-n1");
	expect_node(2, &in[1].modem);
	expect_node(3, &in[2].modem);
	instance_stop(&in[1]);
	expect_no_node(2);
	start(&in[3], "-n3");
	expect_node(0, &in[0].modem);
	expect_node(1, &in[0].modem);
	expect_node(2, &in[3].modem);
	expect_node(3, &in[2].modem);
	expect_node(4, &in[3].modem);
	expect_node(5, &in[3].modem);
}

/* V25, V2: the nodes of two instances lead to their own modems. */
static void test_V25_nodes_lead_to_their_own_port(struct bench *b)
{
	struct message request;
	int fd;

	for (unsigned int i = 0; i < 2; i++)
		start(&b->instances[i], "-n1");
	for (unsigned int i = 0; i < 2; i++) {
		fd = session_open(b, i);
		assert_int_equal(client_allocate_from(&b->instances[i], fd, QMI_SERVICE_DMS).cid,
				 1);
		message_ctl(&request, 1, QMI_CTL_GET_VERSION_INFO);
		session_write(fd, &request);
		modem_expect(&b->instances[i].modem, &request);
	}
}

/* V25: several instances starting at once get distinct names without gaps. */
static void test_V25_ten_instances_at_once(struct bench *b)
{
	unsigned int nodes_of[BENCH_INSTANCES] = {0};

	for (size_t i = 0; i < BENCH_INSTANCES; i++)
		instance_spawn(&b->instances[i], (const char *[]){"-n2", NULL}, NULL);
	for (size_t i = 0; i < BENCH_INSTANCES; i++)
		instance_answer_sync(&b->instances[i]);
	for (size_t i = 0; i < BENCH_INSTANCES; i++)
		daemon_await_ready(&b->instances[i].daemon, deadline_in(15000));
	for (unsigned int n = 0; n < 2 * BENCH_INSTANCES; n++) {
		char path[PATH_LEN];

		for (size_t i = 0; i < BENCH_INSTANCES; i++) {
			alias_path(path, n, &b->instances[i].modem);
			if (access(path, F_OK) != 0)
				continue;
			expect_node(n, &b->instances[i].modem);
			expect_properties(n, &b->instances[i].modem, nodes_of[i]);
			nodes_of[i]++;
		}
	}
	for (size_t i = 0; i < BENCH_INSTANCES; i++)
		assert_int_equal(nodes_of[i], 2);
	expect_no_node(2 * BENCH_INSTANCES);
}

/* V25, V1: the alias opens the node: same CIDs, same modem. */
static void test_V25_alias_opens_the_node(struct bench *b)
{
	char path[PATH_LEN];
	struct client c;
	int fd;
	int alias;

	bench_start(b, "-n2", NULL);
	alias_path(path, 1, b->modem);
	alias = session_open_path(b, path, O_RDWR | O_NONBLOCK);
	fd = session_open(b, 1);
	c = client_allocate(b, alias, QMI_SERVICE_DMS);
	assert_int_equal(client_allocate(b, fd, QMI_SERVICE_DMS).cid, 2);
	client_round_trip(b, alias, &c);
	client_round_trip(b, fd, &c);
	session_expect_foreign(b, session_open(b, 0), &c);
}

/* V25: node and alias share owner and mode, so udev rules apply to both. */
static void test_V25_alias_has_the_nodes_owner(struct bench *b)
{
	char node[PATH_LEN];
	char alias[PATH_LEN];
	struct stat st;

	bench_start(b, "-n1", NULL);
	node_path(node, 0);
	alias_path(alias, 0, b->modem);
	assert_return_code(chown(node, 1, 2), errno);
	assert_return_code(chmod(node, 0660), errno);
	assert_return_code(lstat(alias, &st), errno);
	assert_int_equal(st.st_uid, 1);
	assert_int_equal(st.st_gid, 2);
	assert_int_equal(st.st_mode & 07777, 0660);
}

/* V25: a umask does not stop a group from reaching its alias. */
static void test_V25_aliases_can_be_reached(struct bench *b)
{
	char path[PATH_LEN];
	struct stat st;
	mode_t before = umask(0077);

	bench_start(b, "-n1", NULL);
	umask(before);
	assert_return_code(lstat(NODE_PREFIX, &st), errno);
	assert_int_equal(st.st_mode & 07777, 0755);
	snprintf(path, sizeof(path), "%s/0", NODE_PREFIX);
	assert_return_code(lstat(path, &st), errno);
	assert_int_equal(st.st_mode & 07777, 0755);
}

/* V25: the basename is that of the real port, even if PORT is a link with another name. */
static void test_V25_port_given_as_a_link(struct bench *b)
{
	char link[PATH_LEN];
	struct instance *in = &b->instances[0];

	snprintf(link, sizeof(link), "/run/cuse-tests.%d.port", getpid());
	modem_open(&in->modem);
	unlink(link);
	assert_return_code(symlink(in->modem.port, link), errno);
	daemon_spawn(&in->daemon, (const char *[]){"-n1", link, NULL});
	instance_answer_sync(in);
	daemon_await_ready(&in->daemon, deadline_usual());
	unlink(link);
	expect_node(0, &in->modem);
}

/* --name: nodes with another prefix have their own numbering. */
static void test_V25_other_prefix(struct bench *b)
{
	start(&b->instances[0], "-n1");
	instance_start(&b->instances[1], (const char *[]){"-n2", "--name=qmi-test", NULL});
	expect_node(0, b->modem);
	expect_no_node(1);
	session_open_path(b, "/dev/qmi-test0", O_RDWR);
	session_open_path(b, "/dev/qmi-test1", O_RDWR);
	assert_int_equal(access("/dev/qmi-test2", F_OK), -1);
	bench_stop(b);
	assert_int_equal(access("/dev/qmi-test0", F_OK), -1);
}

/* V25: the next instance with the same numbers clears the aliases left by a killed one. */
static void test_V25_stale_aliases_are_replaced(struct bench *b)
{
	struct instance *in = b->instances;

	start(&in[0], "-n3");
	daemon_destroy(&in[0].daemon);
	assert_false(node_exists(0));
	start(&in[1], "-n3");
	assert_string_not_equal(in[0].modem.port, in[1].modem.port);
	for (unsigned int i = 0; i < 3; i++)
		expect_node(i, &in[1].modem);
	instance_stop(&in[1]);
	for (unsigned int i = 0; i < 3; i++)
		expect_no_node(i);
}

/* V25: it also removes those whose numbers it does not need. */
static void test_V25_stale_aliases_are_removed(struct bench *b)
{
	struct instance *in = b->instances;

	start(&in[0], "-n3");
	daemon_destroy(&in[0].daemon);
	assert_return_code(access("/dev/qmi-virt/2", F_OK), errno);
	assert_return_code(access("/run/cuse-qmux/qmi-virt2", F_OK), errno);
	start(&in[1], "-n1");
	expect_node(0, &in[1].modem);
	expect_no_node(1);
	expect_no_node(2);
	assert_int_equal(access("/run/cuse-qmux/qmi-virt2", F_OK), -1);
	assert_return_code(access("/run/cuse-qmux/qmi-virt0", F_OK), errno);
}

/* V25, --nodes: the largest number of nodes. */
static void test_V25_sixty_four_nodes(struct bench *b)
{
	bench_start(b, "--nodes=64", NULL);
	for (unsigned int i = 0; i < 64; i++)
		expect_node(i, b->modem);
	expect_no_node(64);
	fence(b, session_open(b, 63));
	bench_stop(b);
	for (unsigned int i = 0; i < 64; i++)
		expect_no_node(i);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V25_nodes_come_and_go),
	TEST_CASE(test_V25_lowest_free_number),
	TEST_CASE(test_V25_nodes_lead_to_their_own_port),
	TEST_CASE(test_V25_ten_instances_at_once),
	TEST_CASE(test_V25_alias_opens_the_node),
	TEST_CASE(test_V25_alias_has_the_nodes_owner),
	TEST_CASE(test_V25_aliases_can_be_reached),
	TEST_CASE(test_V25_port_given_as_a_link),
	TEST_CASE(test_V25_other_prefix),
	TEST_CASE(test_V25_stale_aliases_are_replaced),
	TEST_CASE(test_V25_stale_aliases_are_removed),
	TEST_CASE(test_V25_sixty_four_nodes),
};

const struct test_group name_tests = TEST_GROUP("names (V25)", cases);

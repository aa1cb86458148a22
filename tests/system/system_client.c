/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest tests use this for what qmicli cannot do on a node: several clients at once,
 * calls that are blocked when the modem disappears, frames of any size. Each command
 * prints what it saw, and exits with 0 if that was right. For exchange, imei and load,
 * NODE may be "@PORT", a connection to libqmi's proxy socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/usb/cdc-wdm.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "system_client.h"

#define PATIENCE        60000 /* ms for an answer: the guest is slow */
#define PATIENCE_OF_ALL 300   /* s */
#define IN_FLIGHT       4

/* DMS messages. */
#define GET_MODEL 0x0022
#define GET_IDS   0x0025
#define IMEI      0x11 /* a TLV in its answer */

#define PROXY_OPEN 0xFF00 /* a CTL message */

#define PADDING 0x7E /* a TLV type that no message uses */

void die(const char *what)
{
	fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

void wrong(const char *what)
{
	fprintf(stderr, "client: %s\n", what);
	exit(EXIT_FAILURE);
}

/* Connects to libqmi's proxy socket, an abstract name without padding. */
static int connect_proxy(int flags)
{
	static const struct sockaddr_un address = {AF_UNIX, "\0qmi-proxy"};
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + sizeof("qmi-proxy");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, len) < 0)
		die("the proxy's socket");
	if (flags & O_NONBLOCK)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

int open_node(const char *node, int flags)
{
	int fd;

	if (*node == '@')
		return connect_proxy(flags);
	fd = open(node, O_RDWR | O_CLOEXEC | flags);
	if (fd < 0)
		die(node);
	return fd;
}

static void await(const struct client *client, short events)
{
	struct pollfd pollfd = {.fd = client->fd, .events = events};

	if (poll(&pollfd, 1, PATIENCE) == 0)
		wrong("no answer");
}

int send_frame(const struct client *client, const struct frame *frame)
{
	size_t size = frame_size(frame->data);
	ssize_t written;

	while ((written = write(client->fd, frame->data, size)) < 0 && errno == EAGAIN)
		await(client, POLLOUT);
	if (written < 0)
		return -errno;
	if ((size_t)written != size)
		wrong("part of a frame was accepted");
	return 0;
}

/* Reads one frame. Unlike a port, a socket may have several in one read. */
static ssize_t read_frame(const struct client *client, struct frame *frame)
{
	size_t size = sizeof(frame->data);
	ssize_t got = recv(client->fd, frame->data, size, MSG_PEEK);

	if (got < 0 && errno == ENOTSOCK)
		return read(client->fd, frame->data, size);
	if (got == 0)
		errno = ECONNRESET;
	if (got <= 0)
		return -1;
	frame_scan(frame->data, (size_t)got, FRAME_FROM_MODEM, &size);
	return read(client->fd, frame->data, size);
}

int receive_frame(const struct client *client, struct frame *frame)
{
	ssize_t got;
	size_t size;

	while ((got = read_frame(client, frame)) < 0 && errno == EAGAIN)
		await(client, POLLIN);
	if (got < 0)
		return -errno;
	if (frame_scan(frame->data, (size_t)got, FRAME_FROM_MODEM, &size) != FRAME_WHOLE ||
	    size != (size_t)got)
		wrong("the data read is not a frame");
	return 0;
}

void pad(struct frame *frame, size_t size)
{
	static const uint8_t zeros[FRAME_MAX];

	frame_add_tlv(frame->data, PADDING, zeros, (uint16_t)(size - frame_size(frame->data) - 3));
}

bool answers(const struct frame *answer, const struct frame *request)
{
	return frame_kind(answer->data) == FRAME_RESPONSE &&
	       frame_service(answer->data) == frame_service(request->data) &&
	       frame_cid(answer->data) == frame_cid(request->data) &&
	       frame_tid(answer->data) == frame_tid(request->data) &&
	       frame_message(answer->data) == frame_message(request->data);
}

int ask(const struct client *client, const struct frame *request, struct frame *answer)
{
	int err = send_frame(client, request);

	if (err < 0)
		return err;
	do {
		err = receive_frame(client, answer);
		if (err < 0)
			return err;
	} while (frame_kind(answer->data) == FRAME_INDICATION);
	if (!answers(answer, request))
		wrong("an answer to something else");
	return 0;
}

/* Opens a node, or with "@PATH" a connection to the proxy for the port PATH. */
static struct client open_client(const char *node, int flags)
{
	struct client client = {.fd = open_node(node, flags)};
	struct frame frame;
	struct frame answer;

	if (*node != '@')
		return client;
	frame_begin(frame.data, FRAME_REQUEST, QMI_SERVICE_CTL, QMI_CID_NONE, 1, PROXY_OPEN);
	frame_add_tlv(frame.data, QMI_TLV_FIRST, node + 1, (uint16_t)strlen(node + 1));
	if (ask(&client, &frame, &answer) < 0 || frame_error(answer.data) != QMI_ERROR_NONE)
		wrong("the proxy does not open the port");
	return client;
}

int allocate(struct client *client, uint8_t service)
{
	struct frame frame;
	struct frame answer;
	const uint8_t *value;
	int err;

	frame_begin(frame.data, FRAME_REQUEST, QMI_SERVICE_CTL, QMI_CID_NONE, 1,
		    QMI_CTL_ALLOCATE_CID);
	frame_add_tlv(frame.data, QMI_TLV_FIRST, &service, 1);
	err = ask(client, &frame, &answer);
	if (err < 0)
		return err;
	value = frame_tlv(answer.data, QMI_TLV_FIRST, 2, NULL);
	if (frame_error(answer.data) != QMI_ERROR_NONE || !value)
		wrong("no client id");
	client->cid = value[1];
	return 0;
}

static void release(struct client *client)
{
	struct frame frame;
	struct frame answer;

	frame_begin(frame.data, FRAME_REQUEST, QMI_SERVICE_CTL, QMI_CID_NONE, 2,
		    QMI_CTL_RELEASE_CID);
	frame_add_tlv(frame.data, QMI_TLV_FIRST, (uint8_t[]){QMI_SERVICE_DMS, client->cid}, 2);
	if (ask(client, &frame, &answer) < 0 || frame_error(answer.data) != QMI_ERROR_NONE)
		wrong("client id not released");
}

static void next_request(struct client *client, struct frame *request, unsigned number)
{
	client->tid = (uint16_t)(client->tid % 60000 + 1);
	switch (number % 4) {
	case 0:
		frame_begin(request->data, FRAME_REQUEST, QMI_SERVICE_CTL, QMI_CID_NONE,
			    (uint16_t)(client->tid % 255 + 1), QMI_CTL_GET_VERSION_INFO);
		break;
	case 1:
		frame_begin(request->data, FRAME_REQUEST, QMI_SERVICE_DMS, client->cid, client->tid,
			    GET_MODEL);
		break;
	case 2:
		frame_begin(request->data, FRAME_REQUEST, QMI_SERVICE_DMS, client->cid, client->tid,
			    GET_IDS);
		pad(request, 64 + number * 37 % 4000);
		break;
	default:
		frame_begin(request->data, FRAME_REQUEST, QMI_SERVICE_DMS, client->cid, client->tid,
			    GET_IDS);
		break;
	}
}

/* Checks the IMEI: the answer must not come from another modem. */
static void check_content(const struct client *client, const struct frame *answer)
{
	uint16_t length;
	const uint8_t *imei;

	if (frame_message(answer->data) != GET_IDS ||
	    frame_service(answer->data) != QMI_SERVICE_DMS)
		return;
	imei = frame_tlv(answer->data, IMEI, 1, &length);
	if (!imei || length != strlen(client->imei) || memcmp(imei, client->imei, length) != 0)
		wrong("another modem's answer");
}

/* Reads one answer, which must match an awaited one, and removes that one. */
static void take_answer(const struct client *client, struct frame *awaited, unsigned *count)
{
	struct frame answer;
	int err = receive_frame(client, &answer);

	if (err < 0) {
		errno = -err;
		die("read");
	}
	for (unsigned i = 0; i < *count; i++) {
		if (!answers(&answer, &awaited[i]))
			continue;
		if (frame_error(answer.data) != QMI_ERROR_NONE)
			wrong("a request was refused");
		check_content(client, &answer);
		awaited[i] = awaited[--*count];
		return;
	}
	wrong("an unexpected answer");
}

static void run_exchange(const char *node, const char *imei, unsigned requests, bool blocking)
{
	struct client client = open_client(node, blocking ? 0 : O_NONBLOCK);
	struct frame awaited[IN_FLIGHT];
	unsigned count = 0;

	client.imei = imei;
	if (allocate(&client, QMI_SERVICE_DMS) < 0)
		die("allocate");
	for (unsigned number = 0; number < requests; number++) {
		next_request(&client, &awaited[count], number);
		if (send_frame(&client, &awaited[count]) < 0)
			die("write");
		if (++count == IN_FLIGHT)
			take_answer(&client, awaited, &count);
	}
	while (count > 0)
		take_answer(&client, awaited, &count);
	/* The next frame must be its answer, or there was one answer too many. */
	release(&client);
	close(client.fd);
}

/* Returns 0 if every child exits with 0. */
static int await_children(void)
{
	int failures = 0;
	int status;

	while (wait(&status) > 0)
		failures += status != 0;
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

void fork_or_die(pid_t *pid)
{
	fflush(stdout);
	*pid = fork();
	if (*pid < 0)
		die("fork");
	if (*pid == 0)
		alarm(PATIENCE_OF_ALL);
}

/* exchange NODE IMEI CLIENTS REQUESTS: divides the requests among concurrent clients. */
static int exchange(char **args)
{
	unsigned clients = (unsigned)atoi(args[2]);
	unsigned requests = (unsigned)atoi(args[3]) / clients;

	for (unsigned i = 0; i < clients; i++) {
		pid_t pid;

		fork_or_die(&pid);
		if (pid == 0) {
			run_exchange(args[0], args[1], requests, i % 2);
			exit(EXIT_SUCCESS);
		}
	}
	if (await_children() != EXIT_SUCCESS)
		return EXIT_FAILURE;
	printf("%u requests answered, none lost, duplicated or misrouted\n", clients * requests);
	return EXIT_SUCCESS;
}

static void print_imei(const char *node)
{
	struct client client = open_client(node, O_NONBLOCK);
	struct frame request;
	struct frame answer;
	const uint8_t *value;
	uint16_t length;

	if (allocate(&client, QMI_SERVICE_DMS) < 0)
		die("allocate");
	next_request(&client, &request, 3);
	if (ask(&client, &request, &answer) < 0)
		die("ask");
	value = frame_tlv(answer.data, IMEI, 1, &length);
	if (!value)
		wrong("no IMEI");
	printf("%.*s\n", length, (const char *)value);
	release(&client);
	close(client.fd);
}

/* imei NODE...: prints a line for each */
static int imei(char **args)
{
	while (*args)
		print_imei(*args++);
	return EXIT_SUCCESS;
}

static volatile sig_atomic_t told_to_stop;

static void stop(int signal)
{
	(void)signal;
	told_to_stop = 1;
}

/* load NODE IMEI: sends requests until SIGTERM or a failure of the node, and prints totals. */
static int load(char **args)
{
	struct client client = open_client(args[0], O_NONBLOCK);
	unsigned answered = 0;
	unsigned lost = 0;
	unsigned restarts = 0;
	struct frame request;
	struct frame answer;
	int err = allocate(&client, QMI_SERVICE_DMS);

	client.imei = args[1];
	signal(SIGTERM, stop);
	puts("running");
	fflush(stdout);
	while (err == 0 && !told_to_stop) {
		uint16_t error;

		next_request(&client, &request, 3);
		err = ask(&client, &request, &answer);
		if (err < 0)
			break;
		error = frame_error(answer.data);
		if (error == QMI_ERROR_ABORTED || error == QMI_ERROR_INVALID_CLIENT_ID) {
			restarts++;
			err = allocate(&client, QMI_SERVICE_DMS);
		} else if (error == QMI_ERROR_INTERNAL) {
			lost++; /* on its way to the modem: V15 */
		} else if (error != QMI_ERROR_NONE) {
			wrong("a request was refused");
		} else {
			check_content(&client, &answer);
			answered++;
		}
	}
	printf("%u answered, %u lost, %u restarts, %s\n", answered, lost, restarts,
	       err < 0 ? strerrorname_np(-err) : "stopped");
	return EXIT_SUCCESS;
}

static void expect_gone(int fd)
{
	uint8_t byte;
	struct pollfd pollfd = {.fd = fd, .events = POLLIN};
	struct frame frame;

	if (read(fd, &byte, 1) != -1 || errno != ENODEV)
		die("read of a node whose modem is gone");
	frame_begin(frame.data, FRAME_REQUEST, QMI_SERVICE_CTL, 0, 1, QMI_CTL_GET_VERSION_INFO);
	if (write(fd, frame.data, frame_size(frame.data)) != -1 || errno != ENODEV)
		die("write to a node whose modem is gone");
	if (poll(&pollfd, 1, 0) != 1 || pollfd.revents != (POLLHUP | POLLERR))
		wrong("poll of a node whose modem is gone");
}

static void block_in_read(const char *node)
{
	uint8_t byte;

	if (read(open_node(node, 0), &byte, 1) != -1 || errno != ENODEV)
		die("blocked read");
}

static void block_in_poll(const char *node)
{
	struct pollfd pollfd = {.fd = open_node(node, O_NONBLOCK), .events = POLLIN};

	if (poll(&pollfd, 1, -1) != 1 || pollfd.revents != (POLLHUP | POLLERR))
		wrong("blocked poll");
	expect_gone(pollfd.fd);
}

/* True if the process sleeps in the system call with this number. */
static bool sleeps_in(pid_t pid, int number)
{
	char path[64];
	int found = -1; /* "running" is not a number */
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (fscanf(file, "%d", &found) != 1)
		found = -1;
	fclose(file);
	return found == number;
}

static void start_blocked(void (*block)(const char *node), int number, const char *node)
{
	pid_t pid;

	fork_or_die(&pid);
	if (pid == 0) {
		block(node);
		exit(EXIT_SUCCESS);
	}
	for (int ms = 0; !sleeps_in(pid, number); ms++) {
		if (ms == PATIENCE)
			wrong("a call does not block");
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
}

/* unplug NODE: sessions in read, in poll and between calls when the modem disappears: V17. */
static int unplug(char **args)
{
	int between = open_node(args[0], O_NONBLOCK);
	int status;

	start_blocked(block_in_read, SYS_read, args[0]);
	start_blocked(block_in_poll, SYS_poll, args[0]);
	puts("running");
	fflush(stdout);
	status = await_children();
	expect_gone(between);
	puts("ENODEV, POLLHUP|POLLERR");
	return status;
}

/* limit NODE: frames up to the port's limit and beyond. */
static int limit(char **args)
{
	struct client client = {.fd = open_node(args[0], O_NONBLOCK)};
	struct frame request;
	struct frame answer;
	__u16 max;

	if (ioctl(client.fd, IOCTL_WDM_MAX_COMMAND, &max) < 0)
		die("IOCTL_WDM_MAX_COMMAND");
	if (allocate(&client, QMI_SERVICE_DMS) < 0)
		die("allocate");
	for (size_t size = max - 1U; size <= max + 1U; size++) {
		int err;

		frame_begin(request.data, FRAME_REQUEST, QMI_SERVICE_DMS, client.cid, 7, GET_IDS);
		pad(&request, size);
		err = ask(&client, &request, &answer);
		if (err != (size > max ? -EMSGSIZE : 0))
			wrong("a frame near the limit");
		if (err == 0 && frame_error(answer.data) != QMI_ERROR_NONE)
			wrong("a large frame was refused");
	}
	release(&client);
	printf("%u bytes\n", max);
	return EXIT_SUCCESS;
}

static void read_for_ever(int fd)
{
	struct frame frame;

	for (;;) {
		struct pollfd pollfd = {.fd = fd, .events = POLLIN};

		if (fcntl(fd, F_GETFL) & O_NONBLOCK)
			poll(&pollfd, 1, -1);
		if (read(fd, frame.data, sizeof(frame.data)) < 0 && errno != EAGAIN)
			die("read");
	}
}

static void come_and_go(const char *port)
{
	struct frame frame;

	for (;;) {
		int fd = open_node(port, O_NONBLOCK);

		if (read(fd, frame.data, sizeof(frame.data)) < 0 && errno != EAGAIN)
			die("read");
		close(fd);
	}
}

static void write_for_ever(int fd)
{
	struct frame frame;

	frame_begin(frame.data, FRAME_REQUEST, QMI_SERVICE_CTL, 0, 1, QMI_CTL_GET_VERSION_INFO);
	for (;;) {
		if (write(fd, frame.data, frame_size(frame.data)) < 0)
			die("write");
	}
}

/*
 * intrude PORT HOW: uses the real port beside the daemon, until it is killed, and blocks
 * in read(), polls, comes and goes, or writes.
 */
static int intrude(char **args)
{
	const char *how = args[1];

	puts("running");
	fflush(stdout);
	if (strcmp(how, "block") == 0)
		read_for_ever(open_node(args[0], 0));
	else if (strcmp(how, "poll") == 0)
		read_for_ever(open_node(args[0], O_NONBLOCK));
	else if (strcmp(how, "come") == 0)
		come_and_go(args[0]);
	else if (strcmp(how, "write") == 0)
		write_for_ever(open_node(args[0], 0));
	return EXIT_FAILURE;
}

static const struct {
	const char *name;
	int args; /* minimum */
	int (*run)(char **args);
} commands[] = {
	{"exchange", 4, exchange}, {"imei", 1, imei},   {"load", 2, load},
	{"unplug", 1, unplug},     {"limit", 1, limit}, {"intrude", 2, intrude},
	{"sleeper", 2, sleeper},
};

int main(int argc, char **argv)
{
	alarm(PATIENCE_OF_ALL);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (argc > 1 && strcmp(argv[1], commands[i].name) == 0 &&
		    argc - 2 >= commands[i].args)
			return commands[i].run(argv + 2);
	}
	fputs("client: exchange NODE IMEI CLIENTS REQUESTS, imei NODE..., load NODE IMEI, unplug "
	      "NODE, limit NODE, intrude PORT HOW or sleeper NODE HOW\n",
	      stderr);
	return EXIT_FAILURE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sleeper NODE HOW: a program that waits at a node while the machine sleeps. It waits for a
 * broadcast indication, in the calls that HOW names. Then it sends a request with a client
 * that it allocated before, and says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "system_client.h"

#define GET_STATUS 0x0022 /* WDS Get Packet Service Status */

#define WRITES      40 /* more than a node queues */
#define WRITES_SIZE 4000

#define CHAIN_SECONDS 20

static void next_question(struct client *client, struct frame *request)
{
	client->tid++;
	frame_begin(request->data, FRAME_REQUEST, QMI_SERVICE_WDS, client->cid, client->tid,
		    GET_STATUS);
}

static void set_blocking(int fd, bool blocking)
{
	if (fcntl(fd, F_SETFL, O_RDWR | (blocking ? 0 : O_NONBLOCK)) < 0)
		die("fcntl");
}

/* These wait until there is something to read. EINTR is not an error. */

static void wait_in_poll(int fd, int timeout)
{
	struct pollfd pollfd = {.fd = fd, .events = POLLIN};

	while (poll(&pollfd, 1, timeout) <= 0)
		;
}

static void wait_in_select(int fd)
{
	fd_set set;
	int ready;

	do {
		FD_ZERO(&set);
		FD_SET(fd, &set);
		ready = select(fd + 1, &set, NULL, NULL, NULL);
	} while (ready <= 0);
}

static void wait_in_epoll(int fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		die("epoll");
	while (epoll_wait(epoll, &event, 1, -1) <= 0)
		;
	close(epoll);
}

static void wait_for_signal(void)
{
	sigset_t set;
	int signo;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigwait(&set, &signo);
}

/* Has the node only open until then. */
static void wait_in_sigwait(int fd)
{
	wait_for_signal();
	wait_in_poll(fd, -1);
}

static void wait_in_read(int fd, struct frame *frame)
{
	ssize_t got;

	set_blocking(fd, true);
	do
		got = read(fd, frame->data, sizeof(frame->data));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		die("read");
	set_blocking(fd, false);
}

/* Always has a request in flight. */
static void wait_while_asking(struct client *client, struct frame *frame)
{
	struct frame request;

	for (;;) {
		next_question(client, &request);
		if (send_frame(client, &request) < 0)
			die("write");
		wait_in_poll(client->fd, -1);
		if (receive_frame(client, frame) < 0)
			die("read");
		if (frame_kind(frame->data) == FRAME_INDICATION)
			break;
		if (!answers(frame, &request))
			wrong("an answer to something else");
	}
	if (receive_frame(client, &request) < 0) /* the answer */
		die("read");
}

static void write_whole(int fd, const struct frame *frame)
{
	ssize_t written;

	do
		written = write(fd, frame->data, frame_size(frame->data));
	while (written < 0 && errno == EINTR);
	if (written != (ssize_t)frame_size(frame->data))
		die("write");
}

/*
 * Begins at SIGUSR1. The modem must accept nothing meanwhile. Every request must be answered
 * in the end.
 */
static void wait_in_write(struct client *client, struct frame *frame)
{
	struct frame request;
	struct frame got;
	bool indicated = false;

	wait_for_signal();
	set_blocking(client->fd, true);
	for (int i = 0; i < WRITES; i++) {
		next_question(client, &request);
		pad(&request, WRITES_SIZE);
		write_whole(client->fd, &request);
	}
	set_blocking(client->fd, false);
	for (int answered = 0; answered < WRITES || !indicated;) {
		if (receive_frame(client, &got) < 0)
			die("read");
		if (frame_kind(got.data) == FRAME_INDICATION) {
			indicated = true;
			*frame = got;
		} else if (frame_error(got.data) == QMI_ERROR_NONE) {
			answered++;
		} else {
			wrong("a request was refused");
		}
	}
}

static const char *how;

static void wait_somehow(struct client *client, struct frame *frame)
{
	if (strcmp(how, "read") == 0) {
		wait_in_read(client->fd, frame);
		return;
	}
	if (strcmp(how, "ask") == 0) {
		wait_while_asking(client, frame);
		return;
	}
	if (strcmp(how, "write") == 0) {
		wait_in_write(client, frame);
		return;
	}
	if (strcmp(how, "select") == 0)
		wait_in_select(client->fd);
	else if (strcmp(how, "epoll") == 0)
		wait_in_epoll(client->fd);
	else if (strcmp(how, "open") == 0)
		wait_in_sigwait(client->fd);
	else
		wait_in_poll(client->fd, strcmp(how, "loop") == 0 ? 2 : -1);
	if (receive_frame(client, frame) < 0)
		die("read");
}

/* Waits, and does what a program does afterwards. */
static void serve(struct client *client)
{
	struct frame frame;
	struct frame answer;

	printf("%d waits\n", (int)getpid());
	fflush(stdout);
	wait_somehow(client, &frame);
	if (frame_kind(frame.data) != FRAME_INDICATION ||
	    frame_service(frame.data) != QMI_SERVICE_WDS)
		wrong("not the indication");
	next_question(client, &frame);
	if (ask(client, &frame, &answer) < 0)
		die("ask");
	if (frame_error(answer.data) != QMI_ERROR_NONE)
		wrong("a request was refused");
	puts("served");
	fflush(stdout);
	_exit(EXIT_SUCCESS);
}

static void start_session(struct client *client, const char *node)
{
	*client = (struct client){.fd = open_node(node, O_NONBLOCK)};
	if (allocate(client, QMI_SERVICE_WDS) < 0)
		die("allocate");
}

static void *run_apart(void *node)
{
	struct client client;

	if (unshare(CLONE_FILES) < 0)
		die("unshare");
	start_session(&client, node);
	serve(&client);
	return NULL;
}

static void *run_session(void *client)
{
	serve(client);
	return NULL;
}

static void *block_for_ever(void *node)
{
	struct frame frame;

	wait_in_read(open_node(node, 0), &frame);
	return NULL;
}

static void start_thread(void *(*run)(void *), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, argument) != 0)
		wrong("pthread_create");
}

union passed {
	char space[CMSG_SPACE(sizeof(int))];
	struct cmsghdr header;
};

static void pass_on(int socket, int fd)
{
	union passed passed = {.space = {0}};
	struct iovec byte = {.iov_base = "", .iov_len = 1};
	struct msghdr message = {.msg_iov = &byte,
				 .msg_iovlen = 1,
				 .msg_control = &passed,
				 .msg_controllen = sizeof(passed)};

	passed.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
					 .cmsg_type = SCM_RIGHTS,
					 .cmsg_len = CMSG_LEN(sizeof(int))};
	memcpy(CMSG_DATA(&passed.header), &fd, sizeof(fd));
	if (sendmsg(socket, &message, 0) != 1)
		die("sendmsg");
}

static int take_over(int socket)
{
	union passed passed;
	char text;
	struct iovec byte = {.iov_base = &text, .iov_len = 1};
	struct msghdr message = {.msg_iov = &byte,
				 .msg_iovlen = 1,
				 .msg_control = &passed,
				 .msg_controllen = sizeof(passed)};
	int fd;

	if (recvmsg(socket, &message, 0) != 1)
		die("recvmsg");
	memcpy(&fd, CMSG_DATA(&passed.header), sizeof(fd));
	return fd;
}

static int await_child(void)
{
	int status;

	return wait(&status) > 0 && status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Only the child has the session's file, inherited or passed to it. */
static int run_child(const char *node)
{
	struct client client;
	int sockets[2];
	pid_t pid;

	if (strcmp(how, "inherited") == 0)
		start_session(&client, node);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) < 0)
		die("socketpair");
	fork_or_die(&pid);
	if (strcmp(how, "passed") == 0) {
		if (pid == 0) {
			client = (struct client){.fd = take_over(sockets[0])};
			if (allocate(&client, QMI_SERVICE_WDS) < 0)
				die("allocate");
		} else {
			client.fd = open_node(node, O_NONBLOCK);
			pass_on(sockets[1], client.fd);
		}
	}
	if (pid == 0)
		serve(&client);
	close(client.fd);
	return await_child();
}

/* A new process all the time, each with the node open. */
static int run_chain(const char *node)
{
	time_t end = time(NULL) + CHAIN_SECONDS;

	open_node(node, 0);
	puts("0 waits");
	fflush(stdout);
	while (time(NULL) < end) {
		if (fork() > 0)
			_exit(EXIT_SUCCESS);
	}
	return EXIT_SUCCESS;
}

int sleeper(char **args)
{
	static struct client client;
	sigset_t set;

	how = args[1];
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (strcmp(how, "inherited") == 0 || strcmp(how, "passed") == 0)
		return run_child(args[0]);
	if (strcmp(how, "chain") == 0)
		return run_chain(args[0]);
	if (strcmp(how, "apart") == 0) {
		start_thread(run_apart, args[0]);
		for (;;)
			pause();
	}
	start_session(&client, args[0]);
	if (strcmp(how, "threads") == 0) {
		for (int i = 0; i < 3; i++)
			start_thread(block_for_ever, args[0]);
	}
	if (strcmp(how, "leader") == 0) {
		start_thread(run_session, &client);
		pthread_exit(NULL);
	}
	serve(&client);
	return EXIT_FAILURE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "options.h"
#include "registry.h"
#include "restart.h"
#include "store.h"

#define KEPT "CUSE_QMUX_KEPT" /* in the environment of what the keeper starts */

#define CRASH_PAUSE 500 /* ms until it is started again */

struct keeper {
	char **argv;
	int notify; /* the socket of NOTIFY_SOCKET */
	struct sockaddr_un address;
	int signals;
	sigset_t before;
	pid_t child;     /* 0: none */
	bool stopping;   /* told to end */
	bool restarting; /* told to restart it */
};

bool keeper_has_started_this(void)
{
	return getenv(KEPT) != NULL;
}

/* Returns 0 or -errno. */
static int keeper_listen(struct keeper *keeper)
{
	struct sockaddr_un *address = &keeper->address;

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(address->sun_path, sizeof(address->sun_path), REGISTRY_DIRECTORY "/keeper-%d",
		 (int)getpid());
	registry_make_directory();
	unlink(address->sun_path);
	keeper->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* On Linux a socket's file gets the socket's mode. */
	if (keeper->notify < 0 || fchmod(keeper->notify, 0600) < 0 ||
	    bind(keeper->notify, (struct sockaddr *)address, sizeof(*address)) < 0 ||
	    setenv("NOTIFY_SOCKET", address->sun_path, 1) < 0 || setenv(KEPT, "1", 1) < 0)
		return -errno;
	return 0;
}

/* nohup(1) has it ignored. */
static bool keeper_heeds_hangup(void)
{
	struct sigaction action;

	return sigaction(SIGHUP, NULL, &action) < 0 || action.sa_handler != SIG_IGN;
}

/* Returns 0 or -errno. */
static int keeper_watch_signals(struct keeper *keeper)
{
	static const int heeded[] = {SIGTERM, SIGINT, SIGUSR1, SIGCHLD};
	sigset_t signals;

	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(heeded) / sizeof(heeded[0]); i++)
		sigaddset(&signals, heeded[i]);
	if (keeper_heeds_hangup())
		sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, &keeper->before);
	keeper->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	return keeper->signals < 0 ? -errno : 0;
}

/* The daemon. */

static void keeper_be_child(const struct keeper *keeper, pid_t parent)
{
	/* So that a terminal's signals come once, from the keeper. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	sigprocmask(SIG_SETMASK, &keeper->before, NULL);
	restart_execute(keeper->argv, true);
	_exit(EXIT_FAILURE);
}

static void keeper_start(struct keeper *keeper)
{
	pid_t parent = getpid();

	keeper->child = fork();
	if (keeper->child == 0)
		keeper_be_child(keeper, parent);
	if (keeper->child > 0)
		return;
	keeper->child = 0;
	log_error("cannot start another process: %s", strerror(errno));
}

/* What it stores. */

union keeper_control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static void keeper_obey(const char *state, int fd)
{
	const char *name = strstr(state, "FDNAME=");

	if (name)
		name += strlen("FDNAME=");
	if (name && fd >= 0 && strncmp(state, "FDSTORE=1\n", 10) == 0) {
		store_leave(name, fd);
		return;
	}
	if (name && strncmp(state, "FDSTOREREMOVE=1\n", 16) == 0)
		store_drop(name);
	/* Also that of BARRIER=1: all before it has been dealt with. */
	if (fd >= 0)
		close(fd);
}

/* False if there is nothing to read. */
static bool keeper_receive(const struct keeper *keeper)
{
	char state[256];
	union keeper_control control;
	struct iovec part = {.iov_base = state, .iov_len = sizeof(state) - 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.space,
				 .msg_controllen = sizeof(control.space)};
	ssize_t size = recvmsg(keeper->notify, &message, MSG_CMSG_CLOEXEC);
	int fd = -1;

	if (size < 0)
		return errno == EINTR;
	state[size] = '\0';
	if (CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(int));
	keeper_obey(state, fd);
	return true;
}

/* Signals. */

static void keeper_pass_on(struct keeper *keeper, const struct signalfd_siginfo *info)
{
	int signo = (int)info->ssi_signo;

	if (signo == SIGHUP && restart_is_asked_for(info)) {
		keeper->restarting = true;
		signo = SIGUSR2;
	} else if (signo != SIGUSR1) {
		keeper->stopping = true;
	}
	/* Its terminal has closed. */
	if (signo == SIGHUP)
		signo = SIGTERM;
	if (keeper->child > 0)
		kill(keeper->child, signo);
}

static void keeper_take_signals(struct keeper *keeper)
{
	struct signalfd_siginfo info;

	while (read(keeper->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGCHLD)
			keeper_pass_on(keeper, &info);
	}
}

/* True if it has ended for good, with this exit status. */
static bool keeper_has_ended(struct keeper *keeper, int *status)
{
	bool restarting = keeper->restarting;
	int how;

	if (keeper->child == 0 || waitpid(keeper->child, &how, WNOHANG) != keeper->child)
		return false;
	/* With what it has left. */
	while (keeper_receive(keeper))
		;
	keeper->child = 0;
	keeper->restarting = false;
	*status = WIFEXITED(how) ? WEXITSTATUS(how) : EXIT_FAILURE;
	if (keeper->stopping || *status == EXIT_USAGE || *status == EXIT_UNSUITABLE ||
	    (*status == EXIT_SUCCESS && !restarting))
		return true;
	if (*status == EXIT_SUCCESS)
		keeper_start(keeper);
	else
		log_warning("the daemon has ended unexpectedly: starting it again");
	return false;
}

static int keeper_serve(struct keeper *keeper)
{
	int status = EXIT_FAILURE;

	keeper_start(keeper);
	while (!keeper_has_ended(keeper, &status)) {
		struct pollfd pollfds[2] = {{.fd = keeper->signals, .events = POLLIN},
					    {.fd = keeper->notify, .events = POLLIN}};

		if (keeper->stopping && keeper->child == 0)
			return EXIT_SUCCESS;
		if (poll(pollfds, 2, keeper->child == 0 ? CRASH_PAUSE : -1) == 0)
			keeper_start(keeper);
		keeper_take_signals(keeper);
		while (keeper_receive(keeper))
			;
	}
	return status;
}

int keeper_run(char *argv[])
{
	struct keeper keeper = {.argv = argv};
	int status = EXIT_FAILURE;
	int err = keeper_listen(&keeper);

	if (err == 0)
		err = keeper_watch_signals(&keeper);
	if (err < 0)
		log_error("cannot start: %s", strerror(-err));
	else
		status = keeper_serve(&keeper);
	unlink(keeper.address.sun_path);
	return status;
}

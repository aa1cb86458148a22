/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "process.h"

#define NAME      "qmi-proxy"
#define LISTEN_FD 3    /* the first that systemd passes */
#define BACKLOG   4096 /* a client that finds it full starts a qmi-proxy */

/* The length counts: with zeros at the end it would be another name. */
static const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0" NAME};
static const socklen_t address_size =
	(socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof(NAME));

static unsigned long listener_number(const char *name)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 10) : 0;
}

/* Returns -1 if systemd has passed none. */
static int listener_passed(void)
{
	bool passed = listener_number("LISTEN_PID") == (unsigned long)getpid() &&
		      listener_number("LISTEN_FDS") > 0;

	/* Those that this program starts must not take them for theirs. */
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (!passed)
		return -1;
	fcntl(LISTEN_FD, F_SETFD, FD_CLOEXEC);
	fcntl(LISTEN_FD, F_SETFL, O_NONBLOCK);
	return LISTEN_FD;
}

static int listener_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* The process that listens. False if nobody does. */
static bool listener_find_owner(struct ucred *owner)
{
	socklen_t size = sizeof(*owner);
	int fd = listener_socket();
	bool found = false;

	if (fd < 0)
		return false;
	/* With a full backlog it is EAGAIN, and the owner remains unknown. */
	if (connect(fd, (const struct sockaddr *)&address, address_size) == 0)
		found = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, owner, &size) == 0;
	close(fd);
	return found;
}

static void listener_explain(void)
{
	char command[PROCESS_COMMAND_MAX] = "?";
	struct ucred owner = {.pid = 0};

	if (listener_find_owner(&owner))
		process_command(command, owner.pid);
	log_error("the socket @qmi-proxy belongs to %s (pid %d): stop ModemManager, end that "
		  "process, start this one again, and then ModemManager",
		  command, (int)owner.pid);
}

static int listener_bind(void)
{
	int fd = listener_socket();

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, address_size) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	if (errno == EADDRINUSE)
		listener_explain();
	else
		log_error("cannot listen on @qmi-proxy: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

int listener_open(void)
{
	int fd = listener_passed();

	return fd >= 0 ? fd : listener_bind();
}

bool listener_check(void)
{
	int fd = listener_bind();

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum log_sink_kind {
	LOG_SINK_UNKNOWN,
	LOG_SINK_NONE,    /* standard error is closed */
	LOG_SINK_FILE,    /* a plain file, which has no reader */
	LOG_SINK_SOCKET,  /* such as the journal's */
	LOG_SINK_OWN,     /* a pipe or terminal, opened anew with O_NONBLOCK */
	LOG_SINK_FOREIGN, /* one that could not be opened anew */
};

static struct {
	enum log_sink_kind kind;
	int fd;
	size_t rest_length;
	char rest[LOG_LINE_MAX]; /* of a line that was written in part */
} log_sink;

/*
 * Standard error itself must stay as it is: O_NONBLOCK belongs to the open file
 * description, which others may share.
 */
static void log_sink_open_anew(void)
{
	int fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return;
	log_sink.kind = LOG_SINK_OWN;
	log_sink.fd = fd;
}

void log_sink_open(void)
{
	struct stat st;

	if (log_sink.kind != LOG_SINK_UNKNOWN)
		return;
	log_sink.kind = LOG_SINK_FOREIGN;
	log_sink.fd = STDERR_FILENO;
	if (fstat(STDERR_FILENO, &st) < 0)
		log_sink.kind = LOG_SINK_NONE;
	else if (S_ISREG(st.st_mode))
		log_sink.kind = LOG_SINK_FILE;
	else if (S_ISSOCK(st.st_mode))
		log_sink.kind = LOG_SINK_SOCKET;
	else
		log_sink_open_anew();
}

static bool log_sink_has_room(int ms)
{
	struct pollfd pollfd = {.fd = log_sink.fd, .events = POLLOUT};

	return poll(&pollfd, 1, ms) > 0 && (pollfd.revents & POLLOUT);
}

static ssize_t log_sink_write_some(const char *data, size_t length)
{
	switch (log_sink.kind) {
	case LOG_SINK_SOCKET:
		return send(log_sink.fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	case LOG_SINK_FILE:
	case LOG_SINK_OWN:
		return write(log_sink.fd, data, length);
	case LOG_SINK_FOREIGN:
		return log_sink_has_room(0) ? write(log_sink.fd, data, length) : -1;
	case LOG_SINK_UNKNOWN:
	case LOG_SINK_NONE:
	default:
		return -1;
	}
}

bool log_sink_flush(void)
{
	ssize_t written;

	if (log_sink.rest_length == 0)
		return true;
	written = log_sink_write_some(log_sink.rest, log_sink.rest_length);
	if (written <= 0)
		return false;
	log_sink.rest_length -= (size_t)written;
	memmove(log_sink.rest, log_sink.rest + written, log_sink.rest_length);
	return log_sink.rest_length == 0;
}

bool log_sink_write(const char *line, size_t length)
{
	ssize_t written;

	if (!log_sink_flush())
		return false;
	written = log_sink_write_some(line, length);
	if (written <= 0)
		return false;
	log_sink.rest_length = length - (size_t)written;
	memcpy(log_sink.rest, line + written, log_sink.rest_length);
	return true;
}

void log_sink_await_room(int ms)
{
	if (log_sink.kind != LOG_SINK_NONE)
		log_sink_has_room(ms);
}

void log_sink_close(void)
{
	if (log_sink.kind == LOG_SINK_OWN)
		close(log_sink.fd);
	log_sink.kind = LOG_SINK_NONE;
}

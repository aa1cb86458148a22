/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notified.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cmocka-all.h"
#include "timing.h"

void notified_next(struct daemon *d, char state[NOTIFIED_MAX])
{
	ssize_t n;

	if (!wait_for(d->notify, POLLIN, deadline_usual()))
		fail_msg("the daemon has sent no notification");
	n = recv(d->notify, state, NOTIFIED_MAX - 1, 0);
	assert_return_code(n, errno);
	state[n] = '\0';
}

void notified_expect(struct daemon *d, const char *line, const char *status)
{
	char state[NOTIFIED_MAX];
	char begin[64];
	size_t length = (size_t)snprintf(begin, sizeof(begin), "%s\nSTATUS=", line);

	notified_next(d, state);
	if (strncmp(state, begin, length) != 0 || !strstr(state + length, status) ||
	    strchr(state + length, '\n'))
		fail_msg("the daemon notified '%s' instead of '%s...%s...'", state, begin, status);
}

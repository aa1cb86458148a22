/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timing.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#define USUAL_MS 15000

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int slow_factor(void)
{
	const char *factor = getenv("TEST_SLOW");

	return factor && atoi(factor) > 1 ? atoi(factor) : 1;
}

int64_t deadline_in(int ms)
{
	return now_ms() + (int64_t)ms * slow_factor();
}

int64_t deadline_usual(void)
{
	return deadline_in(USUAL_MS);
}

int usual_ms(void)
{
	return USUAL_MS * slow_factor();
}

static int left_ms(int64_t deadline)
{
	int64_t left = deadline - now_ms();

	if (left < 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

bool wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd wait = {.fd = fd, .events = events};
	int ready;

	do {
		ready = poll(&wait, 1, left_ms(deadline));
	} while (ready < 0 && errno == EINTR);
	return ready > 0;
}

void pause_briefly(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

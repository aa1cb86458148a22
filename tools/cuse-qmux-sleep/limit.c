/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "limit.h"

#include <signal.h>
#include <unistd.h>

#define GRACE 5 /* s until the kernel ends a stuck call */

static volatile sig_atomic_t limit_signal;

/* The second SIGALRM has its default effect, which also ends a call on a dead file server. */
static void limit_note(int signo)
{
	if (signo != SIGALRM || limit_signal == 0)
		limit_signal = signo;
	if (signo == SIGALRM)
		alarm(GRACE);
}

void limit_start(unsigned seconds)
{
	/* No SA_RESTART: waiting for a lock ends too. */
	struct sigaction action = {.sa_handler = limit_note};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	action.sa_flags = (int)SA_RESETHAND;
	sigaction(SIGALRM, &action, NULL);
	alarm(seconds);
}

void limit_lift(void)
{
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	limit_signal = 0;
}

int limit_reached(void)
{
	return limit_signal;
}

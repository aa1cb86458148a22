/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "callers.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "proc.h"

#define STACK_SIZE 65536

struct caller {
	const struct callers *all;
	int fd;
	atomic_int thread;
	int err;
};

static void *call(void *arg)
{
	struct caller *caller = arg;
	const struct callers *all = caller->all;
	char few[64];
	ssize_t n;

	caller->thread = gettid();
	if (all->data)
		n = write(caller->fd, all->data, all->size);
	else
		n = read(caller->fd, few, sizeof(few));
	caller->err = n < 0 ? errno : 0;
	return NULL;
}

void callers_run(int fd, const void *arg, struct outcome *outcome)
{
	static struct caller callers[CALLERS_MAX];
	pthread_t threads[CALLERS_MAX];
	const struct callers *all = arg;
	pthread_attr_t small;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK_SIZE);
	for (size_t i = 0; i < all->count; i++) {
		callers[i] = (struct caller){.all = all, .fd = fd};
		if (pthread_create(&threads[i], &small, call, &callers[i]) != 0)
			return;
	}
	/* Without sleeping, by which the child would seem to be blocked. */
	for (size_t i = 0; i < all->count; i++) {
		while (callers[i].thread == 0 || proc_state(callers[i].thread) == 'R')
			sched_yield();
	}
	for (size_t i = 0; i < all->count; i++) {
		pthread_join(threads[i], NULL);
		outcome->count += callers[i].err == all->expected;
	}
}

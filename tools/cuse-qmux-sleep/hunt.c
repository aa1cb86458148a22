/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hunt.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "limit.h"

#define INIT 1

/* Nobody can make others escape by opening files without end: their nodes come first. */
#define DESCRIPTORS_AT_FIRST 256

#define PAUSE     5 /* ms for the programs to come to rest; doubles each time */
#define PAUSE_MAX 80

struct hunted {
	pid_t pid;
	unsigned long long start;
};

static int hunt_compare(const void *left, const void *right)
{
	const struct hunted *a = left;
	const struct hunted *b = right;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return a->start < b->start ? -1 : a->start > b->start;
}

static void hunt_find_callers(struct hunt *hunt)
{
	pid_t pid = getpid();

	while (pid > INIT && hunt->callers_count < HUNT_CALLERS) {
		struct program program;

		hunt->callers[hunt->callers_count++] = pid;
		if (program_open(&program, pid) < 0)
			return;
		pid = program.parent;
		program_close(&program);
	}
}

/* systemd runs its hooks at the same time, and waits for all of them. */
static void hunt_find_hooks(struct hunt *hunt)
{
	static const char *const units[] = {
		"/systemd-suspend.service\n",
		"/systemd-hibernate.service\n",
		"/systemd-hybrid-sleep.service\n",
		"/systemd-suspend-then-hibernate.service\n",
	};
	struct program self;

	if (program_open(&self, getpid()) < 0)
		return;
	program_groups(&self, hunt->hooks, sizeof(hunt->hooks));
	program_close(&self);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strstr(hunt->hooks, units[i]))
			return;
	}
	hunt->hooks[0] = '\0';
}

void hunt_begin(struct hunt *hunt, const struct record *record)
{
	*hunt = (struct hunt){.record = record};
	hunt_find_callers(hunt);
	hunt_find_hooks(hunt);
}

void hunt_finish(struct hunt *hunt)
{
	tdestroy(hunt->stopped, free);
	devices_free(&hunt->devices);
}

static bool hunt_spares(const struct hunt *hunt, const struct program *program)
{
	char groups[HUNT_GROUPS_MAX];

	for (size_t i = 0; i < hunt->callers_count; i++) {
		if (hunt->callers[i] == program->pid)
			return true;
	}
	if (program->pid == INIT)
		return true;
	if (!hunt->hooks[0])
		return false;
	program_groups(program, groups, sizeof(groups));
	return strcmp(groups, hunt->hooks) == 0;
}

/* Once for each program, before it is stopped. Returns 0 or -errno. */
static int hunt_stop(struct hunt *hunt, const struct program *program)
{
	struct hunted *hunted = malloc(sizeof(*hunted));
	struct hunted **found;
	int err;

	if (!hunted)
		return -ENOMEM;
	*hunted = (struct hunted){.pid = program->pid, .start = program->start};
	found = tsearch(hunted, &hunt->stopped, hunt_compare);
	if (!found || *found != hunted) {
		free(hunted);
		return found ? 0 : -ENOMEM;
	}
	err = record_add(hunt->record, program);
	if (err < 0)
		return err;
	if (program_signal(program, SIGSTOP) == 0)
		hunt->count++;
	return 0;
}

/* Returns whether the program has yet to come to rest, or -errno. */
static int hunt_meet(struct hunt *hunt, const struct program *program, unsigned descriptors_max)
{
	int err;

	if (program->kernel || program_rests(program) ||
	    !program_has_node(program, &hunt->devices, descriptors_max) ||
	    hunt_spares(hunt, program))
		return 0;
	snprintf(hunt->awaited, sizeof(hunt->awaited), "%s (pid %d)", program->name,
		 (int)program->pid);
	err = hunt_stop(hunt, program);
	return err < 0 ? err : 1;
}

/* Returns how many programs have yet to come to rest, or -errno. */
static int hunt_pass(struct hunt *hunt, unsigned descriptors_max)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	int restless = 0;
	int met = 0;

	if (!processes)
		return -errno;
	while (met >= 0 && !limit_reached() && (entry = readdir(processes))) {
		struct program program;
		pid_t pid = atoi(entry->d_name);

		if (pid <= 0 || program_open(&program, pid) < 0)
			continue;
		met = hunt_meet(hunt, &program, descriptors_max);
		program_close(&program);
		restless += met;
	}
	closedir(processes);
	return met < 0 ? met : restless;
}

int hunt_run(struct hunt *hunt)
{
	struct timespec pause = {.tv_nsec = PAUSE * 1000000L};
	unsigned descriptors_max = DESCRIPTORS_AT_FIRST;
	int restless;

	for (;;) {
		int err;

		devices_free(&hunt->devices);
		err = devices_find(&hunt->devices);
		if (err < 0)
			return err;
		restless = hunt_pass(hunt, descriptors_max);
		if (limit_reached())
			return limit_reached() == SIGALRM ? -ETIME : -EINTR;
		if (restless < 0)
			return restless;
		if (restless == 0 && descriptors_max == UINT_MAX)
			return 0;
		if (restless == 0)
			hunt->awaited[0] = '\0';
		else if (nanosleep(&pause, NULL) == 0 && pause.tv_nsec < PAUSE_MAX * 1000000L)
			pause.tv_nsec *= 2;
		descriptors_max = UINT_MAX;
	}
}

bool hunt_is_for_systemd(const struct hunt *hunt)
{
	return hunt->hooks[0];
}

int hunt_again(struct hunt *hunt, const struct record *record)
{
	int restless;

	hunt->record = record;
	restless = hunt_pass(hunt, UINT_MAX);
	return restless < 0 ? restless : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "limit.h"

/* Returns a descriptor, or -errno. Both names of a node are one inode. */
static int guard_watch(const struct devices *devices)
{
	char path[sizeof("/dev/") + DEVICES_NAME_MAX];
	int events = inotify_init1(IN_CLOEXEC);

	if (events < 0 || inotify_add_watch(events, RECORD_PATH, IN_ATTRIB) < 0)
		return -errno;
	for (size_t i = 0; i < devices->count; i++) {
		snprintf(path, sizeof(path), "/dev/%s", devices->nodes[i].name);
		inotify_add_watch(events, path, IN_OPEN);
	}
	return events;
}

/* The record is open only in between, so that it can be removed. */
static int guard_hunt(struct hunt *hunt)
{
	struct record record;
	int err = record_open(&record, false);

	if (err < 0)
		return err;
	err = hunt_again(hunt, &record);
	record_close(&record);
	return err;
}

/* The first hunt is for those who opened a node before it was watched. */
static void guard_run(struct hunt *hunt)
{
	int events = guard_watch(&hunt->devices);
	char buffer[4096];

	if (events < 0)
		return;
	while (guard_hunt(hunt) == 0 && read(events, buffer, sizeof(buffer)) > 0)
		;
}

void guard_start(struct hunt *hunt, struct record *record)
{
	if (fork() != 0)
		return;
	limit_lift();
	record_close(record);
	guard_run(hunt);
	_exit(EXIT_SUCCESS);
}

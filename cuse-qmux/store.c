/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "supervisor.h"

#define FIRST_FD 3

struct store_entry {
	int fd; /* -1: taken */
	char name[STORE_NAME_MAX];
};

struct store_list {
	struct store_entry *entries;
	size_t count;
	bool failed; /* out of memory */
};

/* Set if the process was executed by its predecessor. */
#define EXECUTED "CUSE_QMUX_EXECUTED"

static struct store_list store_received;
static bool store_is_supervised; /* they were stored by the supervisor */
static struct store_list store_left;

static void store_add(struct store_list *list, const char *name, int fd)
{
	struct store_entry *entries =
		realloc(list->entries, (list->count + 1) * sizeof(list->entries[0]));

	if (!entries) {
		list->failed = true;
		return;
	}
	list->entries = entries;
	entries[list->count].fd = fd;
	snprintf(entries[list->count].name, STORE_NAME_MAX, "%s", name);
	list->count++;
}

static unsigned store_number(const char *variable)
{
	const char *value = getenv(variable);

	return value ? (unsigned)strtoul(value, NULL, 10) : 0;
}

void store_receive(void)
{
	const char *names = getenv("LISTEN_FDNAMES");
	unsigned count = store_number("LISTEN_FDS");

	if (store_number("LISTEN_PID") != (unsigned)getpid() || !names)
		count = 0;
	for (unsigned i = 0; i < count; i++) {
		size_t length = strcspn(names, ":");
		char name[STORE_NAME_MAX];

		snprintf(name, sizeof(name), "%.*s", (int)length, names);
		fcntl(FIRST_FD + (int)i, F_SETFD, FD_CLOEXEC);
		store_add(&store_received, name, FIRST_FD + (int)i);
		names += length + (names[length] == ':');
	}
	store_is_supervised = !getenv(EXECUTED);
	unsetenv(EXECUTED);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

/* Most are taken in the order in which they were left. */
int store_take(const char *name)
{
	static size_t next;

	for (size_t i = 0; i < store_received.count; i++) {
		struct store_entry *entry = &store_received.entries[next++ % store_received.count];
		int fd = entry->fd;

		if (fd < 0 || strcmp(entry->name, name) != 0)
			continue;
		entry->fd = -1;
		return fd;
	}
	return -1;
}

int store_take_numbered(const char *prefix, uint64_t *number)
{
	size_t length = strlen(prefix);

	for (size_t i = 0; i < store_received.count; i++) {
		const char *name = store_received.entries[i].name;

		if (store_received.entries[i].fd < 0 || strncmp(name, prefix, length) != 0)
			continue;
		*number = strtoull(name + length, NULL, 10);
		return store_take(name);
	}
	return -1;
}

void store_clear(void)
{
	for (size_t i = 0; i < store_received.count; i++) {
		struct store_entry *entry = &store_received.entries[i];

		if (entry->fd >= 0)
			close(entry->fd);
		if (store_is_supervised)
			supervisor_unstore(entry->name);
	}
	if (store_is_supervised && store_received.count > 0)
		supervisor_await();
	free(store_received.entries);
	store_received = (struct store_list){0};
}

void store_leave(const char *name, int fd)
{
	store_add(&store_left, name, fd);
}

void store_drop(const char *name)
{
	for (size_t i = store_left.count; i-- > 0;) {
		struct store_entry *entry = &store_left.entries[i];

		if (strcmp(entry->name, name) != 0)
			continue;
		close(entry->fd);
		*entry = store_left.entries[--store_left.count];
	}
}

bool store_hand_over(void)
{
	bool taken = !store_left.failed;

	for (size_t i = 0; i < store_left.count && taken; i++)
		taken = supervisor_store(store_left.entries[i].name, store_left.entries[i].fd);
	return taken;
}

/* Moves a descriptor; whatever has its number moves out of the way. */
static int store_place(size_t index)
{
	struct store_entry *entries = store_left.entries;
	int place = FIRST_FD + (int)index;

	if (entries[index].fd == place)
		return fcntl(place, F_SETFD, 0) < 0 ? -errno : 0;
	for (size_t i = index + 1; i < store_left.count; i++) {
		if (entries[i].fd != place)
			continue;
		entries[i].fd = fcntl(place, F_DUPFD_CLOEXEC, FIRST_FD + (int)store_left.count);
		if (entries[i].fd < 0)
			return -errno;
	}
	if (dup2(entries[index].fd, place) < 0)
		return -errno;
	close(entries[index].fd);
	entries[index].fd = place;
	return 0;
}

static int store_place_all(void)
{
	int err = store_left.failed ? -ENOMEM : 0;

	for (size_t i = 0; i < store_left.count && err == 0; i++)
		err = store_place(i);
	return err;
}

/* Returns 0 or -errno. */
static int store_describe(bool supervises)
{
	size_t size = store_left.count * (STORE_NAME_MAX + 1) + 1;
	char *names = calloc(1, size);
	char number[32];
	char *end = names;
	int err = 0;

	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < store_left.count; i++)
		end += snprintf(end, size - (size_t)(end - names), "%s%s", i > 0 ? ":" : "",
				store_left.entries[i].name);
	if (setenv("LISTEN_FDNAMES", names, 1) < 0)
		err = -errno;
	free(names);
	snprintf(number, sizeof(number), "%zu", store_left.count);
	if (setenv("LISTEN_FDS", number, 1) < 0 || (!supervises && setenv(EXECUTED, "1", 1) < 0))
		err = -errno;
	snprintf(number, sizeof(number), "%d", (int)getpid());
	if (setenv("LISTEN_PID", number, 1) < 0)
		err = -errno;
	return err;
}

int store_execute(const char *program, char *argv[], bool supervises)
{
	int err = store_place_all();

	if (err == 0)
		err = store_describe(supervises);
	if (err < 0)
		return err;
	execv(program, argv);
	return -errno;
}

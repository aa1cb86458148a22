/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alias.h"
#include "device.h"
#include "registry.h"

static bool leftovers_is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

/*
 * Whatever its instance does with it, the kernel has the node. Its link in the class is
 * enough: where the rest of /sys is hidden, a living node must not be taken for gone.
 */
static bool leftovers_is_alive(const char *prefix, const char *number)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "/sys/class/cuse/%s%s", prefix, number);
	return lstat(path, &st) == 0 || errno != ENOENT;
}

static void leftovers_remove_file(const char *prefix, const char *number)
{
	char name[DEVICE_NAME_MAX];

	snprintf(name, sizeof(name), "%s%s", prefix, number);
	registry_remove(name);
}

/*
 * Finds entries that are named start, then the number of a node that is gone; returns
 * true if there is one. If remove is not NULL, calls it for each.
 */
static bool leftovers_find(const char *path, const char *start, const char *prefix,
			   void (*remove)(const char *prefix, const char *number))
{
	DIR *directory = opendir(path);
	size_t size = strlen(start);
	const struct dirent *entry;
	bool found = false;

	if (!directory)
		return false;
	while ((entry = readdir(directory))) {
		const char *number = entry->d_name + size;

		if (strncmp(entry->d_name, start, size) != 0 || !leftovers_is_number(number) ||
		    leftovers_is_alive(prefix, number))
			continue;
		found = true;
		if (remove)
			remove(prefix, number);
	}
	closedir(directory);
	return found;
}

void leftovers_remove(const char *prefix)
{
	char base[96];
	int lock;

	snprintf(base, sizeof(base), "/dev/%s", prefix);
	if (!leftovers_find(base, "", prefix, NULL) &&
	    !leftovers_find(REGISTRY_DIRECTORY, prefix, prefix, NULL))
		return;
	lock = registry_lock();
	if (lock < 0)
		return;
	leftovers_find(base, "", prefix, alias_remove);
	/* With the lock held, because a file is added before its node exists. */
	leftovers_find(REGISTRY_DIRECTORY, prefix, prefix, leftovers_remove_file);
	rmdir(base);
	close(lock);
}

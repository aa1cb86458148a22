/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alias.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES_MAX 16

/* Anyone allowed to use a node must be able to reach it, whatever the umask. */
static int alias_make_directory(const char *path)
{
	if (mkdir(path, 0755) < 0)
		return errno == EEXIST ? 0 : -errno;
	return chmod(path, 0755) < 0 ? -errno : 0;
}

/* An instance that was killed leaves its alias behind, perhaps under another port's name. */
static void alias_clear_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		/* A program that still knows it must not open the next device by it. */
		if (fchmodat(dirfd(directory), entry->d_name, 0, 0) == 0 || errno != ENOENT)
			unlinkat(dirfd(directory), entry->d_name, 0);
	}
	closedir(directory);
}

/* devtmpfs has made the node already, unless it is not mounted or the name was taken. */
static int alias_check_own_node(const char *path, dev_t device)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == device)
		return 0;
	unlink(path);
	return mknod(path, S_IFCHR | 0600, device) < 0 ? -errno : 0;
}

/* A hard link, so that both names share the owner and mode that udev or an administrator sets. */
static int alias_link_node(const struct alias *alias)
{
	int err = alias_make_directory(alias->base);

	if (err == 0)
		err = alias_make_directory(alias->directory);
	if (err < 0)
		return err;
	alias_clear_directory(alias->directory);
	return link(alias->node, alias->path) < 0 ? -errno : 0;
}

void alias_set_paths(struct alias *alias, const char *prefix, unsigned number, const char *basename)
{
	snprintf(alias->node, sizeof(alias->node), "/dev/%s%u", prefix, number);
	snprintf(alias->base, sizeof(alias->base), "/dev/%s", prefix);
	snprintf(alias->directory, sizeof(alias->directory), "/dev/%s/%u", prefix, number);
	snprintf(alias->path, sizeof(alias->path), "/dev/%s/%u/%s", prefix, number, basename);
}

int alias_create(struct alias *alias, const char *prefix, unsigned number, const char *basename,
		 dev_t device)
{
	int err;

	alias_set_paths(alias, prefix, number, basename);
	err = alias_check_own_node(alias->node, device);
	if (err < 0)
		return err;
	/* Another instance, on exit, may remove the common directory just when it is empty. */
	for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
		err = alias_link_node(alias);
		if (err == 0)
			return 0;
		if (err != -ENOENT)
			break;
	}
	alias_destroy(alias);
	return err;
}

void alias_destroy(const struct alias *alias)
{
	unlink(alias->path);
	rmdir(alias->directory);
	rmdir(alias->base);
	/* A program that still knows it must not open the next device with its number by it. */
	chmod(alias->node, 0);
	/* devtmpfs removes only nodes that it made itself. */
	unlink(alias->node);
}

void alias_remove(const char *prefix, const char *number)
{
	char path[128];

	snprintf(path, sizeof(path), "/dev/%s/%s", prefix, number);
	alias_clear_directory(path);
	rmdir(path);
}

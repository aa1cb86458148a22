/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alias.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES_MAX 16

static int make_directory(const char *path)
{
	return mkdir(path, 0755) < 0 && errno != EEXIST ? -1 : 0;
}

/* An instance that was killed leaves its alias behind, perhaps under another port's name. */
static void clear_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory)))
		unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
}

static int make_node(const char *path, mode_t mode, const struct stat *like)
{
	if (mknod(path, S_IFCHR | mode, like->st_rdev) < 0)
		return -1;
	/* mknod() heeds the umask. */
	if (chown(path, like->st_uid, like->st_gid) < 0 || chmod(path, mode) < 0) {
		unlink(path);
		return -1;
	}
	return 0;
}

/* devtmpfs has made the node already, unless there is none or something stood in its way. */
static int check_own_node(const char *path, dev_t device, struct stat *st)
{
	struct stat root_only = {.st_rdev = device};

	if (lstat(path, st) == 0 && S_ISCHR(st->st_mode) && st->st_rdev == device)
		return 0;
	unlink(path);
	if (make_node(path, 0600, &root_only) < 0)
		return -1;
	return lstat(path, st);
}

static int make_alias(const struct alias *alias, const struct stat *like)
{
	if (make_directory(alias->base) < 0 || make_directory(alias->directory) < 0)
		return -1;
	clear_directory(alias->directory);
	return make_node(alias->path, like->st_mode & 0777, like);
}

int alias_create(struct alias *alias, const char *prefix, unsigned number, const char *basename,
		 dev_t device)
{
	struct stat st;

	snprintf(alias->node, sizeof(alias->node), "/dev/%s%u", prefix, number);
	snprintf(alias->base, sizeof(alias->base), "/dev/%s", prefix);
	snprintf(alias->directory, sizeof(alias->directory), "/dev/%s/%u", prefix, number);
	snprintf(alias->path, sizeof(alias->path), "/dev/%s/%u/%s", prefix, number, basename);
	if (check_own_node(alias->node, device, &st) < 0)
		return -1;
	/* Another instance that ends removes the common directory as soon as it is empty. */
	for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
		if (make_alias(alias, &st) == 0)
			return 0;
		if (errno != ENOENT)
			break;
	}
	rmdir(alias->directory);
	rmdir(alias->base);
	return -1;
}

void alias_destroy(const struct alias *alias)
{
	unlink(alias->path);
	rmdir(alias->directory);
	rmdir(alias->base);
}

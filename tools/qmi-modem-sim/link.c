/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool link_make(const char *path, const char *target)
{
	char fresh[PATH_MAX];
	struct stat st;
	int error;

	if (snprintf(fresh, sizeof(fresh), "%s.%d", path, (int)getpid()) >= (int)sizeof(fresh)) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (lstat(path, &st) == 0 && !S_ISLNK(st.st_mode)) {
		errno = EEXIST;
		return false;
	}
	if (symlink(target, fresh) < 0)
		return false;
	if (rename(fresh, path) == 0)
		return true;
	error = errno;
	unlink(fresh);
	errno = error;
	return false;
}

void link_remove(const char *path, const char *target)
{
	char found[PATH_MAX];
	ssize_t len = readlink(path, found, sizeof(found) - 1);

	if (len < 0)
		return;
	found[len] = '\0';
	if (strcmp(found, target) == 0)
		unlink(path);
}

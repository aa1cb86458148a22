/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holders.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool holders_is_holder(long pid, dev_t device)
{
	char path[64];
	struct dirent *entry;
	bool found = false;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
	fds = opendir(path);
	if (!fds)
		return false;
	while (!found && (entry = readdir(fds))) {
		struct stat st;

		found = fstatat(dirfd(fds), entry->d_name, &st, 0) == 0 && S_ISCHR(st.st_mode) &&
			st.st_rdev == device;
	}
	closedir(fds);
	return found;
}

void holders_find(dev_t device, holders_found *found, void *context)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;

	if (!processes)
		return;
	while ((entry = readdir(processes))) {
		long pid = strtol(entry->d_name, NULL, 10);

		if (pid <= 0 || pid == getpid() || pid == getppid())
			continue;
		if (holders_is_holder(pid, device))
			found(context, (pid_t)pid);
	}
	closedir(processes);
}

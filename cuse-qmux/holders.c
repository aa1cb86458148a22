/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holders.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "process.h"

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

void holders_warn(const char *path, dev_t device)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;

	if (!processes)
		return;
	while ((entry = readdir(processes))) {
		char command[PROCESS_COMMAND_MAX];
		long pid = strtol(entry->d_name, NULL, 10);

		if (pid <= 0 || pid == getpid() || !holders_is_holder(pid, device))
			continue;
		process_command(command, pid);
		log_warning("%s is also held by %s (pid %ld): the two programs will take each "
			    "other's messages; stop it, or let it use a node",
			    path, command, pid);
	}
	closedir(processes);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proc.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka-all.h"
#include "timing.h"

char proc_state(pid_t pid)
{
	char path[64];
	char state = '?';
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	stat = fopen(path, "re");
	if (!stat)
		return state;
	if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	fclose(stat);
	return state;
}

pid_t proc_parent(pid_t pid)
{
	char path[64];
	pid_t parent = 0;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	stat = fopen(path, "re");
	if (!stat)
		return 0;
	if (fscanf(stat, "%*d (%*[^)]) %*c %d", &parent) != 1)
		parent = 0;
	fclose(stat);
	return parent;
}

pid_t proc_child(pid_t pid)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	pid_t child = 0;

	assert_non_null(processes);
	while (child == 0 && (entry = readdir(processes))) {
		pid_t other = (pid_t)strtol(entry->d_name, NULL, 10);

		if (other > 0 && proc_parent(other) == pid)
			child = other;
	}
	closedir(processes);
	return child;
}

long proc_value(pid_t pid, const char *file, const char *key)
{
	char path[64];
	char line[256];
	long value = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	in = fopen(path, "re");
	assert_non_null(in);
	while (fgets(line, sizeof(line), in)) {
		if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ':')
			assert_int_equal(sscanf(line + strlen(key) + 1, "%ld", &value), 1);
	}
	fclose(in);
	return value;
}

long proc_rss_kib(pid_t pid)
{
	long rss = proc_value(pid, "status", "VmRSS");

	assert_true(rss > 0);
	return rss;
}

unsigned int proc_count_files(pid_t pid)
{
	char path[64];
	unsigned int count = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

bool proc_has_file(pid_t pid, const char *name)
{
	bool found = false;
	char path[64];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	assert_non_null(dir);
	while (!found && (entry = readdir(dir))) {
		char target[256];
		ssize_t length = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		target[length > 0 ? length : 0] = '\0';
		found = strstr(target, name);
	}
	closedir(dir);
	return found;
}

/* True if /proc/locks lists the process as waiting for a lock, or else as holding one. */
static bool has_lock(pid_t pid, bool waits)
{
	char line[256];
	bool found = false;
	FILE *locks = fopen("/proc/locks", "re");

	assert_non_null(locks);
	while (!found && fgets(line, sizeof(line), locks)) {
		const char *flock = strstr(line, "FLOCK");
		pid_t owner;

		found = flock && sscanf(flock, "%*s %*s %*s %d", &owner) == 1 && owner == pid &&
			!strstr(line, "->") == !waits;
	}
	fclose(locks);
	return found;
}

void proc_await_lock(pid_t pid, bool another_has)
{
	int64_t deadline = deadline_usual();

	while (!has_lock(pid, another_has) || proc_state(pid) != 'S') {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
}

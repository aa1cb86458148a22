/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "program.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "limit.h"

#define STAT_MAX      1024
#define KERNEL_THREAD 0x00200000 /* among the flags in /proc/PID/stat: PF_KTHREAD */

/* Cuts the text to the size. Returns its length, or 0 if it cannot be read. */
static size_t program_read(int directory, const char *path, char *text, size_t size)
{
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[length > 0 ? length : 0] = '\0';
	return length > 0 ? (size_t)length : 0;
}

/* The name is in parentheses, and may contain any. */
static bool program_parse(struct program *program, char *stat)
{
	const char *name = strchr(stat, '(');
	char *end = strrchr(stat, ')');
	unsigned flags;

	if (!name || !end)
		return false;
	*end = '\0';
	snprintf(program->name, sizeof(program->name), "%s", name + 1);
	if (sscanf(end + 2,
		   "%c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %lu %*d %llu",
		   &program->state, &program->parent, &flags, &program->threads,
		   &program->start) != 5)
		return false;
	program->kernel = flags & KERNEL_THREAD;
	return true;
}

int program_open(struct program *program, pid_t pid)
{
	char text[STAT_MAX];

	snprintf(text, sizeof(text), "/proc/%d", (int)pid);
	*program = (struct program){.pid = pid};
	program->directory = open(text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (program->directory < 0)
		return -errno;
	program_read(program->directory, "stat", text, sizeof(text));
	if (program_parse(program, text))
		return 0;
	program_close(program);
	return -ESRCH;
}

void program_close(const struct program *program)
{
	close(program->directory);
}

static DIR *program_open_directory(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !directory)
		close(fd);
	return directory;
}

/* The next number in the directory, or 0. */
static int program_next_number(DIR *directory)
{
	struct dirent *entry;

	while ((entry = readdir(directory))) {
		if (entry->d_name[0] != '.')
			return atoi(entry->d_name);
	}
	return 0;
}

static bool program_thread_rests(char state)
{
	return strchr("TtZXx", state) != NULL;
}

bool program_rests(const struct program *program)
{
	struct program thread = {.state = program->state};
	DIR *threads;
	int tid;

	if (program->threads <= 1 || !program_thread_rests(program->state))
		return program_thread_rests(program->state);
	threads = program_open_directory(program->directory, "task");
	if (!threads)
		return true;
	while (program_thread_rests(thread.state) && (tid = program_next_number(threads)) > 0) {
		char path[64];
		char text[STAT_MAX];

		snprintf(path, sizeof(path), "%d/stat", tid);
		program_read(dirfd(threads), path, text, sizeof(text));
		program_parse(&thread, text);
	}
	closedir(threads);
	return program_thread_rests(thread.state);
}

/* One opened with O_PATH does not have the device open. */
static bool program_is_open(int descriptors, const char *number)
{
	char path[64];
	char text[256];
	const char *flags;

	snprintf(path, sizeof(path), "../fdinfo/%.32s", number);
	program_read(descriptors, path, text, sizeof(text));
	flags = strstr(text, "flags:");
	return !flags || !(strtoul(flags + strlen("flags:"), NULL, 8) & O_PATH);
}

/* Whether the descriptor is of a node, or of a server of nodes, which must not be stopped. */
static void program_look(int descriptors, const char *number, const struct devices *devices,
			 bool *node, bool *serves)
{
	struct stat st;

	/* Asks no file server, which might be dead: fstatat() takes this flag of statx() too. */
	if (fstatat(descriptors, number, &st, AT_STATX_DONT_SYNC) < 0 || !S_ISCHR(st.st_mode))
		return;
	if (st.st_rdev == devices->cuse)
		*serves = true;
	else if (!*node && devices_has_node(devices, st.st_rdev))
		*node = program_is_open(descriptors, number);
}

/* Looks through a table of descriptors at this path, if it is there. */
static void program_look_at_table(int directory, const char *path, const struct devices *devices,
				  unsigned descriptors_max, bool *node, bool *serves)
{
	DIR *descriptors = program_open_directory(directory, path);
	struct dirent *entry;

	if (!descriptors)
		return;
	while (descriptors_max-- > 0 && !*serves && !limit_reached() &&
	       (entry = readdir(descriptors)))
		program_look(dirfd(descriptors), entry->d_name, devices, node, serves);
	closedir(descriptors);
}

/* Threads need not share their descriptors, and the first thread may have ended. */
static void program_look_at_threads(DIR *threads, const struct devices *devices,
				    unsigned descriptors_max, bool *node, bool *serves)
{
	int last = 0;
	int tid;

	while (!*serves && !limit_reached() && (tid = program_next_number(threads)) > 0) {
		char path[64];

		if (last > 0 && syscall(SYS_kcmp, last, tid, KCMP_FILES, 0, 0) == 0)
			continue;
		last = tid;
		snprintf(path, sizeof(path), "%d/fd", tid);
		program_look_at_table(dirfd(threads), path, devices, descriptors_max, node, serves);
	}
}

bool program_has_node(const struct program *program, const struct devices *devices,
		      unsigned descriptors_max)
{
	DIR *threads = NULL;
	bool node = false;
	bool serves = false;

	if (program->threads > 1)
		threads = program_open_directory(program->directory, "task");
	if (threads) {
		program_look_at_threads(threads, devices, descriptors_max, &node, &serves);
		closedir(threads);
	} else {
		program_look_at_table(program->directory, "fd", devices, descriptors_max, &node,
				      &serves);
	}
	return node && !serves;
}

void program_groups(const struct program *program, char *text, size_t size)
{
	program_read(program->directory, "cgroup", text, size);
}

int program_signal(const struct program *program, int signo)
{
	return syscall(SYS_pidfd_send_signal, program->directory, signo, NULL, 0) < 0 ? -errno : 0;
}

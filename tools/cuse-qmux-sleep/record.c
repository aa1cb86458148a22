/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* False if its last owner has removed the file meanwhile. */
static bool record_is_current(int fd)
{
	struct stat mine;
	struct stat now;

	return fstat(fd, &mine) == 0 && stat(RECORD_PATH, &now) == 0 && mine.st_dev == now.st_dev &&
	       mine.st_ino == now.st_ino;
}

int record_open(struct record *record, bool make)
{
	int flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC | (make ? O_CREAT : 0);

	if (make)
		mkdir(RECORD_DIRECTORY, 0755);
	for (;;) {
		int fd = open(RECORD_PATH, flags, 0600);
		int err;

		if (fd < 0)
			return -errno;
		err = flock(fd, LOCK_EX) < 0 ? -errno : 0;
		if (err == 0 && record_is_current(fd)) {
			record->fd = fd;
			return 0;
		}
		close(fd);
		if (err < 0)
			return err;
	}
}

void record_close(struct record *record)
{
	close(record->fd);
}

int record_add(const struct record *record, const struct program *program)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "%d %llu\n", (int)program->pid, program->start);
	ssize_t written = write(record->fd, line, (size_t)length);

	if (written < 0)
		return -errno;
	return written == length ? 0 : -ENOSPC;
}

/* Returns whether it was there to be continued. */
static bool record_continue(pid_t pid, unsigned long long start)
{
	struct program program;
	bool done;

	if (program_open(&program, pid) < 0)
		return false;
	done = program.start == start && program_signal(&program, SIGCONT) == 0;
	program_close(&program);
	return done;
}

int record_continue_all(void)
{
	FILE *file = fopen(RECORD_PATH, "re");
	unsigned long long start;
	int count = 0;
	char line[64];
	int pid;

	if (!file)
		return errno == ENOENT ? 0 : -errno;
	while (fgets(line, sizeof(line), file)) {
		/* The last line may be cut, if the file system was full. */
		if (strchr(line, '\n') && sscanf(line, "%d %llu", &pid, &start) == 2)
			count += record_continue(pid, start);
	}
	fclose(file);
	unlink(RECORD_PATH);
	return count;
}

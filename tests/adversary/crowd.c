/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "crowd.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../cuse/cmocka-all.h"
#include "../cuse/timing.h"
#include "../faults/frames.h"

#define READY_MS 60000

void crowd_become(uid_t uid)
{
	const struct group *group = getgrnam("dialout");
	gid_t further = group ? group->gr_gid : 0;

	if (!group || setgroups(1, &further) < 0 || setgid(uid) < 0 || setuid(uid) < 0)
		_exit(126);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* setuid() has cleared it */
}

__attribute__((noreturn)) static void live(const struct crowd *c, unsigned int index,
					   attack_fn *attack, const void *arg)
{
	struct rlimit files = {CROWD_FILES + 8, CROWD_FILES + 8};

	close_range(STDERR_FILENO + 1, ~0U, 0);
	setrlimit(RLIMIT_NOFILE, &files);
	crowd_become(CROWD_UID + index % c->users);
	attack(index, arg, c->board);
	_exit(0);
}

void crowd_start(struct crowd *c, unsigned int count, unsigned int users, attack_fn *attack,
		 const void *arg)
{
	assert_in_range(count, 1, CROWD_MAX);
	c->board = mmap(NULL, sizeof(*c->board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	assert_ptr_not_equal(c->board, MAP_FAILED);
	c->users = users;
	fflush(NULL);
	for (c->count = 0; c->count < count; c->count++) {
		pid_t pid = fork();

		assert_return_code(pid, errno);
		if (pid == 0)
			live(c, c->count, attack, arg);
		c->pids[c->count] = pid;
	}
}

static void check_alive(const struct crowd *c)
{
	for (unsigned int i = 0; i < c->count; i++) {
		siginfo_t info = {0};

		waitid(P_PID, (id_t)c->pids[i], &info, WEXITED | WNOHANG | WNOWAIT);
		if (info.si_pid != 0)
			fail_msg("attacker %u has ended with %d", i, info.si_status);
	}
}

static void await(const struct crowd *c, const _Atomic unsigned int *counter)
{
	int64_t deadline = deadline_in(READY_MS);

	while (*counter < c->count) {
		check_alive(c);
		if (now_ms() > deadline)
			fail_msg("only %u of %u attackers have got so far", *counter, c->count);
		pause_briefly();
	}
}

void crowd_await_ready(struct crowd *c)
{
	await(c, &c->board->ready);
}

void crowd_await_done(struct crowd *c)
{
	await(c, &c->board->done);
}

bool crowd_is_ready(struct crowd *c)
{
	check_alive(c);
	return c->board->ready >= c->count;
}

void crowd_stop(struct crowd *c)
{
	for (unsigned int i = 0; i < c->count; i++)
		kill(c->pids[i], SIGKILL);
	for (unsigned int i = 0; i < c->count; i++)
		waitpid(c->pids[i], NULL, 0);
	if (c->board)
		munmap(c->board, sizeof(*c->board));
	memset(c, 0, sizeof(*c));
}

void crowd_spin(unsigned int index, const void *arg, struct crowd_board *board)
{
	(void)index;
	(void)arg;
	board->ready++;
	for (volatile unsigned int i = 0;; i++)
		;
}

/* The node's owner is the file system uid of the thread that opens it. */
int crowd_open(uid_t uid, unsigned int node)
{
	int fd;

	assert_return_code(seteuid(uid), errno);
	fd = open(node_path(node), O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_return_code(seteuid(0), errno);
	assert_return_code(fd, errno);
	return fd;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "killer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../cuse/cmocka-all.h"
#include "../cuse/proc.h"
#include "../cuse/timing.h"

#define SYSCALL_STOP (SIGTRAP | 0x80) /* under PTRACE_O_TRACESYSGOOD */

static void begin(const struct killing *k)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(126);
	raise(SIGSTOP);
	k->live(k->arg);
	_exit(0);
}

static pid_t give_birth(const struct killing *k)
{
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC;
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_return_code(pid, errno);
	if (pid == 0)
		begin(k);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	assert_return_code(ptrace(PTRACE_SETOPTIONS, pid, NULL, options), errno);
	return pid;
}

/* Runs up to the next system call entry or exit; false if the process died instead. */
static bool step(pid_t pid)
{
	long signal = 0;
	int status;

	for (;;) {
		assert_return_code(ptrace(PTRACE_SYSCALL, pid, NULL, signal), errno);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFSTOPPED(status))
			return false;
		if (WSTOPSIG(status) == SYSCALL_STOP)
			return true;
		signal = status >> 16 ? 0 : WSTOPSIG(status);
	}
}

/* Waits until the process is blocked in the call, stopped after it, or dead. */
static void await_rest(pid_t pid)
{
	int64_t deadline = deadline_usual();

	while (proc_state(pid) == 'R') {
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
}

static void pass_time(unsigned int us)
{
	struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000L};

	nanosleep(&time, NULL);
}

/* Kills a process that is stopped at the entry to the call. */
static void strike(const struct killing *k, pid_t pid)
{
	int status;

	if (k->at == KILL_WAITING) {
		kill(k->daemon, SIGSTOP);
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		await_rest(pid);
	} else if (k->at == KILL_DURING) {
		ptrace(PTRACE_CONT, pid, NULL, NULL);
		pass_time(k->delay_us);
	} else if (k->at == KILL_LEAVING && !step(pid)) {
		return;
	}
	kill(pid, SIGKILL);
	if (k->at == KILL_WAITING)
		kill(k->daemon, SIGCONT);
	do {
		assert_int_equal(waitpid(pid, &status, 0), pid);
	} while (WIFSTOPPED(status));
}

unsigned int kill_life(const struct killing *k)
{
	pid_t pid = give_birth(k);
	unsigned int calls = 0;

	while (step(pid)) {
		calls++;
		if (calls == k->call) {
			strike(k, pid);
			return calls;
		}
		if (!step(pid))
			return calls;
	}
	return calls;
}

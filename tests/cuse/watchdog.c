/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watchdog.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmocka-all.h"
#include "proc.h"
#include "timing.h"

#define USUAL_SECONDS 60
#define GRACE_MS      10000 /* for a test to fail once its processes are killed */
#define HANGS_MAX     5

static struct progress *watched;
static sigset_t awaited;
static sigset_t usual;

void watchdog_allow(int seconds)
{
	watched->due = deadline_in(seconds * 1000);
}

void watchdog_begin(struct progress *p, const char *name)
{
	snprintf(p->name, sizeof(p->name), "%s", name);
	p->begun++;
	p->run++;
	p->since = now_ms();
	watchdog_allow(USUAL_SECONDS);
}

void watchdog_end(struct progress *p)
{
	p->due = 0;
}

bool watchdog_has_struck(const struct progress *p)
{
	return p->hung == p->begun;
}

static bool descends_from(pid_t pid, pid_t ancestor)
{
	while (pid > 1 && pid != ancestor)
		pid = proc_parent(pid);
	return pid == ancestor;
}

/* Kills all descendants of this process but one. False if there were none. */
static bool kill_descendants(pid_t spared)
{
	pid_t self = getpid();
	struct dirent *entry;
	bool found = false;
	DIR *dir = opendir("/proc");

	while (dir && (entry = readdir(dir))) {
		pid_t pid = atoi(entry->d_name);

		if (pid <= 0 || pid == self || pid == spared || proc_state(pid) == 'Z' ||
		    !descends_from(pid, self))
			continue;
		kill(pid, SIGKILL);
		found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Killed processes may take a moment to disappear. Give up on one that never does. */
static void kill_all(void)
{
	int64_t deadline = deadline_in(GRACE_MS);

	while (kill_descendants(0) && now_ms() < deadline)
		pause_briefly();
}

static void say(const struct progress *p, const char *what)
{
	printf("[ watchdog ] %s hangs: not finished after %d s, %s\n", p->name,
	       (int)((now_ms() - p->since) / 1000), what);
	fflush(stdout);
}

/* True if the current test is overdue beyond rescue and its process must be killed. */
static bool strike(struct progress *p, pid_t tests, unsigned int *hangs)
{
	int64_t due = p->due;
	size_t test = p->begun;
	bool again = p->hung == test;

	if (due == 0 || now_ms() < due)
		return false;
	p->hung = test;
	if (!atomic_compare_exchange_strong(&p->due, &due, deadline_in(GRACE_MS))) {
		p->hung = 0; /* it has finished just now */
		return false;
	}
	if (again || ++*hangs == HANGS_MAX)
		return true;
	say(p, "killing its processes");
	kill_descendants(tests);
	return false;
}

/* Also reaps the tests' orphaned processes, because this process is their subreaper. */
static bool has_ended(pid_t tests, int *status)
{
	bool ended = false;
	int one;
	pid_t pid;

	while ((pid = waitpid(-1, &one, WNOHANG)) > 0) {
		if (pid != tests)
			continue;
		*status = one;
		ended = true;
	}
	return ended;
}

/* Waits for a child to end, at most 1 s because `due` may change. Passes on fatal signals. */
static void await_event(void)
{
	int signo = sigtimedwait(&awaited, NULL, &(struct timespec){.tv_sec = 1});

	if (signo < 0 || signo == SIGCHLD)
		return;
	kill_all();
	signal(signo, SIG_DFL);
	raise(signo);
	sigprocmask(SIG_SETMASK, &usual, NULL);
}

static void watch(struct progress *p, pid_t tests, unsigned int *hangs)
{
	int status = 0;

	while (!has_ended(tests, &status)) {
		await_event();
		if (strike(p, tests, hangs)) {
			say(p, "killing it");
			break;
		}
	}
	kill_all();
	if (WIFSIGNALED(status))
		printf("[ watchdog ] signal %d ended the tests in %s\n", WTERMSIG(status), p->name);
}

static pid_t start(struct progress *p, void (*work)(struct progress *p))
{
	pid_t parent = getpid();
	pid_t tests;

	fflush(NULL);
	tests = fork();
	assert_return_code(tests, errno);
	if (tests > 0)
		return tests;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	sigprocmask(SIG_SETMASK, &usual, NULL);
	work(p);
	p->done = true;
	fflush(NULL);
	_exit(0);
}

struct progress *watchdog_run(void (*work)(struct progress *p))
{
	static const int signals[] = {SIGCHLD, SIGHUP, SIGINT, SIGTERM};
	unsigned int hangs = 0;
	size_t before;

	watched = mmap(NULL, sizeof(*watched), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	assert_ptr_not_equal(watched, MAP_FAILED);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigemptyset(&awaited);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&awaited, signals[i]);
	sigprocmask(SIG_BLOCK, &awaited, &usual);
	do {
		before = watched->begun;
		watch(watched, start(watched, work), &hangs);
		if (!watched->done)
			watched->failed++;
		watchdog_end(watched);
	} while (!watched->done && hangs < HANGS_MAX && watched->begun > before);
	sigprocmask(SIG_SETMASK, &usual, NULL);
	return watched;
}

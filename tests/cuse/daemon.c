/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon.h"

#include "cmocka-all.h"
#include "timing.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MAX 48

bool daemon_is_wrapped(void)
{
	const char *wrap = getenv("CUSE_QMUX_WRAP");

	return wrap && *wrap;
}

/* argv points into wrap, which is split into words. */
static void build_command(const char *program, char *wrap, const char *const args[],
			  const char *argv[ARGS_MAX])
{
	size_t n = 0;

	for (char *word = strtok(wrap, " "); word && n < ARGS_MAX / 2; word = strtok(NULL, " "))
		argv[n++] = word;
	argv[n++] = program;
	for (size_t i = 0; args[i] && n < ARGS_MAX - 1; i++)
		argv[n++] = args[i];
	argv[n] = NULL;
}

static void exec_daemon(const struct daemon *d, const char *program, const char *const args[],
			pid_t parent, void (*prepare)(void))
{
	const char *argv[ARGS_MAX];
	char wrap[512] = "";

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	setpgid(0, 0);
	if (daemon_is_wrapped())
		snprintf(wrap, sizeof(wrap), "%s", getenv("CUSE_QMUX_WRAP"));
	build_command(program, wrap, args, argv);
	setenv("NOTIFY_SOCKET", d->notify_path, 1);
	dup2(d->out, STDOUT_FILENO);
	dup2(d->err, STDERR_FILENO);
	if (prepare)
		prepare();
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static void run(struct daemon *d, const char *program, const char *const args[],
		void (*prepare)(void))
{
	pid_t parent = getpid();

	d->out = memfd_create("stdout", MFD_CLOEXEC);
	d->err = memfd_create("stderr", MFD_CLOEXEC);
	assert_return_code(d->out, errno);
	assert_return_code(d->err, errno);
	fflush(NULL);
	d->pid = fork();
	assert_return_code(d->pid, errno);
	if (d->pid == 0)
		exec_daemon(d, program, args, parent, prepare);
	setpgid(d->pid, d->pid);
	d->pidfd = pidfd_open(d->pid, 0);
	assert_return_code(d->pidfd, errno);
}

/* The name begins with @ for the abstract namespace, as in NOTIFY_SOCKET itself. */
static void listen_for_ready(struct daemon *d, const char *prefix)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t len;

	memset(d, 0, sizeof(*d));
	d->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_return_code(d->notify, errno);
	snprintf(d->notify_path, sizeof(d->notify_path), "%scuse-tests.%d.%d", prefix, getpid(),
		 d->notify);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", d->notify_path);
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(address.sun_path));
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	else
		unlink(d->notify_path);
	assert_return_code(bind(d->notify, (struct sockaddr *)&address, len), errno);
}

void daemon_spawn(struct daemon *d, const char *const args[])
{
	daemon_spawn_prepared(d, args, NULL);
}

static const char *program_of(const char *variable, const char *usual)
{
	const char *program = getenv(variable);

	return program && *program ? program : usual;
}

void daemon_spawn_prepared(struct daemon *d, const char *const args[], void (*prepare)(void))
{
	listen_for_ready(d, "/run/");
	run(d, program_of("CUSE_QMUX", "build/cuse-qmux"), args, prepare);
}

void daemon_spawn_program(struct daemon *d, const char *variable, const char *usual,
			  const char *const args[])
{
	listen_for_ready(d, "/run/");
	run(d, program_of(variable, usual), args, NULL);
}

void daemon_spawn_abstract(struct daemon *d, const char *const args[])
{
	listen_for_ready(d, "@");
	run(d, program_of("CUSE_QMUX", "build/cuse-qmux"), args, NULL);
}

void daemon_show_stderr(const struct daemon *d)
{
	char output[DAEMON_OUTPUT_MAX];

	daemon_stderr(d, output);
	if (output[0])
		print_error("the daemon's stderr:\n%s", output);
}

static bool is_ready(const char *state)
{
	return strncmp(state, "READY=1", 7) == 0 || strstr(state, "\nREADY=1");
}

void daemon_await_ready(struct daemon *d, int64_t deadline)
{
	char state[512];

	for (;;) {
		ssize_t n = recv(d->notify, state, sizeof(state) - 1, 0);

		if (n < 0 && wait_for(d->notify, POLLIN, deadline))
			continue;
		if (n < 0)
			fail_msg("the daemon did not become ready");
		state[n] = '\0';
		if (is_ready(state))
			return;
	}
}

bool daemon_has_notified(struct daemon *d)
{
	char state;

	return recv(d->notify, &state, sizeof(state), MSG_PEEK) >= 0;
}

void daemon_signal(struct daemon *d, int signo)
{
	assert_true(d->pid > 0);
	assert_return_code(kill(d->pid, signo), errno);
}

int daemon_wait(struct daemon *d, int64_t deadline)
{
	int status;

	assert_true(d->pid > 0);
	if (!wait_for(d->pidfd, POLLIN, deadline))
		fail_msg("the daemon did not end");
	assert_int_equal(waitpid(d->pid, &status, 0), d->pid);
	d->pid = 0;
	if (!WIFEXITED(status))
		fail_msg("the daemon was killed by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static void read_output(int fd, char output[DAEMON_OUTPUT_MAX])
{
	ssize_t n = pread(fd, output, DAEMON_OUTPUT_MAX - 1, 0);

	output[n > 0 ? n : 0] = '\0';
}

void daemon_stdout(const struct daemon *d, char output[DAEMON_OUTPUT_MAX])
{
	read_output(d->out, output);
}

void daemon_stderr(const struct daemon *d, char output[DAEMON_OUTPUT_MAX])
{
	read_output(d->err, output);
}

size_t daemon_stderr_size(const struct daemon *d)
{
	struct stat status;

	assert_return_code(fstat(d->err, &status), errno);
	return (size_t)status.st_size;
}

unsigned int daemon_lines(const struct daemon *d)
{
	char output[DAEMON_OUTPUT_MAX];
	unsigned int lines = 0;

	daemon_stderr(d, output);
	for (const char *at = output; (at = strchr(at, '\n')); at++)
		lines++;
	return lines;
}

bool daemon_said(const struct daemon *d, const char *text)
{
	char output[DAEMON_OUTPUT_MAX];

	daemon_stderr(d, output);
	return strstr(output, text);
}

unsigned int daemon_told(const struct daemon *d, const char *text, unsigned int *lines)
{
	char output[DAEMON_OUTPUT_MAX];
	unsigned int count = 0;
	unsigned int found = 0;

	daemon_stderr(d, output);
	for (char *line = strtok(output, "\n"); line; line = strtok(NULL, "\n")) {
		const char *more = strstr(line, " more like it: ");

		if (!strstr(line, text))
			continue;
		while (more && more > line && more[-1] != ' ')
			more--;
		count += more ? (unsigned int)strtoul(more, NULL, 10) : 1;
		found++;
	}
	if (lines)
		*lines = found;
	return count;
}

unsigned long daemon_counter(struct daemon *d, const char *words)
{
	off_t size = (off_t)daemon_stderr_size(d);
	int64_t deadline = deadline_usual();
	char said[DAEMON_OUTPUT_MAX] = "";
	char *at;

	daemon_signal(d, SIGUSR1);
	while (!strstr(said, "restarts of the modem\n")) {
		ssize_t n = pread(d->err, said, sizeof(said) - 1, size);

		said[n > 0 ? n : 0] = '\0';
		assert_true(now_ms() < deadline);
		pause_briefly();
	}
	at = strstr(said, words);
	assert_non_null(at);
	while (at > said && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return strtoul(at, NULL, 10);
}

void daemon_destroy(struct daemon *d)
{
	if (d->pid > 0) {
		kill(-d->pid, SIGKILL);
		waitpid(d->pid, NULL, 0);
	}
	if (d->pidfd > 0) {
		close(d->pidfd);
		close(d->out);
		close(d->err);
	}
	if (d->notify > 0)
		close(d->notify);
	if (d->notify_path[0] == '/')
		unlink(d->notify_path);
	memset(d, 0, sizeof(*d));
}

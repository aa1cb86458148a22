/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../cuse/cmocka-all.h"
#include "../cuse/timing.h"

#define OPTIONS_MAX 16

static void exec_sim(const struct sim *s, const char *const options[])
{
	const char *build = getenv("BUILD");
	const char *argv[OPTIONS_MAX + 3];
	char program[256];
	char control[80];
	size_t n = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(program, sizeof(program), "%s/qmi-modem-sim", build ? build : "build");
	snprintf(control, sizeof(control), "--control=%s/control", s->dir);
	argv[n++] = program;
	argv[n++] = control;
	for (size_t i = 0; options[i] && i < OPTIONS_MAX; i++)
		argv[n++] = options[i];
	argv[n] = NULL;
	execv(program, (char *const *)(uintptr_t)argv);
	dprintf(STDERR_FILENO, "cannot run %s: %s\n", program, strerror(errno));
	_exit(127);
}

/* The simulator prints its port's name once it is ready. */
static void read_port(struct sim *s, int out)
{
	ssize_t n;

	if (!wait_for(out, POLLIN, deadline_usual()))
		fail_msg("the simulated modem did not start");
	n = read(out, s->port, sizeof(s->port) - 1);
	assert_true(n > 1);
	s->port[n - 1] = '\0';
}

static void connect_to(struct sim *s)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control", s->dir);
	s->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(s->control, errno);
	assert_return_code(connect(s->control, (struct sockaddr *)&address, sizeof(address)),
			   errno);
}

void sim_start(struct sim *s, const char *const options[])
{
	int out[2];

	strcpy(s->dir, "/tmp/faults.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	assert_return_code(pipe(out), errno);
	fflush(NULL);
	s->pid = fork();
	assert_return_code(s->pid, errno);
	if (s->pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		exec_sim(s, options);
	}
	close(out[1]);
	read_port(s, out[0]);
	close(out[0]);
	connect_to(s);
}

static void read_reply(struct sim *s, const char *command)
{
	int64_t deadline = deadline_usual();
	size_t len = 0;

	while (len < 3 || strcmp(s->reply + len - 3, "ok\n") != 0) {
		ssize_t n;

		if (!wait_for(s->control, POLLIN, deadline))
			fail_msg("the simulated modem does not answer '%s'", command);
		n = read(s->control, s->reply + len, sizeof(s->reply) - 1 - len);
		assert_true(n > 0);
		len += (size_t)n;
		s->reply[len] = '\0';
		if (strncmp(s->reply, "error: ", 7) == 0)
			fail_msg("the simulated modem says %s", s->reply);
	}
	s->reply[len - 3] = '\0';
}

void sim_do(struct sim *s, const char *format, ...)
{
	char command[128];
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	assert_in_range(len, 1, sizeof(command) - 1);
	assert_int_equal(dprintf(s->control, "%s\n", command), len + 1);
	read_reply(s, command);
}

const char *sim_text(struct sim *s, const char *key)
{
	char *rest;

	sim_do(s, "state");
	for (char *line = strtok_r(s->reply, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == '=')
			return line + strlen(key) + 1;
	}
	fail_msg("the simulated modem does not report '%s'", key);
	return NULL;
}

unsigned long sim_number(struct sim *s, const char *key)
{
	return strtoul(sim_text(s, key), NULL, 10);
}

void sim_destroy(struct sim *s)
{
	char path[64];

	if (s->pid > 0) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	if (s->control > 0)
		close(s->control);
	if (s->dir[0]) {
		snprintf(path, sizeof(path), "%s/control", s->dir);
		unlink(path);
		rmdir(s->dir);
	}
	memset(s, 0, sizeof(*s));
}

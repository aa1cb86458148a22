/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "command.h"

/* Returns false and sets errno if the path is too long for a Unix socket. */
static bool control_address(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address->sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(address->sun_path, path, strlen(path));
	return true;
}

/* A socket that refuses connections was left behind by a killed simulator. */
static void control_remove_stale(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
	    errno == ECONNREFUSED)
		unlink(address->sun_path);
	close(fd);
}

bool control_open(struct control *control, const char *path)
{
	struct sockaddr_un address;
	int error;

	*control = (struct control){.fd = -1};
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		control->clients[i].fd = -1;
	if (!path)
		return true;
	if (!control_address(path, &address))
		return false;
	control_remove_stale(&address);
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->fd < 0)
		return false;
	if (bind(control->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		goto cleanup;
	control->path = path;
	if (listen(control->fd, CONTROL_CLIENTS_MAX) == 0)
		return true;

cleanup:
	error = errno;
	control_close(control);
	errno = error;
	return false;
}

static void control_close_client(struct control_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	*client = (struct control_client){.fd = -1};
}

void control_close(struct control *control)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		control_close_client(&control->clients[i]);
	if (control->fd >= 0)
		close(control->fd);
	if (control->path)
		unlink(control->path);
	control->fd = -1;
	control->path = NULL;
}

void control_prepare(const struct control *control, struct pollfd *fds)
{
	fds[0] = (struct pollfd){.fd = control->fd, .events = POLLIN};
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		fds[1 + i] = (struct pollfd){.fd = control->clients[i].fd, .events = POLLIN};
}

static void control_accept_client(struct control *control)
{
	int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (control->clients[i].fd < 0) {
			control->clients[i].fd = fd;
			return;
		}
	}
	close(fd);
}

/* Does not wait: a reply fits the socket's buffer, unless the client never reads. */
static bool control_answer(struct control_client *client, struct simulator *sim, char *line)
{
	char *reply = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&reply, &len);
	bool sent;

	if (!out)
		return false;
	command_run(sim, line, out);
	if (fclose(out) != 0) {
		free(reply);
		return false;
	}
	sent = send(client->fd, reply, len, MSG_NOSIGNAL) == (ssize_t)len;
	free(reply);
	return sent;
}

/* Returns false if the connection is finished. */
static bool control_read_client(struct control_client *client, struct simulator *sim)
{
	ssize_t n =
		recv(client->fd, client->line + client->len, sizeof(client->line) - client->len, 0);
	char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	client->len += (size_t)n;
	while ((end = memchr(client->line, '\n', client->len))) {
		size_t used = (size_t)(end - client->line) + 1;

		*end = '\0';
		if (!control_answer(client, sim, client->line))
			return false;
		client->len -= used;
		memmove(client->line, client->line + used, client->len);
	}
	return client->len < sizeof(client->line);
}

void control_handle(struct control *control, const struct pollfd *fds, struct simulator *sim)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct control_client *client = &control->clients[i];

		if (client->fd >= 0 && client->fd == fds[1 + i].fd && fds[1 + i].revents &&
		    !control_read_client(client, sim))
			control_close_client(client);
	}
	if (fds[0].revents & POLLIN)
		control_accept_client(control);
}

static FILE *control_connect(const char *path)
{
	struct sockaddr_un address;
	FILE *stream = NULL;
	int fd;

	if (!control_address(path, &address))
		return NULL;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return NULL;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		stream = fdopen(fd, "r+");
	if (!stream)
		close(fd);
	return stream;
}

/* Returns the exit status, or -1 if the reply ends early. */
static int control_print_reply(FILE *stream)
{
	char *line = NULL;
	size_t size = 0;
	int status = -1;

	while (status < 0 && getline(&line, &size, stream) >= 0) {
		if (strcmp(line, "ok\n") == 0) {
			status = EXIT_SUCCESS;
		} else if (strncmp(line, "error: ", 7) == 0) {
			fputs(line, stderr);
			status = EXIT_FAILURE;
		} else {
			fputs(line, stdout);
		}
	}
	free(line);
	return status;
}

int control_ask(const char *path, char *const *words, int count)
{
	FILE *stream = control_connect(path);
	int status;

	if (!stream) {
		fprintf(stderr, "error: %s: %s\n", path, strerror(errno));
		return EXIT_FAILURE;
	}
	for (int i = 0; i < count; i++)
		fprintf(stream, "%s%s", i ? " " : "", words[i]);
	fputc('\n', stream);
	fflush(stream);
	status = control_print_reply(stream);
	fclose(stream);
	if (status >= 0)
		return status;
	fprintf(stderr, "error: %s: the reply is incomplete\n", path);
	return EXIT_FAILURE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"

static FILE *connect_to(const char *path)
{
	struct sockaddr_un address;
	FILE *stream;
	int fd;

	if (!control_address(path, &address))
		return NULL;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return NULL;
	stream = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? fdopen(fd, "r+")
										: NULL;
	if (!stream)
		close(fd);
	return stream;
}

static int print_reply(FILE *stream)
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

int ask(const char *path, char *const *words, int count)
{
	FILE *stream = connect_to(path);
	int status;

	if (!stream) {
		fprintf(stderr, "error: %s: %s\n", path, strerror(errno));
		return EXIT_FAILURE;
	}
	for (int i = 0; i < count; i++)
		fprintf(stream, "%s%s", i ? " " : "", words[i]);
	fputc('\n', stream);
	fflush(stream);
	status = print_reply(stream);
	fclose(stream);
	if (status < 0) {
		fprintf(stderr, "error: %s: no whole reply came\n", path);
		return EXIT_FAILURE;
	}
	return status;
}

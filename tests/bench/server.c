/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number after the label in the first line of /proc/PID/NAME that begins with it. */
static uint64_t read_number(pid_t pid, const char *name, const char *label)
{
	char path[64];
	char line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	file = fopen(path, "re");
	if (!file)
		err(EXIT_FAILURE, "%s", path);
	do {
		if (!fgets(line, sizeof(line), file))
			errx(EXIT_FAILURE, "%s has no line '%s...'", path, label);
	} while (strncmp(line, label, strlen(label)) != 0);
	fclose(file);
	return strtoull(line + strlen(label), NULL, 10);
}

uint64_t server_cpu_ns(pid_t pid)
{
	return read_number(pid, "schedstat", "");
}

uint64_t server_peak_kib(pid_t pid)
{
	return read_number(pid, "status", "VmHWM:");
}

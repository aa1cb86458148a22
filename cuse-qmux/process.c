/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process.h"

#include <stdio.h>

void process_command(char command[PROCESS_COMMAND_MAX], long pid)
{
	char path[64];
	size_t length;
	FILE *file;

	snprintf(command, PROCESS_COMMAND_MAX, "?");
	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	/* Only the last newline is not part of the name. */
	length = fread(command, 1, PROCESS_COMMAND_MAX - 1, file);
	if (length > 0)
		command[length - 1] = '\0';
	fclose(file);
}

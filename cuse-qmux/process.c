/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process.h"

#include <stdio.h>
#include <string.h>

void process_command(char command[PROCESS_COMMAND_MAX], long pid)
{
	char path[64];
	FILE *file;

	snprintf(command, PROCESS_COMMAND_MAX, "?");
	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(command, PROCESS_COMMAND_MAX, file))
		command[strcspn(command, "\n")] = '\0';
	fclose(file);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of the control socket. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdio.h>

struct sim;

/* Runs one line, which is taken apart, and writes the whole reply. */
void command_run(struct sim *sim, char *line, FILE *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of the control socket. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdio.h>

struct simulator;

/* Runs one line, which it modifies, and writes the whole reply to out. */
void command_run(struct simulator *sim, char *line, FILE *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An instance: one port, its nodes, and the life of both. */
#ifndef INSTANCE_H
#define INSTANCE_H

#include "options.h"

/*
 * Runs until the modem is unplugged or a signal asks for the end. Returns the
 * exit status; what went wrong has been logged.
 */
int instance_run(const struct options *options);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An instance: one port and its nodes, from start to exit. */
#ifndef INSTANCE_H
#define INSTANCE_H

#include "options.h"

/*
 * Runs until the modem is unplugged, a signal stops it, or it fails. Returns the
 * exit status: 0, EXIT_FAILURE, EXIT_USAGE or EXIT_UNSUITABLE. Failures have
 * been logged.
 */
int instance_run(const struct options *options);

#endif

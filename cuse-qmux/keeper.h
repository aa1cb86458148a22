/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V29: a supervisor for systems without one. It keeps the descriptors that the daemon leaves
 * at a restart, in the protocol of sd_notify(3) and sd_listen_fds(3), and starts the daemon
 * again after a restart or a crash. It does nothing else, so there is little in it to fail.
 */
#ifndef KEEPER_H
#define KEEPER_H

#include <stdbool.h>

/* True if this process is one that the keeper has started. */
bool keeper_has_started_this(void);

/* Runs the program with these arguments until it ends for good. Returns its exit status. */
int keeper_run(char *argv[]);

#endif

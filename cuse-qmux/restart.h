/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V29: a planned restart. The process saves everything, and leaves it and its descriptors to
 * the next one, which goes on where it has stopped.
 */
#ifndef RESTART_H
#define RESTART_H

#include <stdbool.h>
#include <sys/signalfd.h>

struct instance;

/* Remembers what is executed at a restart. Call it before anything else. */
void restart_init(char *argv[]);

/* Becomes the program with all that is left in the store. Returns if that fails. */
void restart_execute(char *argv[], bool supervises);

/* True if this signal asks for a restart, and not for the end. */
bool restart_is_asked_for(const struct signalfd_siginfo *signal);

/*
 * Gives way to the next process, and does not return if that succeeds. False if it has
 * failed, which has been logged; then the port is closed. True if there is no reason any
 * more: the port was unplugged, or the instance told to stop.
 */
bool restart_depart(struct instance *instance);

/*
 * True if the instance goes on where another process has stopped: it has its port, options,
 * mux, host, nodes and connections. Otherwise nothing is left of that; if something was,
 * why it was not used has been logged.
 */
bool restart_resume(struct instance *instance);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounds how long this program may take, because the machine waits for it. */
#ifndef LIMIT_H
#define LIMIT_H

/*
 * From now on, limit_reached() tells when time is up or a signal asks for the end. If the
 * program is stuck in the kernel long after that, SIGALRM ends it.
 */
void limit_start(unsigned seconds);

/* For a new process, which has no limit and ends at a signal. */
void limit_lift(void);

/* Returns 0, SIGALRM when time is up, or the signal that asks this program to end. */
int limit_reached(void);

#endif

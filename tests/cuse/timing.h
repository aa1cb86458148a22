/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time in the tests: deadlines in CLOCK_MONOTONIC milliseconds. Tests wait for events,
 * not for time to pass; a deadline only says when a test gives up.
 */
#ifndef TIMING_H
#define TIMING_H

#include <stdbool.h>
#include <stdint.h>

int64_t now_ms(void);

/* The factor by which everything is slower than usual: TEST_SLOW, or 1. */
int slow_factor(void);

/* The time at which a wait that begins now has failed. */
int64_t deadline_in(int ms);
int64_t deadline_usual(void);

/* The usual wait in ms. */
int usual_ms(void);

/* Waits for one of these poll events on fd. Returns false at the deadline. */
bool wait_for(int fd, short events, int64_t deadline);

/* Sleeps between two checks of something that sends no event, such as a state in /proc. */
void pause_briefly(void);

#endif

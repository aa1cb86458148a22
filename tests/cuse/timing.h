/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time in the tests: deadlines on the monotonic clock, in milliseconds. Nothing
 * here waits for time to pass where an event can be awaited; a deadline only
 * says when a test gives up.
 */
#ifndef TIMING_H
#define TIMING_H

#include <stdbool.h>
#include <stdint.h>

int64_t now_ms(void);

/* How much slower than planned the daemon runs: the factor in TEST_SLOW, 1 without it. */
int slow_factor(void);

/* The moment at which a wait that begins now has failed. */
int64_t deadline_in(int ms);
int64_t deadline_usual(void);

/* How long that is from now. */
int usual_ms(void);

/* Whether one of these poll events came on fd before the deadline. */
bool wait_for(int fd, short events, int64_t deadline);

/* Between two looks at something that sends no event, as a state in /proc. */
void pause_briefly(void);

#endif

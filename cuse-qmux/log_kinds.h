/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits how often messages are logged: each kind, which is a format string, and all
 * kinds together. Those over a limit are counted, and the last of each kind is kept.
 */
#ifndef LOG_KINDS_H
#define LOG_KINDS_H

#include <stdbool.h>
#include <stdint.h>

#define LOG_KINDS_MAX 64
#define LOG_TEXT_MAX  512

struct log_held {
	int level;
	unsigned count;          /* messages held back */
	char text[LOG_TEXT_MAX]; /* the last of them */
};

/* Returns true if the message may be logged now; otherwise holds it back. */
bool log_kinds_pass(const char *format, int level, const char *text, uint64_t now);

/*
 * Returns messages that were held back and may be represented by one line now, or, if
 * all is set, any that were held back. NULL: none. Valid until the next call.
 */
const struct log_held *log_kinds_release(uint64_t now, bool all);

/* The time in ms at which log_kinds_release() may have something, or UINT64_MAX. */
uint64_t log_kinds_deadline(void);

#endif

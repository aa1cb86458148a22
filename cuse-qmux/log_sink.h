/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes lines to standard error without ever waiting for its reader. */
#ifndef LOG_SINK_H
#define LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the longest line. */
#define LOG_LINE_MAX 2048

/* Finds out what standard error is. Calling it again does nothing. */
void log_sink_open(void);

/*
 * Writes a line, which ends with a newline. Returns false if it cannot be taken now. If
 * only part of a line can be written, the rest is kept and goes before the next one.
 */
bool log_sink_write(const char *line, size_t length);

/* Tries to write the rest of a line. Returns false if some is left. */
bool log_sink_flush(void);

/* Waits for room, at most this long. */
void log_sink_await_room(int ms);

/* Nothing can be written afterwards. */
void log_sink_close(void);

#endif

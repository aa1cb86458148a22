/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: one line on stderr per message, with a priority prefix if stderr is
 * the journal (JOURNAL_STREAM, see sd-daemon(3)).
 */
#ifndef LOG_H
#define LOG_H

#include <stdarg.h>
#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR = 3, /* syslog's numbers */
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/* Call this before logging anything. Messages less severe than the level are suppressed. */
void log_open(enum log_level level);

/* Logs one message; the format takes no trailing newline. */
void log_message(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void log_message_args(enum log_level level, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* True if messages of this level are logged. */
bool log_enabled(enum log_level level);

#define log_error(...)   log_message(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_message(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_message(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: one line on stderr per message, with a priority prefix if stderr is
 * the journal (JOURNAL_STREAM, see sd-daemon(3)).
 *
 * Logging never waits for the reader of stderr: a line that cannot be written at once
 * is lost, and the number of lost lines is logged as soon as there is room. Warnings and
 * information are limited in rate. Control characters in messages are escaped.
 */
#ifndef LOG_H
#define LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR = 3, /* syslog's numbers */
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/* Call this before logging anything. Messages less severe than the level are suppressed. */
void log_open(enum log_level level);

/* Call this last. Logs what is still held back. */
void log_close(void);

/*
 * Logs one message; the format takes no trailing newline. It must be a constant, because
 * messages with the same format share a limit.
 */
void log_message(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void log_message_args(enum log_level level, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* The same, whatever the level, and without a limit on the rate. */
void log_message_unlimited(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* True if messages of this level are logged. */
bool log_enabled(enum log_level level);

/* The time in ms by which to call log_tick(), or UINT64_MAX. Calling it earlier is harmless. */
uint64_t log_deadline(void);
void log_tick(uint64_t now);

#define log_error(...)   log_message(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_message(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_message(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Information that was asked for. */
#define log_tell(...) log_message_unlimited(LOG_LEVEL_INFO, __VA_ARGS__)

#endif

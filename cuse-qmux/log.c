/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "log_kinds.h"
#include "log_sink.h"
#include "log_text.h"

#define RETRY_PAUSE 500 /* ms */
#define CLOSE_PAUSE 100 /* ms that the reader gets at the end */

static struct {
	enum log_level level;
	bool to_journal;
	unsigned lost;     /* lines, not logged yet */
	bool stuck;        /* the last write failed, or left a rest */
	uint64_t retry_at; /* ms, if stuck */
} log_state = {.level = LOG_LEVEL_INFO};

/* JOURNAL_STREAM names the device and inode of the journal's socket: systemd.exec(5). */
static bool log_stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device;
	uintmax_t inode;
	struct stat st;

	return stream && sscanf(stream, "%ju:%ju", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_open(enum log_level level)
{
	log_state.level = level;
	log_state.to_journal = log_stderr_is_journal();
	/* A reader of stderr may end before the daemon. */
	signal(SIGPIPE, SIG_IGN);
	log_sink_open();
}

static const char *log_level_name(enum log_level level)
{
	if (level == LOG_LEVEL_ERROR)
		return "error: ";
	return level == LOG_LEVEL_WARNING ? "warning: " : "";
}

/* One write per line, so that lines of several instances do not mix. */
static bool log_try_line(enum log_level level, const char *text)
{
	char escaped[LOG_LINE_MAX - 64];
	char line[LOG_LINE_MAX];
	int length;

	log_text_escape(escaped, sizeof(escaped), text);
	if (log_state.to_journal)
		length = snprintf(line, sizeof(line), "<%d>%s\n", level, escaped);
	else
		length = snprintf(line, sizeof(line), "%s: %s%s\n", program_invocation_short_name,
				  log_level_name(level), escaped);
	return log_sink_write(line, (size_t)length);
}

/* A line of the log's own, which has no limit. */
__attribute__((format(printf, 2, 3))) static bool log_own(enum log_level level, const char *format,
							  ...)
{
	char text[LOG_TEXT_MAX + 32];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return log_try_line(level, text);
}

/* Returns true if all lost lines have been made known. */
static bool log_tell_lost(void)
{
	if (log_state.lost == 0)
		return true;
	if (!log_own(LOG_LEVEL_WARNING, "%u lines were dropped: they could not be written at once",
		     log_state.lost))
		return false;
	log_state.lost = 0;
	return true;
}

static void log_note_whether_stuck(void)
{
	log_state.stuck = log_state.lost > 0 || !log_sink_flush();
	if (log_state.stuck)
		log_state.retry_at = clock_ms() + RETRY_PAUSE;
}

static void log_line(enum log_level level, const char *text)
{
	if (!log_tell_lost() || !log_try_line(level, text))
		log_state.lost++;
	log_note_whether_stuck();
}

static void log_held(const struct log_held *held)
{
	enum log_level level = (enum log_level)held->level;

	if (held->count == 1) {
		log_line(level, held->text);
		return;
	}
	if (!log_tell_lost() || !log_own(level, "%u more like it: %s", held->count, held->text))
		log_state.lost += held->count;
	log_note_whether_stuck();
}

static void log_release(uint64_t now, bool all)
{
	const struct log_held *held;

	while ((held = log_kinds_release(now, all)))
		log_held(held);
}

static bool log_is_limited(enum log_level level)
{
	return level == LOG_LEVEL_WARNING || level == LOG_LEVEL_INFO;
}

void log_message_args(enum log_level level, const char *format, va_list args)
{
	char text[LOG_TEXT_MAX];

	if (level > log_state.level)
		return;
	vsnprintf(text, sizeof(text), format, args);
	if (log_is_limited(level)) {
		uint64_t now = clock_ms();

		log_release(now, false);
		if (!log_kinds_pass(format, (int)level, text, now))
			return;
	}
	log_line(level, text);
}

void log_message(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_message_args(level, format, args);
	va_end(args);
}

void log_message_unlimited(enum log_level level, const char *format, ...)
{
	char text[LOG_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_line(level, text);
}

bool log_enabled(enum log_level level)
{
	return level <= log_state.level;
}

uint64_t log_deadline(void)
{
	uint64_t deadline = log_kinds_deadline();

	return log_state.stuck && log_state.retry_at < deadline ? log_state.retry_at : deadline;
}

void log_tick(uint64_t now)
{
	log_release(now, false);
	if (!log_state.stuck || now < log_state.retry_at)
		return;
	log_tell_lost();
	log_note_whether_stuck();
}

void log_close(void)
{
	log_release(clock_ms(), true);
	if (log_state.stuck) {
		log_sink_await_room(CLOSE_PAUSE);
		log_tell_lost();
		log_sink_flush();
	}
	log_sink_close();
}

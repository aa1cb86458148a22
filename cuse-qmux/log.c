/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
	enum log_level level;
	bool to_journal;
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
}

void log_message_args(enum log_level level, const char *format, va_list args)
{
	char text[512];

	if (level > log_state.level)
		return;
	vsnprintf(text, sizeof(text), format, args);
	/* One write per line, so that lines of several instances do not mix. */
	if (log_state.to_journal)
		dprintf(STDERR_FILENO, "<%d>%s\n", level, text);
	else
		dprintf(STDERR_FILENO, "cuse-qmux: %s%s\n",
			level == LOG_LEVEL_ERROR     ? "error: "
			: level == LOG_LEVEL_WARNING ? "warning: "
						     : "",
			text);
}

void log_message(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_message_args(level, format, args);
	va_end(args);
}

bool log_enabled(enum log_level level)
{
	return level <= log_state.level;
}

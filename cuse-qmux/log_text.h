/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text from elsewhere, such as a program's name, made harmless for a terminal or a log. */
#ifndef LOG_TEXT_H
#define LOG_TEXT_H

#include <stddef.h>

/*
 * Copies text, with \xNN in place of each byte of a control character and each byte
 * that is not valid UTF-8. Cuts what does not fit, but no character and no \xNN.
 */
void log_text_escape(char *escaped, size_t size, const char *text);

#endif

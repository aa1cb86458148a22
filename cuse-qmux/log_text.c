/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ESCAPE_LENGTH 4 /* \xNN */

/* The number of bytes that the character has according to its first, or 0. */
static size_t log_text_length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xC2 && first <= 0xDF)
		return 2;
	if (first >= 0xE0 && first <= 0xEF)
		return 3;
	if (first >= 0xF0 && first <= 0xF4)
		return 4;
	return 0;
}

/* False for an overlong form, a surrogate, or a character past the last one. */
static bool log_text_second_is_valid(uint8_t first, uint8_t second)
{
	switch (first) {
	case 0xC2: /* the control characters of ISO 6429: 0x9B begins a sequence, like ESC [ */
	case 0xE0:
		return second >= 0xA0;
	case 0xED:
		return second < 0xA0;
	case 0xF0:
		return second >= 0x90;
	case 0xF4:
		return second < 0x90;
	default:
		return true;
	}
}

/* The number of bytes of the character that text begins with, or 0 if it must be escaped. */
static size_t log_text_printable(const uint8_t *text)
{
	size_t length = log_text_length(text[0]);

	if (length == 1)
		return text[0] >= ' ' && text[0] != 0x7F;
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xC0) != 0x80)
			return 0;
	}
	return length > 0 && log_text_second_is_valid(text[0], text[1]) ? length : 0;
}

void log_text_escape(char *escaped, size_t size, const char *text)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t used = 0;

	while (*at) {
		size_t length = log_text_printable(at);

		if (used + (length ? length : ESCAPE_LENGTH) >= size)
			break;
		if (length) {
			memcpy(escaped + used, at, length);
			used += length;
			at += length;
		} else {
			used += (size_t)snprintf(escaped + used, size - used, "\\x%02x", *at++);
		}
	}
	escaped[used] = '\0';
}

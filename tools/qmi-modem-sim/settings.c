/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qmi.h"

#define MS_MAX 3600000

enum setting_kind {
	SETTING_NUMBER,
	SETTING_DIGITS,
	SETTING_TEXT,
	SETTING_PATH,
};

struct setting {
	const char *name;
	enum setting_kind kind;
	size_t at;
	unsigned int min; /* limits of the number or of the length */
	unsigned int max;
};

#define CHANGEABLE 17 /* the first entries of the table can change at any time */

static const struct setting settings_table[] = {
	{"latency", SETTING_NUMBER, offsetof(struct settings, latency), 0, MS_MAX},
	{"jitter", SETTING_NUMBER, offsetof(struct settings, jitter), 0, MS_MAX},
	{"reorder", SETTING_NUMBER, offsetof(struct settings, reorder), 0, 100},
	{"drop", SETTING_NUMBER, offsetof(struct settings, drop), 0, 100},
	{"repeat", SETTING_NUMBER, offsetof(struct settings, repeat), 0, 100},
	{"split", SETTING_NUMBER, offsetof(struct settings, split), 0, 100},
	{"cut", SETTING_NUMBER, offsetof(struct settings, cut), 0, 100},
	{"join", SETTING_NUMBER, offsetof(struct settings, join), 0, 100},
	{"garbage", SETTING_NUMBER, offsetof(struct settings, garbage), 0, 100},
	{"unflagged", SETTING_NUMBER, offsetof(struct settings, unflagged), 0, 100},
	{"compound", SETTING_NUMBER, offsetof(struct settings, compound), 0, 100},
	{"resync", SETTING_NUMBER, offsetof(struct settings, resync), 0, 100},
	{"flood", SETTING_NUMBER, offsetof(struct settings, flood), 0, 1},
	{"pad", SETTING_NUMBER, offsetof(struct settings, pad), 0, SETTINGS_FRAME_MAX},
	{"cids", SETTING_NUMBER, offsetof(struct settings, cids), 1, QMI_CID_MAX},
	{"exhausted", SETTING_NUMBER, offsetof(struct settings, exhausted), 1, UINT16_MAX},
	{"scan-time", SETTING_NUMBER, offsetof(struct settings, scan_time), 0, MS_MAX},
	{"stale", SETTING_NUMBER, offsetof(struct settings, stale), 0, QMI_CID_MAX},
	{"seed", SETTING_NUMBER, offsetof(struct settings, seed), 0, UINT_MAX},
	{"imei", SETTING_DIGITS, offsetof(struct settings, imei), IMEI_DIGITS, IMEI_DIGITS},
	{"model", SETTING_TEXT, offsetof(struct settings, model), 1, MODEL_MAX},
	{"link", SETTING_PATH, offsetof(struct settings, link), 1, PATH_MAX},
	{"control", SETTING_PATH, offsetof(struct settings, control), 1, PATH_MAX},
	{"ask", SETTING_PATH, offsetof(struct settings, ask), 1, PATH_MAX},
};

#define SETTINGS (sizeof(settings_table) / sizeof(settings_table[0]))

void settings_default(struct settings *settings)
{
	*settings = (struct settings){
		.cids = 32,
		.exhausted = QMI_ERROR_CLIENT_IDS_EXHAUSTED,
		.scan_time = 3000,
		.seed = 1,
		/* Type allocation codes that begin with 00 are for tests. */
		.imei = "004401085237614",
		.model = "QS7455",
	};
}

const char *settings_name(size_t index)
{
	return index < SETTINGS ? settings_table[index].name : NULL;
}

bool settings_parse_number(const char *text, unsigned int min, unsigned int max,
			   unsigned int *number)
{
	unsigned long value;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	value = strtoul(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	if (errno || *end || value < min || value > max)
		return false;
	*number = (unsigned int)value;
	return true;
}

bool settings_set(struct settings *settings, size_t index, const char *value, char *why,
		  size_t size)
{
	static const char *const units[] = {
		[SETTING_NUMBER] = "",
		[SETTING_DIGITS] = " digits",
		[SETTING_TEXT] = " characters",
		[SETTING_PATH] = " characters",
	};
	const struct setting *setting = &settings_table[index];
	void *field = (char *)settings + setting->at;
	size_t len = strlen(value);
	bool valid = len >= setting->min && len <= setting->max;

	if (setting->kind == SETTING_NUMBER)
		valid = settings_parse_number(value, setting->min, setting->max, field);
	else if (setting->kind == SETTING_DIGITS)
		valid = valid && strspn(value, "0123456789") == len;
	if (!valid)
		snprintf(why, size, "expected %u to %u%s", setting->min, setting->max,
			 units[setting->kind]);
	else if (setting->kind == SETTING_PATH)
		*(const char **)field = value;
	else if (setting->kind != SETTING_NUMBER)
		memcpy(field, value, len + 1);
	return valid;
}

bool settings_change(struct settings *settings, const char *name, const char *value, char *why,
		     size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < CHANGEABLE; i++) {
		if (strcmp(settings_table[i].name, name) == 0)
			return settings_set(settings, i, value, why, size);
	}
	at += (size_t)snprintf(why, size, "expected one of");
	for (size_t i = 0; i < CHANGEABLE && at < size; i++)
		at += (size_t)snprintf(why + at, size - at, " %s", settings_table[i].name);
	return false;
}

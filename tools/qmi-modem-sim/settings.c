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

struct setting {
	const char *name;
	size_t at;
	unsigned int min;
	unsigned int max;
};

static const struct setting table[] = {
	{"latency", offsetof(struct settings, latency), 0, MS_MAX},
	{"jitter", offsetof(struct settings, jitter), 0, MS_MAX},
	{"reorder", offsetof(struct settings, reorder), 0, 100},
	{"drop", offsetof(struct settings, drop), 0, 100},
	{"split", offsetof(struct settings, split), 0, 100},
	{"join", offsetof(struct settings, join), 0, 100},
	{"garbage", offsetof(struct settings, garbage), 0, 100},
	{"cids", offsetof(struct settings, cids), 1, QMI_CID_MAX},
	{"scan-time", offsetof(struct settings, scan_time), 0, MS_MAX},
};

void settings_default(struct settings *settings)
{
	*settings = (struct settings){
		.cids = 32,
		.scan_time = 3000,
		.seed = 1,
		/* The type allocation codes that begin with 00 are for tests. */
		.imei = "004401085237614",
		.model = "QS7455",
	};
}

bool number_parse(const char *text, unsigned int min, unsigned int max, unsigned int *number)
{
	unsigned long value;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value < min || value > max)
		return false;
	*number = (unsigned int)value;
	return true;
}

static bool set_number(unsigned int *number, const char *value, unsigned int min, unsigned int max,
		       char *why, size_t size)
{
	if (number_parse(value, min, max, number))
		return true;
	snprintf(why, size, "a number from %u to %u is wanted", min, max);
	return false;
}

bool settings_set(struct settings *settings, const char *name, const char *value, char *why,
		  size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		unsigned int *number = (unsigned int *)((char *)settings + table[i].at);

		if (strcmp(table[i].name, name) == 0)
			return set_number(number, value, table[i].min, table[i].max, why, size);
	}
	at += (size_t)snprintf(why, size, "there is no such setting; there are");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]) && at < size; i++)
		at += (size_t)snprintf(why + at, size - at, " %s", table[i].name);
	return false;
}

bool settings_set_seed(struct settings *settings, const char *value, char *why, size_t size)
{
	return set_number(&settings->seed, value, 0, UINT_MAX, why, size);
}

bool settings_set_imei(struct settings *settings, const char *value, char *why, size_t size)
{
	if (strlen(value) != IMEI_DIGITS || strspn(value, "0123456789") != IMEI_DIGITS) {
		snprintf(why, size, "%d digits are wanted", IMEI_DIGITS);
		return false;
	}
	memcpy(settings->imei, value, IMEI_DIGITS + 1);
	return true;
}

bool settings_set_model(struct settings *settings, const char *value, char *why, size_t size)
{
	size_t len = strlen(value);

	if (len == 0 || len > MODEL_MAX) {
		snprintf(why, size, "1 to %d characters are wanted", MODEL_MAX);
		return false;
	}
	memcpy(settings->model, value, len + 1);
	return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the options say, and what `set` changes later. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#define MODEM_MANUFACTURER "Simulated Wireless, Incorporated"

#define IMEI_DIGITS 15
#define MODEL_MAX   64

struct settings {
	unsigned int latency; /* ms */
	unsigned int jitter;  /* ms */
	unsigned int reorder; /* these five in percent */
	unsigned int drop;
	unsigned int split;
	unsigned int join;
	unsigned int garbage;
	unsigned int cids;
	unsigned int scan_time; /* ms */
	unsigned int seed;
	char imei[IMEI_DIGITS + 1];
	char model[MODEL_MAX + 1];
	bool verbose;
};

void settings_default(struct settings *settings);

/*
 * Each of these returns false for a value, or a name, that is not allowed, and
 * says in why[] what would be. settings_set() is for what may change at any
 * time: latency, jitter, reorder, drop, split, join, garbage, cids, scan-time.
 */
bool settings_set(struct settings *settings, const char *name, const char *value, char *why,
		  size_t size);
bool settings_set_seed(struct settings *settings, const char *value, char *why, size_t size);
bool settings_set_imei(struct settings *settings, const char *value, char *why, size_t size);
bool settings_set_model(struct settings *settings, const char *value, char *why, size_t size);

bool number_parse(const char *text, unsigned int min, unsigned int max, unsigned int *number);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings from the command line, some of which `set` can change later. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#define MODEM_MANUFACTURER "Simulated Wireless, Incorporated"

#define IMEI_DIGITS 15
#define MODEL_MAX   64

#define SETTINGS_FRAME_MAX 4096 /* bytes, for a frame from the modem */

struct settings {
	unsigned int latency; /* ms */
	unsigned int jitter;  /* ms */
	unsigned int reorder; /* this and the next nine in percent */
	unsigned int drop;
	unsigned int repeat;
	unsigned int split;
	unsigned int cut;
	unsigned int join;
	unsigned int garbage;
	unsigned int unflagged;
	unsigned int compound;
	unsigned int resync;
	unsigned int flood; /* 1: noise without end */
	unsigned int pad;   /* bytes */
	unsigned int cids;
	unsigned int exhausted; /* QMI error */
	unsigned int scan_time; /* ms */
	unsigned int stale;     /* clients of each service */
	unsigned int seed;
	char imei[IMEI_DIGITS + 1];
	char model[MODEL_MAX + 1];
	const char *link; /* these three are paths, or NULL */
	const char *control;
	const char *ask;
	bool usb;
	bool verbose;
};

void settings_default(struct settings *settings);

/* Returns the name of a setting that takes a value, or NULL past the last index. */
const char *settings_name(size_t index);

/*
 * On an invalid value both return false and store in why[], of size bytes, what was
 * expected. settings_set() accepts any setting, and keeps the pointer value if it is
 * a path. settings_change() accepts those that can change at any time, which come first
 * in the table.
 */
bool settings_set(struct settings *settings, size_t index, const char *value, char *why,
		  size_t size);
bool settings_change(struct settings *settings, const char *name, const char *value, char *why,
		     size_t size);

bool settings_parse_number(const char *text, unsigned int min, unsigned int max,
			   unsigned int *number);

#endif

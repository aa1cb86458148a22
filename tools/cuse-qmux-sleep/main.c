/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cuse-qmux-sleep: before the machine sleeps, stops whoever has a node open, and continues
 * them afterwards. The kernel cannot freeze a program in poll() or read() at a node once it
 * has frozen the daemon.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"
#include "guard.h"
#include "hunt.h"
#include "limit.h"
#include "record.h"

#ifndef VERSION
#define VERSION "0"
#endif

#define NAME       "cuse-qmux-sleep"
#define EXIT_USAGE 2

#define TIME_MAX 5 /* s to stop all programs */

static const char help[] =
	"Usage: " NAME " pre|post [IGNORED...]\n"
	"Before the machine sleeps (pre), stops every program that has a node of cuse-qmux(8)\n"
	"open, and continues the same programs afterwards (post). See cuse-qmux-sleep(8).\n"
	"\n"
	"  --help      show this text\n"
	"  --version   show the version\n";

static int main_complain(const char *what, int err)
{
	fprintf(stderr, NAME ": %s: %s\n", what, strerror(-err));
	return EXIT_FAILURE;
}

static int main_continue(void)
{
	int count = record_continue_all();

	if (count < 0)
		return main_complain("cannot continue the programs that it stopped", count);
	if (count > 0)
		fprintf(stderr, NAME ": continued %d programs\n", count);
	return EXIT_SUCCESS;
}

/* Nobody stays stopped if not everyone can be. */
static int main_stop_with(struct record *record)
{
	struct hunt hunt;
	int err;

	hunt_begin(&hunt, record);
	err = hunt_run(&hunt);
	if (err == -ETIME)
		fprintf(stderr, NAME ": not stopped in time: %s\n",
			hunt.awaited[0] ? hunt.awaited : "there are too many open files");
	if (hunt.count > 0)
		fprintf(stderr, NAME ": stopped %u programs that have a node open\n", hunt.count);
	if ((err == 0 || err == -ETIME) && hunt_is_for_systemd(&hunt))
		guard_start(&hunt, record);
	hunt_finish(&hunt);
	if (err == 0 || err == -ETIME)
		return EXIT_SUCCESS;
	main_complain("cannot stop the programs that have a node open", err);
	main_continue();
	return EXIT_FAILURE;
}

static bool main_has_nodes(void)
{
	struct devices devices;
	bool none = devices_find(&devices) == 0 && devices.count == 0;

	devices_free(&devices);
	return !none;
}

static int main_pre(void)
{
	struct record record;
	int status;
	int err;

	if (!main_has_nodes())
		return EXIT_SUCCESS;
	err = record_open(&record, true);
	if (err < 0)
		return main_complain("cannot record whom to stop", err);
	status = main_stop_with(&record);
	record_close(&record);
	return status;
}

/* Goes on without the lock if need be: nobody must stay stopped. */
static int main_post(void)
{
	struct record record;
	int err = record_open(&record, false);
	int status = main_continue();

	if (err == 0)
		record_close(&record);
	return status;
}

int main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "--help") == 0) {
		fputs(help, stdout);
		return EXIT_SUCCESS;
	}
	if (strcmp(what, "--version") == 0) {
		puts(NAME " " VERSION);
		return EXIT_SUCCESS;
	}
	if (strcmp(what, "pre") != 0 && strcmp(what, "post") != 0) {
		fputs(help, stderr);
		return EXIT_USAGE;
	}
	limit_start(TIME_MAX);
	return strcmp(what, "pre") == 0 ? main_pre() : main_post();
}

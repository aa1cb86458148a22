/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log.h"

#define EXIT_USAGE      2 /* the status that a wrong option ends with */
#define EXIT_UNSUITABLE 3 /* and a port or machine that will not do however often it is tried */

struct options {
	const char *port; /* a path, as given */
	const char *name; /* the nodes' names, less their number */
	unsigned nodes;
	bool sync;
	uint64_t orphan_timeout;      /* ms; 0: off */
	uint64_t transaction_timeout; /* ms */
	size_t queue_bytes;
	unsigned verbosity;
};

enum options_outcome {
	OPTIONS_RUN,
	OPTIONS_DONE,    /* --help or --version has been printed */
	OPTIONS_INVALID, /* what is wrong has been printed to stderr */
};

/* The strings of options point into argv. */
enum options_outcome options_parse(struct options *options, int argc, char *argv[]);

/* How much is to be logged. */
enum log_level options_log_level(const struct options *options);

/*
 * Takes further options over those, as they stand in udev's property of the
 * port: separated by spaces, and no port. False, and what is wrong has been
 * printed. The strings of options point into words, which is changed.
 */
bool options_add(struct options *options, char *words);

#endif

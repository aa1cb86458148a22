/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line, and the options that udev adds. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log.h"

#define EXIT_USAGE      2 /* exit status for an invalid option */
#define EXIT_UNSUITABLE 3 /* and for a port or machine with which retrying will not help */

struct options {
	const char *port; /* a path, as given */
	const char *name; /* prefix of the node names */
	unsigned nodes;
	uint64_t idle_exit; /* ms; 0: off */
	bool sync;
	bool take_over;               /* V27 */
	uint64_t orphan_timeout;      /* ms; 0: off */
	uint64_t transaction_timeout; /* ms */
	uint64_t ctl_timeout;         /* ms */
	size_t memory;                /* bytes for all sessions */
	bool share_node;              /* V28: users of a node share its clients */
	size_t queue_bytes;
	unsigned verbosity;
};

enum options_outcome {
	OPTIONS_RUN,
	OPTIONS_KEEP,      /* an instance with a keeper */
	OPTIONS_GIVE_BACK, /* no instance; port may be NULL */
	OPTIONS_DONE,      /* --help or --version has been printed */
	OPTIONS_INVALID,   /* the error has been printed to stderr */
};

/* Fills *options, whose strings point into argv. */
enum options_outcome options_parse(struct options *options, int argc, char *argv[]);

/* The level for log_open(). */
enum log_level options_log_level(const struct options *options);

/*
 * Overrides options with those in words, the value of the port's udev property:
 * separated by spaces, without a port. On false the error has been printed. Modifies
 * words, and the strings of *options may point into it afterwards.
 */
bool options_add(struct options *options, char *words);

#endif

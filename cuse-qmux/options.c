/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mux.h"

#ifndef VERSION
#error "VERSION is the Makefile's to define"
#endif

#define NAME_MAX_LENGTH 32
#define SECONDS_MAX     31536000 /* a year */
#define QUEUE_MIN       256
#define QUEUE_MAX       67108864
#define MEMORY_MIN      1048576
#define MEMORY_MAX      2147483647
#define WORDS_MAX       512 /* in the udev property */

enum {
	OPTION_NAME = 0x100,
	OPTION_NO_SYNC,
	OPTION_TAKE_OVER,
	OPTION_NO_TAKE_OVER,
	OPTION_GIVE_BACK,
	OPTION_KEEP,
	OPTION_ORPHAN_TIMEOUT,
	OPTION_TRANSACTION_TIMEOUT,
	OPTION_CTL_TIMEOUT,
	OPTION_QUEUE,
	OPTION_MEMORY,
	OPTION_SHARE,
	OPTION_IDLE_EXIT,
	OPTION_VERSION,
	OPTION_HELP,
};

static const struct option options_long[] = {
	{"nodes", required_argument, NULL, 'n'},
	{"name", required_argument, NULL, OPTION_NAME},
	{"no-sync", no_argument, NULL, OPTION_NO_SYNC},
	{"take-over", no_argument, NULL, OPTION_TAKE_OVER},
	{"no-take-over", no_argument, NULL, OPTION_NO_TAKE_OVER},
	{"give-back", no_argument, NULL, OPTION_GIVE_BACK},
	{"keep", no_argument, NULL, OPTION_KEEP},
	{"orphan-timeout", required_argument, NULL, OPTION_ORPHAN_TIMEOUT},
	{"transaction-timeout", required_argument, NULL, OPTION_TRANSACTION_TIMEOUT},
	{"ctl-timeout", required_argument, NULL, OPTION_CTL_TIMEOUT},
	{"queue", required_argument, NULL, OPTION_QUEUE},
	{"memory", required_argument, NULL, OPTION_MEMORY},
	{"share", required_argument, NULL, OPTION_SHARE},
	{"idle-exit", required_argument, NULL, OPTION_IDLE_EXIT},
	{"verbose", no_argument, NULL, 'v'},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, OPTION_HELP},
	{NULL, 0, NULL, 0},
};

static void options_print_help(void)
{
	puts("Usage: cuse-qmux [OPTION...] PORT\n"
	     "Share the QMI modem at PORT, for instance /dev/cdc-wdm0, through virtual nodes,\n"
	     "each a private QMI port for every program that opens it.\n"
	     "\n"
	     "  -n, --nodes=N        virtual nodes to publish, 0 to 64 (default 4);\n"
	     "                       with 0, only libqmi's proxy socket leads to the modem\n"
	     "      --name=PREFIX    name the nodes /dev/PREFIX0 and so on (default qmi-virt)\n"
	     "      --no-sync        do not send Sync at the start; clients allocated earlier\n"
	     "                       then stay allocated on the modem\n"
	     "      --take-over      make PORT a name of the first node (--no-take-over: do not,\n"
	     "                       which is the default)\n"
	     "      --give-back      only give PORT, and every other name that an instance has\n"
	     "                       left behind, back to its port\n"
	     "      --keep           without systemd: start the daemon again if it is killed, and\n"
	     "                       keep what is open when SIGHUP restarts it\n"
	     "      --orphan-timeout=SECONDS\n"
	     "                       release clients that no session has held for this long\n"
	     "                       (default 0: only when the modem runs out of client ids)\n"
	     "      --transaction-timeout=SECONDS\n"
	     "                       give up unanswered requests after this time (default 300)\n"
	     "      --ctl-timeout=SECONDS\n"
	     "                       the same for requests to the CTL service (default 10)\n"
	     "      --queue=BYTES    limit on the data queued for a session that does not read\n"
	     "                       (default 262144)\n"
	     "      --memory=BYTES   limit on the memory that all programs together can make it "
	     "use\n"
	     "                       (default 33554432)\n"
	     "      --share=node     let all users of a node use each other's clients\n"
	     "                       (default user: only root may)\n"
	     "      --idle-exit=SECONDS\n"
	     "                       exit when nobody has used the modem for this long\n"
	     "                       (default 0: never)\n"
	     "  -v, --verbose        log more; given twice, a line for each frame\n"
	     "      --version        print the version\n"
	     "      --help           print this help\n"
	     "\n"
	     "See cuse-qmux(8). qmi-virt(4) states what a node promises.");
}

/* Parses a whole decimal number. If it is invalid or out of range, says so and returns false. */
static bool options_parse_number(const char *option, const char *text, uint64_t min, uint64_t max,
				 uint64_t *number)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && value >= min &&
	    value <= max) {
		*number = value;
		return true;
	}
	log_error("bad value '%s' for --%s: expected a whole number from %llu to %llu", text,
		  option, (unsigned long long)min, (unsigned long long)max);
	return false;
}

static bool options_parse_seconds(const char *option, const char *text, uint64_t min, uint64_t *ms)
{
	uint64_t seconds;

	if (!options_parse_number(option, text, min, SECONDS_MAX, &seconds))
		return false;
	*ms = seconds * 1000;
	return true;
}

/* Accepts names that need no quoting in /dev or in a udev rule. */
static bool options_check_name(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	size_t length = strlen(name);

	if (length >= 1 && length <= NAME_MAX_LENGTH && strspn(name, allowed) == length &&
	    name[0] != '-')
		return true;
	log_error("bad value '%s' for --name: expected 1 to %d letters, digits, '-' or '_', not "
		  "beginning with '-'",
		  name, NAME_MAX_LENGTH);
	return false;
}

static bool options_check_share(const char *value)
{
	if (strcmp(value, "node") == 0 || strcmp(value, "user") == 0)
		return true;
	log_error("bad value '%s' for --share: expected node or user", value);
	return false;
}

static bool options_take(struct options *options, int option, const char *value)
{
	uint64_t number;

	switch (option) {
	case 'n':
		if (!options_parse_number("nodes", value, 0, MUX_NODES_MAX, &number))
			return false;
		options->nodes = (unsigned)number;
		return true;
	case OPTION_NAME:
		options->name = value;
		return options_check_name(value);
	case OPTION_NO_SYNC:
		options->sync = false;
		return true;
	case OPTION_TAKE_OVER:
	case OPTION_NO_TAKE_OVER:
		options->take_over = option == OPTION_TAKE_OVER;
		return true;
	case OPTION_ORPHAN_TIMEOUT:
		return options_parse_seconds("orphan-timeout", value, 0, &options->orphan_timeout);
	case OPTION_TRANSACTION_TIMEOUT:
		return options_parse_seconds("transaction-timeout", value, 1,
					     &options->transaction_timeout);
	case OPTION_CTL_TIMEOUT:
		return options_parse_seconds("ctl-timeout", value, 1, &options->ctl_timeout);
	case OPTION_IDLE_EXIT:
		return options_parse_seconds("idle-exit", value, 0, &options->idle_exit);
	case OPTION_MEMORY:
		if (!options_parse_number("memory", value, MEMORY_MIN, MEMORY_MAX, &number))
			return false;
		options->memory = (size_t)number;
		return true;
	case OPTION_SHARE:
		options->share_node = strcmp(value, "node") == 0;
		return options_check_share(value);
	case OPTION_QUEUE:
		if (!options_parse_number("queue", value, QUEUE_MIN, QUEUE_MAX, &number))
			return false;
		options->queue_bytes = (size_t)number;
		return true;
	case 'v':
		options->verbosity++;
		return true;
	default:
		log_error("try 'cuse-qmux --help'");
		return false;
	}
}

static int options_next(int argc, char *argv[])
{
	return getopt_long(argc, argv, "n:v", options_long, NULL);
}

enum options_outcome options_parse(struct options *options, int argc, char *argv[])
{
	enum options_outcome outcome = OPTIONS_RUN;
	int option;

	*options = (struct options){
		.name = "qmi-virt",
		.nodes = 4,
		.sync = true,
		.transaction_timeout = UINT64_C(300000),
		.ctl_timeout = UINT64_C(10000),
		.queue_bytes = (size_t)256 * 1024,
		.memory = (size_t)32 * 1024 * 1024,
	};
	while ((option = options_next(argc, argv)) != -1) {
		if (option == OPTION_HELP) {
			options_print_help();
			return OPTIONS_DONE;
		}
		if (option == OPTION_VERSION) {
			puts("cuse-qmux " VERSION);
			return OPTIONS_DONE;
		}
		if (option == OPTION_GIVE_BACK)
			outcome = OPTIONS_GIVE_BACK;
		else if (option == OPTION_KEEP)
			outcome = OPTIONS_KEEP;
		else if (!options_take(options, option, optarg))
			return OPTIONS_INVALID;
	}
	if (optind == argc && outcome != OPTIONS_GIVE_BACK) {
		log_error("no port given: name one, for instance /dev/cdc-wdm0");
		return OPTIONS_INVALID;
	}
	if (argc - optind > 1) {
		log_error("unexpected argument '%s': only one port can be given", argv[optind + 1]);
		return OPTIONS_INVALID;
	}
	options->port = argv[optind];
	return outcome;
}

enum log_level options_log_level(const struct options *options)
{
	return options->verbosity > 0 ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
}

bool options_add(struct options *options, char *words)
{
	char program[] = "cuse-qmux";
	char *argv[WORDS_MAX + 2] = {program};
	int argc = 1;
	int option;

	for (char *word = strtok(words, " "); word && argc <= WORDS_MAX; word = strtok(NULL, " "))
		argv[argc++] = word;
	optind = 0; /* getopt(3): start over */
	while ((option = options_next(argc, argv)) != -1) {
		if (!options_take(options, option, optarg))
			return false;
	}
	if (optind < argc)
		log_error("unexpected argument '%s' (the udev property may hold only options)",
			  argv[optind]);
	return optind == argc;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker.h"
#include "listener.h"
#include "log.h"
#include "peer.h"

#ifndef VERSION
#error "VERSION is the Makefile's to define"
#endif

#define EXIT_USAGE 2

enum {
	OPTION_GROUP = 0x100,
	OPTION_CHECK,
	OPTION_VERSION,
	OPTION_HELP,
};

static const struct option main_options[] = {
	{"group", required_argument, NULL, OPTION_GROUP},
	{"check", no_argument, NULL, OPTION_CHECK},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, OPTION_HELP},
	{NULL, 0, NULL, 0},
};

static void main_print_help(void)
{
	puts("Usage: cuse-qmux-proxy [OPTION...]\n"
	     "Take the place of libqmi's qmi-proxy: pass connections to the socket @qmi-proxy\n"
	     "to the instances of cuse-qmux that share the modems.\n"
	     "\n"
	     "      --group=NAME     whose members may use modems, besides root (default dialout)\n"
	     "      --check          only find out whether another program has the socket\n"
	     "      --version        print the version\n"
	     "      --help           print this help\n"
	     "\n"
	     "See cuse-qmux-proxy(8).");
}

static int main_check(void)
{
	return listener_check() ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int main_serve(const char *group)
{
	int listener = listener_open();

	if (listener < 0)
		return EXIT_FAILURE;
	if (!peer_permit_group(group))
		log_warning("there is no group '%s': only root may use modems", group);
	return broker_run(listener);
}

/* Returns the exit status. */
static int main_with_options(int argc, char *argv[])
{
	const char *group = "dialout";
	bool check = false;
	int option;

	while ((option = getopt_long(argc, argv, "", main_options, NULL)) != -1) {
		switch (option) {
		case OPTION_GROUP:
			group = optarg;
			break;
		case OPTION_CHECK:
			check = true;
			break;
		case OPTION_VERSION:
			puts("cuse-qmux-proxy " VERSION);
			return EXIT_SUCCESS;
		case OPTION_HELP:
			main_print_help();
			return EXIT_SUCCESS;
		default:
			log_error("try 'cuse-qmux-proxy --help'");
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		log_error("unexpected argument '%s'", argv[optind]);
		return EXIT_USAGE;
	}
	return check ? main_check() : main_serve(group);
}

int main(int argc, char *argv[])
{
	int status;

	log_open(LOG_LEVEL_INFO);
	status = main_with_options(argc, argv);
	log_close();
	return status;
}

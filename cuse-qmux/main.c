/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "instance.h"
#include "log.h"
#include "options.h"

int main(int argc, char *argv[])
{
	struct options options;

	log_open(LOG_LEVEL_INFO);
	switch (options_parse(&options, argc, argv)) {
	case OPTIONS_DONE:
		return EXIT_SUCCESS;
	case OPTIONS_INVALID:
		return EXIT_USAGE;
	case OPTIONS_RUN:
	default:
		log_open(options_log_level(&options));
		return instance_run(&options);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "instance.h"
#include "log.h"
#include "options.h"

int main(int argc, char *argv[])
{
	struct options options;
	int status;

	log_open(LOG_LEVEL_INFO);
	switch (options_parse(&options, argc, argv)) {
	case OPTIONS_DONE:
		status = EXIT_SUCCESS;
		break;
	case OPTIONS_INVALID:
		status = EXIT_USAGE;
		break;
	case OPTIONS_RUN:
	default:
		log_open(options_log_level(&options));
		status = instance_run(&options);
		break;
	}
	log_close();
	return status;
}

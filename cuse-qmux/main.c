/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "instance.h"
#include "keeper.h"
#include "leftovers.h"
#include "log.h"
#include "options.h"
#include "restart.h"
#include "store.h"
#include "takeover.h"

/*
 * Opens those of the standard files that are closed. Otherwise the port, for instance,
 * becomes descriptor 2, and the modem gets the log. Returns 0 or -errno.
 */
static int main_open_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return -errno;
	}
	return 0;
}

static int main_run_instance(const struct options *options)
{
	log_open(options_log_level(options));
	return instance_run(options);
}

int main(int argc, char *argv[])
{
	int err = main_open_standard_files();
	struct options options;
	int status;

	store_receive();
	restart_init(argv);
	log_open(LOG_LEVEL_INFO);
	if (err < 0) {
		log_error("cannot open /dev/null: %s", strerror(-err));
		return EXIT_FAILURE;
	}
	switch (options_parse(&options, argc, argv)) {
	case OPTIONS_DONE:
		status = EXIT_SUCCESS;
		break;
	case OPTIONS_INVALID:
		status = EXIT_USAGE;
		break;
	case OPTIONS_GIVE_BACK:
		status = takeover_give_back(options.port) ? EXIT_SUCCESS : EXIT_FAILURE;
		leftovers_remove(options.name);
		break;
	case OPTIONS_KEEP:
		status = keeper_has_started_this() ? main_run_instance(&options) : keeper_run(argv);
		break;
	case OPTIONS_RUN:
	default:
		status = main_run_instance(&options);
		break;
	}
	log_close();
	return status;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy-tests [GLOB] runs the tests of the proxy socket whose names match the glob.
 * It needs root, and no CUSE; see run.
 */
#include <signal.h>

#include "proxy_groups.h"

static const struct test_group *const groups[] = {&connection_tests, &broker_tests};

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	return run_groups(groups, sizeof(groups) / sizeof(groups[0]), argc > 1 ? argv[1] : "*");
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cuse-tests [GLOB] runs the daemon's black-box tests whose names match the glob, for
 * instance @(test_V14|test_V2)*.
 * It needs root and /dev/cuse.
 */
#include "rule_bench.h"
#include "rule_groups.h"

static const struct test_group *const groups[] = {
	&isolation_tests, &transaction_tests, &orphan_tests,  &reclaim_tests, &indication_tests,
	&queue_tests,     &timeout_tests,     &restart_tests, &framing_tests, &device_tests,
	&poll_tests,      &signal_tests,      &name_tests,    &startup_tests, &resource_tests,
	&stop_tests,      &log_tests,         &wake_tests,    &node_tests,    &loop_tests,
	&log_limit_tests, &privilege_tests,   &user_tests,    &pace_tests,    &blocked_tests,
	&lookout_tests,   &traffic_tests,     &outlive_tests,
};

int main(int argc, char **argv)
{
	return run_groups(groups, sizeof(groups) / sizeof(groups[0]), argc > 1 ? argv[1] : "*");
}

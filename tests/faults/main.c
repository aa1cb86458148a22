/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault-tests [GLOB] tests faults of programs, of the modem and of its port on real
 * CUSE, running the tests whose names match the glob. It needs root and /dev/cuse.
 *
 *   FAULTS_SECONDS  duration of the mixed load (60; 20 if the daemon is wrapped)
 *   FAULTS_SEED     seed of the mixed load (1)
 *   FAULTS_ALL=1    test every kind of kill, not a sample
 */
#include <stdlib.h>

#include "fault_bench.h"

static const struct test_group *const groups[] = {
	&kill_tests,  &port_tests,      &wdm_tests,   &held_tests,  &takeover_tests,
	&habit_tests, &lost_tail_tests, &modem_tests, &mixed_tests,
};

static int number_from(const char *name, int otherwise)
{
	const char *value = getenv(name);

	return value && atoi(value) > 0 ? atoi(value) : otherwise;
}

bool faults_all(void)
{
	return number_from("FAULTS_ALL", 0) > 0;
}

int faults_seconds(void)
{
	return number_from("FAULTS_SECONDS", daemon_is_wrapped() ? 20 : 60);
}

unsigned int faults_seed(void)
{
	return (unsigned int)number_from("FAULTS_SEED", 1);
}

int main(int argc, char **argv)
{
	return run_groups(groups, sizeof(groups) / sizeof(groups[0]), argc > 1 ? argv[1] : "*");
}

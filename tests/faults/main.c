/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults of programs, of the modem and of its port, on a real CUSE:
 * fault-tests [GLOB], where the glob selects tests by their names. Needs root
 * and /dev/cuse.
 *
 *   FAULTS_SECONDS  how long the mixed load lasts (60; where the daemon is wrapped 20)
 *   FAULTS_SEED     of its chance (1)
 *   FAULTS_ALL=1    kills in all ways that there are, not in a selection
 */
#include <stdlib.h>

#include "bench.h"

static const struct test_group *const groups[] = {
	&kill_tests, &port_tests, &wdm_tests, &modem_tests, &mixed_tests,
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

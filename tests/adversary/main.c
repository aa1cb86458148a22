/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * adversary-tests [GLOB] attacks the daemon on real CUSE as ordinary users, beside a victim
 * of another user, running the tests whose names match the glob. It needs root and
 * /dev/cuse.
 *
 *   ADVERSARY_SHORT=1  fewer and lighter attacks
 */
#include "adversary_bench.h"

static const struct adversary_group *const all[] = {
	&turns_tests,   &memory_tests,  &ctl_tests, &window_tests,
	&clients_tests, &closing_tests, &log_tests, &proxy_tests,
};

#define GROUPS (sizeof(all) / sizeof(all[0]))

int main(int argc, char **argv)
{
	const struct test_group *groups[GROUPS];

	for (size_t i = 0; i < GROUPS; i++)
		groups[i] = adversary_is_short() ? all[i]->brief : all[i]->full;
	return run_groups(groups, GROUPS, argc > 1 ? argv[1] : "*");
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the unit tests of the core, and of what the daemon has that does no I/O. */
#include <stdio.h>

#include "unit_groups.h"

static const struct test_group *const groups[] = {
	&account_tests,        &table_tests,
	&rotation_tests,       &window_tests,
	&user_tests,           &frame_tests,
	&queue_tests,          &cid_map_tests,
	&client_tests,         &name_tests,
	&transaction_tests,    &session_tests,
	&calls_tests,          &input_tests,
	&mux_request_tests,    &mux_ctl_tests,
	&mux_turn_tests,       &mux_allocate_tests,
	&mux_sync_tests,       &mux_device_sync_tests,
	&mux_answer_tests,     &mux_framing_tests,
	&mux_failure_tests,    &mux_timeout_tests,
	&mux_restart_tests,    &mux_life_tests,
	&mux_memory_tests,     &mux_user_tests,
	&mux_ctl_limit_tests,  &mux_client_limit_tests,
	&mux_holder_tests,     &mux_fairness_tests,
	&mux_local_turn_tests, &mux_window_tests,
	&mux_proxy_tests,      &open_files_tests,
	&log_kinds_tests,      &kept_tests,
	&mux_saved_tests,
};

int main(void)
{
	size_t run = 0;
	size_t failed = 0;

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		run += groups[i]->count;
		/* cmocka_run_group_tests() accepts only an array, so call the function behind it.
		 */
		failed += (size_t)_cmocka_run_group_tests(groups[i]->name, groups[i]->tests,
							  groups[i]->count, NULL, NULL);
	}
	printf("%zu passed, %zu failed\n", run - failed, failed);
	return failed > 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All groups of unit tests, one per file. */
#ifndef UNIT_GROUPS_H
#define UNIT_GROUPS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct test_group {
	const char *name;
	const struct CMUnitTest *tests;
	size_t count;
};

/* Defines a group of all the tests in an array of this file. */
#define TEST_GROUP(group, array)                                                                   \
	const struct test_group group = {#group, array, sizeof(array) / sizeof((array)[0])}

extern const struct test_group account_tests;
extern const struct test_group table_tests;
extern const struct test_group rotation_tests;
extern const struct test_group window_tests;
extern const struct test_group user_tests;
extern const struct test_group frame_tests;
extern const struct test_group queue_tests;
extern const struct test_group cid_map_tests;
extern const struct test_group client_tests;
extern const struct test_group name_tests;
extern const struct test_group transaction_tests;
extern const struct test_group calls_tests;
extern const struct test_group input_tests;
extern const struct test_group session_tests;
extern const struct test_group mux_request_tests;
extern const struct test_group mux_ctl_tests;
extern const struct test_group mux_turn_tests;
extern const struct test_group mux_allocate_tests;
extern const struct test_group mux_sync_tests;
extern const struct test_group mux_device_sync_tests;
extern const struct test_group mux_answer_tests;
extern const struct test_group mux_framing_tests;
extern const struct test_group mux_failure_tests;
extern const struct test_group mux_timeout_tests;
extern const struct test_group mux_restart_tests;
extern const struct test_group mux_life_tests;
extern const struct test_group mux_memory_tests;
extern const struct test_group mux_user_tests;
extern const struct test_group mux_ctl_limit_tests;
extern const struct test_group mux_client_limit_tests;
extern const struct test_group mux_holder_tests;
extern const struct test_group mux_fairness_tests;
extern const struct test_group mux_local_turn_tests;
extern const struct test_group mux_window_tests;
extern const struct test_group mux_proxy_tests;
extern const struct test_group kept_tests;
extern const struct test_group mux_saved_tests;
extern const struct test_group open_files_tests;
extern const struct test_group log_kinds_tests;

#endif

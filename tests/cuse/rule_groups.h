/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All groups of tests, one per file. */
#ifndef RULE_GROUPS_H
#define RULE_GROUPS_H

#include "rule_bench.h"

extern const struct test_group isolation_tests;
extern const struct test_group transaction_tests;
extern const struct test_group orphan_tests;
extern const struct test_group reclaim_tests;
extern const struct test_group indication_tests;
extern const struct test_group queue_tests;
extern const struct test_group timeout_tests;
extern const struct test_group restart_tests;
extern const struct test_group framing_tests;
extern const struct test_group device_tests;
extern const struct test_group poll_tests;
extern const struct test_group signal_tests;
extern const struct test_group name_tests;
extern const struct test_group startup_tests;
extern const struct test_group resource_tests;
extern const struct test_group stop_tests;
extern const struct test_group log_tests;
extern const struct test_group log_limit_tests;
extern const struct test_group privilege_tests;
extern const struct test_group wake_tests;
extern const struct test_group blocked_tests;
extern const struct test_group node_tests;
extern const struct test_group loop_tests;
extern const struct test_group user_tests;
extern const struct test_group pace_tests;
extern const struct test_group lookout_tests;
extern const struct test_group traffic_tests;
extern const struct test_group outlive_tests;

#endif

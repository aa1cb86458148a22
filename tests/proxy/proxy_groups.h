/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All groups of these tests, one per file. */
#ifndef PROXY_GROUPS_H
#define PROXY_GROUPS_H

#include "proxy_bench.h"

extern const struct test_group connection_tests;
extern const struct test_group broker_tests;

#endif

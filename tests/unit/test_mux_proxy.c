/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The node of libqmi's proxy: V26. */
#include "mux_bench.h"

#define PROXY 2 /* the node after those of the bench */

static struct bench *with_proxy(void **state)
{
	struct bench *bench = *state;

	bench->config.proxy = true;
	bench_restart(bench);
	return bench;
}

static void test_V26_internal_messages_are_answered_here(void **state)
{
	struct bench *bench = with_proxy(state);
	struct session *a = open_on(bench, PROXY);
	static const struct {
		uint16_t message;
		uint16_t error;
	} cases[] = {
		{QMI_CTL_PROXY_OPEN, QMI_ERROR_NONE}, /* again */
		{0xFF22, QMI_ERROR_NOT_SUPPORTED},    /* for QRTR */
		{0xFF23, QMI_ERROR_NOT_SUPPORTED},
		{0xFFFF, QMI_ERROR_NOT_SUPPORTED},
	};

	for (uint8_t i = 0; i < 4; i++) {
		struct msg msg = plus(ctl(i, cases[i].message), QMI_TLV_FIRST, "/dev/x", 6);

		app_write(a, msg);
		app_reads(a, answer(ctl(i, cases[i].message), cases[i].error));
	}
	modem_gets_nothing(bench);
}

static void test_V26_nodes_have_no_internal_messages(void **state)
{
	struct bench *bench = with_proxy(state);
	struct session *a = open_on(bench, PROXY - 1);
	struct msg msg = ctl(7, QMI_CTL_PROXY_OPEN);

	app_write(a, msg);
	modem_gets_ctl(bench, msg);
	app_reads_nothing(a);
}

static void test_V26_connections_share_cids(void **state)
{
	struct bench *bench = with_proxy(state);
	struct session *a = open_on(bench, PROXY);
	struct session *b = open_on(bench, PROXY);
	struct session *node = open_on(bench, 0);

	allocate(bench, a, DMS, 40);
	app_write(b, request(DMS, 1, 5, MODEL));
	modem_gets_this(bench, request(DMS, 40, 5, MODEL));
	app_write(node, request(DMS, 1, 6, MODEL));
	app_reads(node, answer(request(DMS, 1, 6, MODEL), QMI_ERROR_INVALID_CLIENT_ID));
	modem_gets_nothing(bench);
}

static void test_V26_works_without_nodes(void **state)
{
	struct bench *bench = *state;
	struct session *a;

	bench->config.proxy = true;
	bench->config.nodes = 0;
	bench_restart(bench);
	a = open_on(bench, 0);
	allocate(bench, a, DMS, 40);
	app_write(a, request(DMS, 1, 5, MODEL));
	modem_gets_this(bench, request(DMS, 40, 5, MODEL));
}

static const struct CMUnitTest tests[] = {
	BENCH_TEST(test_V26_internal_messages_are_answered_here),
	BENCH_TEST(test_V26_nodes_have_no_internal_messages),
	BENCH_TEST(test_V26_connections_share_cids),
	BENCH_TEST(test_V26_works_without_nodes),
};

TEST_GROUP(mux_proxy_tests, tests);

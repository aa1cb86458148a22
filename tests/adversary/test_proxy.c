/* SPDX-License-Identifier: GPL-2.0-or-later */
/* V26, V28: attacks through libqmi's proxy socket, and what honest programs feel. */
#include "adversary_bench.h"

#include "../faults/proxied.h"
#include "visitors.h"

#define MEDIAN_TIMES 5
#define P99_TIMES    2
#define MEDIAN_MS    20
#define CONNECT_MS   5000 /* libqmi does not wait longer */
#define CONNECTS     10
#define ATTACKERS    8
#define VISITORS     2 /* attackers that crowd the broker */
#define USERS        4
#define TEST_SECONDS 240

static void attack(struct bench *b, attack_fn *what, unsigned int count)
{
	crowd_start(&b->crowd, count, count < USERS ? count : USERS, what, NULL);
	crowd_await_ready(&b->crowd);
	if (b->crowd.board->numbers[0] > 0)
		print_message("[ figures  ] the attackers have %u connections\n",
			      (unsigned int)b->crowd.board->numbers[0]);
}

static void start(struct bench *b, unsigned int node)
{
	bench_start(b, &(struct bench_options){.proxy = true, .seconds = TEST_SECONDS}, node);
}

/* The victim has a node of its own, or is on a connection as the attackers are. */
static void beside(struct bench *b, attack_fn *what, unsigned int node)
{
	unsigned int count = what == visitors_ask ? USERS : ATTACKERS;

	start(b, node);
	bench_measure_alone(b, VICTIM_ASK);
	bench_measure_control(b, VICTIM_ASK, count);
	attack(b, what, count);
	bench_measure(b, VICTIM_ASK);
	/* As for those who share a node with attackers, or the modem's time. */
	if (node == NODE_PROXY || what == visitors_ask)
		bench_expect_median_ms(b, MEDIAN_MS);
	else
		bench_expect_median(b, MEDIAN_TIMES);
	bench_expect_p99(b, P99_TIMES);
	bench_end_crowd(b);
}

#define BESIDE(name, attack)                                                                       \
	static void test_V26_a_node_beside_##name(struct bench *b)                                 \
	{                                                                                          \
		beside(b, attack, BENCH_VICTIM_NODE);                                              \
	}                                                                                          \
	static void test_V26_a_connection_beside_##name(struct bench *b)                           \
	{                                                                                          \
		beside(b, attack, NODE_PROXY);                                                     \
	}

BESIDE(floods, visitors_flood)
BESIDE(unread_answers, visitors_ask)
BESIDE(comers_and_goers, visitors_connect)
BESIDE(a_thousand_connections, visitors_stay)
BESIDE(silent_connections, visitors_say_nothing)

/* Another connection gets through, and is answered, while others crowd the broker. */
static void connect_beside(struct bench *b, attack_fn *what)
{
	start(b, NODE_PROXY);
	attack(b, what, VISITORS);
	victim_measure(&b->victim, VICTIM_CONNECT, CONNECTS, 0, &b->attacked);
	bench_show("under attack", &b->attacked, &b->victim);
}

static void expect_in_time(struct bench *b)
{
	bench_expect("worst", b->attacked.worst / 1e3, CONNECT_MS, "ms");
	bench_end_crowd(b);
}

static void test_V26_connecting_beside_comers_and_goers(struct bench *b)
{
	connect_beside(b, visitors_connect);
	expect_in_time(b);
}

static void test_V26_connecting_beside_250_connections(struct bench *b)
{
	connect_beside(b, visitors_stay);
	expect_in_time(b);
}

/*
 * Shown, not judged: the kernel's queue before the broker holds 4,096 connections of
 * whomever, and each takes it some system calls, which are slow in User-Mode Linux.
 */
static void test_V26_connecting_beside_silent_connections(struct bench *b)
{
	connect_beside(b, visitors_say_nothing);
}

#define CASES(name)                                                                                \
	TEST_CASE(test_V26_a_node_beside_##name), TEST_CASE(test_V26_a_connection_beside_##name)

static const struct test_case cases[] = {
	CASES(floods),
	CASES(unread_answers),
	CASES(comers_and_goers),
	CASES(a_thousand_connections),
	CASES(silent_connections),
	TEST_CASE(test_V26_connecting_beside_comers_and_goers),
	TEST_CASE(test_V26_connecting_beside_250_connections),
	TEST_CASE(test_V26_connecting_beside_silent_connections),
};

static const struct test_case brief_cases[] = {
	TEST_CASE(test_V26_a_node_beside_floods),
	TEST_CASE(test_V26_connecting_beside_250_connections),
};

static const struct test_group full = TEST_GROUP("the proxy socket", cases);
static const struct test_group brief = TEST_GROUP("the proxy socket, in short", brief_cases);

const struct adversary_group proxy_tests = {&full, &brief};

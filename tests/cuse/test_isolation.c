/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Isolation of sessions and nodes: V1 to V3. */
#include "app_session.h"
#include "rule_groups.h"

#include <string.h>

/* V1: equal CTL tids in two sessions of one node, answered in reverse order. */
static void test_V1_sessions_have_their_own_transactions(struct bench *b)
{
	struct message request;
	struct message answers[2];
	int fd[2];

	bench_start(b, NULL);
	for (size_t i = 0; i < 2; i++) {
		fd[i] = session_open(b, 0);
		message_ctl(&request, 9, QMI_CTL_GET_VERSION_INFO);
		message_number(&request, (uint32_t)i);
		session_write(fd[i], &request);
		message_response(&answers[i], QMI_SERVICE_CTL, 0, modem_expect(b->modem, &request),
				 QMI_CTL_GET_VERSION_INFO, QMI_ERROR_NONE);
		message_number(&answers[i], (uint32_t)(100 + i));
	}
	assert_int_not_equal(frame_tid(answers[0].data), frame_tid(answers[1].data));
	modem_send(b->modem, &answers[1]);
	modem_send(b->modem, &answers[0]);
	for (size_t i = 0; i < 2; i++) {
		frame_set_tid(answers[i].data, 9);
		session_expect(fd[i], &answers[i]);
	}
	fence(b, fd[0]);
	fence(b, fd[1]);
}

/* V1: a session cannot read another's queue, on the same node or a different one. */
static void test_V1_queues_are_private(struct bench *b)
{
	struct client c;
	int owner;
	int others[2];

	bench_start(b, "-n2", NULL);
	owner = session_open(b, 0);
	others[0] = session_open(b, 0);
	others[1] = session_open(b, 1);
	c = client_allocate(b, owner, QMI_SERVICE_DMS);
	modem_indicate(b->modem, c.service, c.device, 1);
	client_ask(b, owner, &c, 1, MESSAGE_ASK);
	modem_answer_client(b->modem, &c, 1, MESSAGE_ASK, 2);
	for (size_t i = 0; i < 2; i++) {
		fence(b, others[i]);
		assert_int_equal(session_events(others[i]), POLLOUT);
	}
	session_expect_indication(owner, c.service, c.cid, 1);
	session_expect_answer(owner, &c, 1, MESSAGE_ASK, 2);
	fence(b, owner);
}

/* V1, V20: the rest of a partly read frame goes to the same session. */
static void test_V1_partial_read_stays_in_its_session(struct bench *b)
{
	struct client c[2];
	struct message want;
	uint8_t part[7];
	int fd[2];

	bench_start(b, NULL);
	for (size_t i = 0; i < 2; i++) {
		fd[i] = session_open(b, 0);
		c[i] = client_allocate(b, fd[i], QMI_SERVICE_DMS);
		modem_indicate(b->modem, c[i].service, c[i].device, (uint32_t)i);
	}
	assert_true(wait_for(fd[0], POLLIN, deadline_usual()));
	assert_int_equal(read(fd[0], part, sizeof(part)), sizeof(part));
	session_expect_indication(fd[1], c[1].service, c[1].cid, 1);
	message_indication(&want, c[0].service, c[0].cid, MESSAGE_EVENT);
	message_number(&want, 0);
	assert_memory_equal(part, want.data, sizeof(part));
	want.len -= sizeof(part);
	memmove(want.data, want.data + sizeof(part), want.len);
	session_expect(fd[0], &want);
}

/* Sends requests and checks the answers; count: the correct ones. */
static void ask_often(int fd, const void *arg, struct outcome *outcome)
{
	struct client c = *(const struct client *)arg;
	struct message request;
	struct message want;

	for (uint16_t tid = 1; tid <= 25; tid++) {
		client_request(&request, &c, tid, MESSAGE_ASK);
		message_response(&want, c.service, c.cid, tid, MESSAGE_ASK, QMI_ERROR_NONE);
		message_number(&want, (uint32_t)c.device << 16 | tid);
		child_write(fd, &request, outcome);
		child_read(fd, NULL, outcome);
		if (outcome->got.len == want.len &&
		    memcmp(outcome->got.data, want.data, want.len) == 0)
			outcome->count++;
	}
}

/* Answers with the device CID and the tid, which only the requester can expect. */
static void answer_one(struct modem *m)
{
	struct message got;
	struct client c;

	modem_read(m, &got);
	c.service = frame_service(got.data);
	c.device = frame_cid(got.data);
	modem_answer_client(m, &c, frame_tid(got.data), frame_message(got.data),
			    (uint32_t)c.device << 16 | frame_tid(got.data));
}

/* V1: concurrent processes on several nodes, all with the same service and tids. */
static void test_V1_many_processes_at_once(struct bench *b)
{
	struct client c[8];
	struct child *children[8];
	struct outcome outcome;
	int fd[8];

	bench_start(b, "-n4", NULL);
	for (unsigned int i = 0; i < 8; i++) {
		fd[i] = session_open_flags(b, i % 4, O_RDWR);
		c[i] = client_allocate(b, fd[i], QMI_SERVICE_NAS);
	}
	for (unsigned int i = 0; i < 8; i++)
		children[i] = bench_child(b, ask_often, fd[i], &c[i]);
	for (unsigned int i = 0; i < 8 * 25; i++)
		answer_one(b->modem);
	for (unsigned int i = 0; i < 8; i++) {
		child_finish(children[i], &outcome);
		assert_int_equal(outcome.count, 25);
	}
}

/* "Words": dup() shares a session, which closes with its last descriptor. */
static void test_V1_dup_shares_the_session(struct bench *b)
{
	struct client c;
	int fd;
	int copy;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	assert_return_code(copy, errno);
	client_ask(b, fd, &c, 5, MESSAGE_ASK);
	client_answer(b, copy, &c, 5, MESSAGE_ASK, 1);
	session_close(b, fd);
	modem_indicate(b->modem, c.service, c.device, 2);
	session_expect_indication(copy, c.service, c.cid, 2);
	close(copy);
}

/* "Words": so does fork(). */
static void test_V1_fork_shares_the_session(struct bench *b)
{
	struct client c;
	struct child *child;
	struct outcome outcome;
	struct message want;
	int fd;

	bench_start(b, NULL);
	fd = session_open_flags(b, 0, O_RDWR);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	client_ask(b, fd, &c, 5, MESSAGE_ASK);
	child = bench_child(b, child_read, fd, NULL);
	modem_answer_client(b->modem, &c, 5, MESSAGE_ASK, 77);
	child_finish(child, &outcome);
	message_response(&want, c.service, c.cid, 5, MESSAGE_ASK, QMI_ERROR_NONE);
	message_number(&want, 77);
	assert_message(&outcome.got, &want);
	/* The end of the child has closed nothing. */
	client_round_trip(b, fd, &c);
}

/* V2: per node and service, lowest free first, from 1; two nodes may both hold "DMS, CID 1". */
static void test_V2_lowest_free_cid_per_node_and_service(struct bench *b)
{
	struct client c[3];
	int fd;
	int other;

	bench_start(b, "-n2", NULL);
	fd = session_open(b, 0);
	other = session_open(b, 1);
	for (uint8_t i = 0; i < 3; i++) {
		c[i] = client_allocate(b, fd, QMI_SERVICE_DMS);
		assert_int_equal(c[i].cid, i + 1);
	}
	assert_int_equal(client_allocate(b, fd, QMI_SERVICE_NAS).cid, 1);
	assert_int_equal(client_allocate(b, other, QMI_SERVICE_DMS).cid, 1);
	client_release(b, fd, &c[1]);
	client_release(b, fd, &c[0]);
	assert_int_equal(client_allocate(b, other, QMI_SERVICE_DMS).cid, 2);
	assert_int_equal(client_allocate(b, fd, QMI_SERVICE_DMS).cid, 1);
	assert_int_equal(client_allocate(b, fd, QMI_SERVICE_DMS).cid, 2);
	assert_int_equal(client_allocate(b, fd, QMI_SERVICE_DMS).cid, 4);
}

/* V2: CIDs belong to the node: any of its sessions may use them. */
static void test_V2_sessions_of_a_node_share_its_cids(struct bench *b)
{
	int first;
	int second;

	bench_start(b, NULL);
	first = session_open(b, 0);
	second = session_open(b, 0);
	assert_int_equal(client_allocate(b, first, QMI_SERVICE_WDS).cid, 1);
	assert_int_equal(client_allocate(b, second, QMI_SERVICE_WDS).cid, 2);
}

/* V2: the header is mapped both ways, on two nodes that both hold "DMS, CID 1". */
static void test_V2_headers_are_mapped_both_ways(struct bench *b)
{
	struct client c[2];
	int fd[2];

	bench_start(b, "-n2", NULL);
	for (unsigned int i = 0; i < 2; i++) {
		fd[i] = session_open(b, i);
		c[i] = client_allocate(b, fd[i], QMI_SERVICE_DMS);
		assert_int_equal(c[i].cid, 1);
	}
	assert_int_not_equal(c[0].device, c[1].device);
	for (unsigned int i = 0; i < 2; i++)
		client_ask(b, fd[i], &c[i], 3, MESSAGE_ASK);
	for (unsigned int i = 2; i-- > 0;)
		client_answer(b, fd[i], &c[i], 3, MESSAGE_ASK, i);
	for (unsigned int i = 0; i < 2; i++) {
		modem_indicate(b->modem, c[i].service, c[i].device, i);
		session_expect_indication(fd[i], c[i].service, 1, i);
		client_release(b, fd[i], &c[i]);
	}
}

/* V2: an Allocate CID refused by the modem is passed on unchanged, and takes no CID. */
static void test_V2_refused_allocation_takes_no_cid(struct bench *b)
{
	struct message request;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	message_allocate(&request, 4, QMI_SERVICE_UIM);
	session_write(fd, &request);
	modem_refuse(b->modem, modem_expect_allocate(b->modem, QMI_SERVICE_UIM), 31);
	session_expect_outcome(fd, &request, 31);
	assert_int_equal(client_allocate(b, fd, QMI_SERVICE_UIM).cid, 1);
}

/* 254 Allocate CID requests in flight at once, answered with descending device CIDs. */
static void hold_all_254(struct bench *b, int fd)
{
	struct message request;

	for (unsigned int i = 1; i <= QMI_CID_MAX; i++) {
		message_allocate(&request, (uint8_t)i, QMI_SERVICE_NAS);
		session_write(fd, &request);
	}
	for (unsigned int i = 1; i <= QMI_CID_MAX; i++) {
		uint8_t tid = modem_expect_allocate(b->modem, QMI_SERVICE_NAS);

		modem_grant_cid(b->modem, tid, QMI_SERVICE_NAS, (uint8_t)(QMI_CID_MAX + 1 - i));
		assert_int_equal(session_expect_allocated(fd, (uint8_t)i, QMI_SERVICE_NAS), i);
	}
}

/* V2: a node refuses the 255th client of a service itself; a released CID can be reused. */
static void test_V2_node_holds_254_of_a_service(struct bench *b)
{
	struct client c = {.service = QMI_SERVICE_NAS, .cid = 100, .device = QMI_CID_MAX + 1 - 100};
	struct message request;
	int fd;

	bench_start(b, "-n2", NULL);
	fd = session_open(b, 0);
	hold_all_254(b, fd);
	message_allocate(&request, 77, QMI_SERVICE_NAS);
	session_write(fd, &request);
	session_expect_outcome(fd, &request, QMI_ERROR_CLIENT_IDS_EXHAUSTED);
	fence(b, fd);
	assert_int_equal(client_allocate(b, fd, QMI_SERVICE_DMS).cid, 1);

	client_round_trip(b, fd, &c);
	client_release(b, fd, &c);
	session_write(fd, &request);
	modem_grant_cid(b->modem, modem_expect_allocate(b->modem, QMI_SERVICE_NAS), QMI_SERVICE_NAS,
			c.device);
	assert_int_equal(session_expect_allocated(fd, 77, QMI_SERVICE_NAS), 100);
}

static void expect_malformed(struct bench *b, int fd, const struct message *request)
{
	session_write(fd, request);
	session_expect_outcome(fd, request, QMI_ERROR_MALFORMED_MESSAGE);
	fence(b, fd);
}

/* V2: without a TLV 0x01 of the right size, the node itself answers MalformedMessage. */
static void test_V2_malformed_allocate_and_release(struct bench *b)
{
	struct message request;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	client_allocate(b, fd, QMI_SERVICE_DMS);
	message_ctl(&request, 1, QMI_CTL_ALLOCATE_CID);
	expect_malformed(b, fd, &request);
	message_add(&request, QMI_TLV_FIRST, "", 0);
	expect_malformed(b, fd, &request);
	message_ctl(&request, 2, QMI_CTL_ALLOCATE_CID);
	message_add_u16(&request, QMI_TLV_FIRST, QMI_SERVICE_DMS);
	expect_malformed(b, fd, &request);
	message_ctl(&request, 3, QMI_CTL_RELEASE_CID);
	expect_malformed(b, fd, &request);
	message_add_u8(&request, QMI_TLV_FIRST, QMI_SERVICE_DMS);
	expect_malformed(b, fd, &request);
	message_ctl(&request, 4, QMI_CTL_RELEASE_CID);
	message_add(&request, QMI_TLV_FIRST, (uint8_t[]){QMI_SERVICE_DMS, 1, 0}, 3);
	expect_malformed(b, fd, &request);
}

/* V3: never allocated, of another node, of another service, released, 0 and 0xFF. */
static void test_V3_foreign_cid_is_refused(struct bench *b)
{
	struct client c;
	int fd;
	int other;

	bench_start(b, "-n2", NULL);
	fd = session_open(b, 0);
	other = session_open(b, 1);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	session_expect_foreign(b, fd, &(struct client){.service = QMI_SERVICE_DMS, .cid = 2});
	session_expect_foreign(b, fd, &(struct client){.service = QMI_SERVICE_NAS, .cid = 1});
	session_expect_foreign(b, fd, &(struct client){.service = QMI_SERVICE_DMS, .cid = 0});
	session_expect_foreign(b, fd, &(struct client){.service = QMI_SERVICE_DMS, .cid = 0xFF});
	session_expect_foreign(b, fd,
			       &(struct client){.service = QMI_SERVICE_DMS, .cid = c.device});
	session_expect_foreign(b, other, &c);
	client_release(b, fd, &c);
	session_expect_foreign(b, fd, &c);
}

/* V3: releasing a foreign CID is refused too, and the modem does not see it. */
static void test_V3_foreign_cid_is_not_released(struct bench *b)
{
	struct client c;
	struct message request;
	int fd;
	int other;

	bench_start(b, "-n2", NULL);
	fd = session_open(b, 0);
	other = session_open(b, 1);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	message_release(&request, 6, c.service, c.cid);
	session_write(other, &request);
	session_expect_outcome(other, &request, QMI_ERROR_INVALID_CLIENT_ID);
	fence(b, other);
	client_round_trip(b, fd, &c);
}

/* V3: "at once" includes while the modem has not answered earlier requests. */
static void test_V3_refusal_does_not_wait_for_the_modem(struct bench *b)
{
	struct message request;
	struct client c;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	client_ask(b, fd, &c, 1, MESSAGE_ASK);
	for (uint16_t tid = 2; tid < 12; tid++) {
		message_request(&request, QMI_SERVICE_WDS, 200, tid, MESSAGE_OTHER);
		session_write(fd, &request);
		session_expect_outcome(fd, &request, QMI_ERROR_INVALID_CLIENT_ID);
	}
	client_answer(b, fd, &c, 1, MESSAGE_ASK, 1);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V1_sessions_have_their_own_transactions),
	TEST_CASE(test_V1_queues_are_private),
	TEST_CASE(test_V1_partial_read_stays_in_its_session),
	TEST_CASE(test_V1_many_processes_at_once),
	TEST_CASE(test_V1_dup_shares_the_session),
	TEST_CASE(test_V1_fork_shares_the_session),
	TEST_CASE(test_V2_lowest_free_cid_per_node_and_service),
	TEST_CASE(test_V2_sessions_of_a_node_share_its_cids),
	TEST_CASE(test_V2_headers_are_mapped_both_ways),
	TEST_CASE(test_V2_refused_allocation_takes_no_cid),
	TEST_CASE(test_V2_node_holds_254_of_a_service),
	TEST_CASE(test_V2_malformed_allocate_and_release),
	TEST_CASE(test_V3_foreign_cid_is_refused),
	TEST_CASE(test_V3_foreign_cid_is_not_released),
	TEST_CASE(test_V3_refusal_does_not_wait_for_the_modem),
};

const struct test_group isolation_tests = TEST_GROUP("isolation (V1-V3)", cases);

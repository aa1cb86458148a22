/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions: CTL tids, service tids, and where a response goes: V4 to V6. */
#include "app_session.h"
#include "rule_groups.h"

#include <stdlib.h>

#define CTL_TIDS 255

/* Makes the request as the modem sees it, with the device tid. */
static void ctl_ask(struct bench *b, int fd, uint8_t tid, struct message *at_modem)
{
	message_ctl(at_modem, tid, QMI_CTL_GET_VERSION_INFO);
	session_write(fd, at_modem);
	frame_set_tid(at_modem->data, modem_expect(b->modem, at_modem));
}

/* Answers it: the session must get the answer under its own tid. */
static void ctl_answer(struct bench *b, int fd, uint8_t tid, const struct message *at_modem)
{
	struct message answer;

	modem_answer(b->modem, at_modem, QMI_ERROR_NONE);
	message_outcome_of(&answer, at_modem, QMI_ERROR_NONE);
	frame_set_tid(answer.data, tid);
	session_expect(fd, &answer);
}

/* V4: any application tid works, even 0 and 255; the modem never sees tid 0. */
static void test_V4_response_has_the_applications_tid(struct bench *b)
{
	static const uint8_t tids[] = {0, 1, 2, 128, 254, 255};
	struct message requests[sizeof(tids)];
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	for (size_t i = 0; i < sizeof(tids); i++)
		ctl_ask(b, fd, tids[i], &requests[i]);
	for (size_t i = sizeof(tids); i-- > 0;)
		ctl_answer(b, fd, tids[i], &requests[i]);
}

/* V4: a session may have a tid in flight twice, because each gets its own device tid. */
static void test_V4_equal_tids_in_one_session(struct bench *b)
{
	struct message requests[2];
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	ctl_ask(b, fd, 5, &requests[0]);
	ctl_ask(b, fd, 5, &requests[1]);
	assert_int_not_equal(frame_tid(requests[0].data), frame_tid(requests[1].data));
	ctl_answer(b, fd, 5, &requests[1]);
	ctl_answer(b, fd, 5, &requests[0]);
}

/* V4: a freed tid is not reused until all others have been. */
static void test_V4_freed_tid_rests_longest(struct bench *b)
{
	uint16_t used[2 * CTL_TIDS + 20];
	bool seen[CTL_TIDS + 1] = {false};
	struct message request;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++) {
		ctl_ask(b, fd, 1, &request);
		used[i] = frame_tid(request.data);
		ctl_answer(b, fd, 1, &request);
		if (i >= CTL_TIDS) {
			assert_int_equal(used[i], used[i - CTL_TIDS]);
			continue;
		}
		assert_false(seen[used[i]]);
		seen[used[i]] = true;
	}
}

/* V4: a tid in flight is never reused, however many requests pass it. */
static void test_V4_tid_in_flight_is_not_reused(struct bench *b)
{
	struct message held;
	struct message request;
	int fd;
	int other;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	ctl_ask(b, other, 1, &held);
	for (size_t i = 0; i < CTL_TIDS + 5; i++) {
		ctl_ask(b, fd, 1, &request);
		assert_int_not_equal(frame_tid(request.data), frame_tid(held.data));
		ctl_answer(b, fd, 1, &request);
	}
	ctl_answer(b, other, 1, &held);
}

/* Puts in flight as many requests as a user may have, and gives the user another session. */
static void fill_ctl(struct bench *b, int fds[CTL_USER_SESSIONS + 1],
		     struct message in_flight[CTL_PER_USER])
{
	for (size_t i = 0; i <= CTL_USER_SESSIONS; i++)
		fds[i] = session_open_as(b, 0, USER_A);
	for (size_t i = 0; i < CTL_PER_USER; i++)
		ctl_ask(b, fds[i / CTL_PER_SESSION], (uint8_t)i, &in_flight[i]);
}

static void write_numbered_ctl(int fd, uint8_t tid, uint32_t number)
{
	struct message request;

	message_ctl(&request, tid, QMI_CTL_SET_INSTANCE_ID);
	message_number(&request, number);
	session_write(fd, &request);
}

/* Answers one, so that the next waiting request goes out. Returns its number. */
static uint32_t free_one(struct bench *b, int fd, uint8_t tid, const struct message *in_flight,
			 struct message *next)
{
	ctl_answer(b, fd, tid, in_flight);
	modem_read(b->modem, next);
	assert_int_equal(frame_message(next->data), QMI_CTL_SET_INSTANCE_ID);
	return message_get_number(next);
}

/* V4, V28: with 32 of a user in flight, further ones wait in order; another user's do not. */
static void test_V28_a_user_has_32_ctl_requests(struct bench *b)
{
	struct message *in_flight = calloc(CTL_PER_USER, sizeof(*in_flight));
	struct message waited[2];
	struct client c;
	int fds[CTL_USER_SESSIONS + 1];
	int waiting;
	int other;

	bench_start(b, "--ctl-timeout=600", NULL);
	fill_ctl(b, fds, in_flight);
	waiting = fds[CTL_USER_SESSIONS];
	write_numbered_ctl(waiting, 10, 0);
	write_numbered_ctl(waiting, 11, 1);
	other = session_open_as(b, 0, USER_B);
	c = client_allocate(b, other, QMI_SERVICE_DMS);
	client_round_trip(b, other, &c);
	fence(b, other);

	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(free_one(b, fds[i], (uint8_t)(i * CTL_PER_SESSION),
					  &in_flight[i * CTL_PER_SESSION], &waited[i]),
				 i);
	ctl_answer(b, waiting, 11, &waited[1]);
	ctl_answer(b, waiting, 10, &waited[0]);
	free(in_flight);
}

/* V28: a session may have 8 in flight. */
static void test_V28_a_session_has_eight_ctl_requests(struct bench *b)
{
	struct message in_flight[CTL_PER_SESSION];
	struct message next;
	int other;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	for (uint8_t i = 0; i < CTL_PER_SESSION; i++)
		ctl_ask(b, fd, i, &in_flight[i]);
	write_numbered_ctl(fd, 9, 1);
	fence(b, other);
	assert_int_equal(free_one(b, fd, 3, &in_flight[3], &next), 1);
	ctl_answer(b, fd, 9, &next);
}

/* V5: service tids pass unchanged, including the one in an Abort. */
static void test_V5_service_tids_pass_unchanged(struct bench *b)
{
	static const uint16_t tids[] = {1, 0x00FF, 0x0100, 0x1234, 0xFFFF};
	struct client c;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_WDS);
	for (size_t i = 0; i < sizeof(tids) / sizeof(tids[0]); i++) {
		client_ask(b, fd, &c, tids[i], MESSAGE_ASK);
		client_answer(b, fd, &c, tids[i], MESSAGE_ASK, (uint32_t)i);
	}
}

static void abort_one(struct bench *b, int fd, uint8_t service, uint16_t abort_id)
{
	struct client c = client_allocate(b, fd, service);
	struct message request;

	client_ask(b, fd, &c, 0x0A0B, MESSAGE_ASK);
	message_request(&request, service, c.cid, 0x0A0C, abort_id);
	message_add_u16(&request, QMI_TLV_FIRST, 0x0A0B);
	session_write(fd, &request);
	frame_set_cid(request.data, c.device);
	modem_expect(b->modem, &request);
	modem_answer(b->modem, &request, QMI_ERROR_NONE);
	frame_set_cid(request.data, c.cid);
	session_expect_outcome(fd, &request, QMI_ERROR_NONE);
	client_answer(b, fd, &c, 0x0A0B, MESSAGE_ASK, 0);
}

static void test_V5_abort_names_the_tid_it_means(struct bench *b)
{
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	abort_one(b, fd, QMI_SERVICE_WDS, QMI_WDS_ABORT);
	abort_one(b, fd, QMI_SERVICE_NAS, QMI_NAS_ABORT);
}

/* V5: two sessions, one CID, equal tids: the later request waits for the earlier's answer. */
static void test_V5_equal_tids_wait(struct bench *b)
{
	struct client c;
	struct message request;
	int first;
	int second;
	int third;

	bench_start(b, NULL);
	first = session_open(b, 0);
	second = session_open(b, 0);
	third = session_open(b, 0);
	c = client_allocate(b, first, QMI_SERVICE_DMS);
	client_ask(b, first, &c, 7, MESSAGE_ASK);
	client_request(&request, &c, 7, MESSAGE_OTHER);
	session_write(second, &request);
	fence(b, third);
	client_answer(b, first, &c, 7, MESSAGE_ASK, 1);
	client_request_at_modem(&request, &c, 7, MESSAGE_OTHER);
	modem_expect(b->modem, &request);
	client_answer(b, second, &c, 7, MESSAGE_OTHER, 2);
	fence(b, first);
	fence(b, second);
}

/* V5: no other request waits: other tid, other CID, or same CID on another node. */
static void test_V5_only_equal_tids_wait(struct bench *b)
{
	struct client c[3];
	int fd[3];

	bench_start(b, "-n2", NULL);
	for (unsigned int i = 0; i < 3; i++) {
		fd[i] = session_open(b, i / 2);
		c[i] = client_allocate(b, fd[i], QMI_SERVICE_DMS);
	}
	assert_int_equal(c[0].cid, c[2].cid);
	client_ask(b, fd[0], &c[0], 7, MESSAGE_ASK);
	client_ask(b, fd[1], &c[0], 8, MESSAGE_ASK);
	client_ask(b, fd[1], &c[1], 7, MESSAGE_ASK);
	client_ask(b, fd[2], &c[2], 7, MESSAGE_ASK);
	client_answer(b, fd[2], &c[2], 7, MESSAGE_ASK, 1);
	client_answer(b, fd[1], &c[1], 7, MESSAGE_ASK, 2);
	client_answer(b, fd[1], &c[0], 8, MESSAGE_ASK, 3);
	client_answer(b, fd[0], &c[0], 7, MESSAGE_ASK, 4);
}

/* V5: the later request is sent when the earlier one "expires". */
static void test_V5_equal_tids_wait_until_expiry(struct bench *b)
{
	struct client c;
	struct message request;
	int64_t began;
	int first;
	int second;

	bench_start(b, "--transaction-timeout=1", NULL);
	first = session_open(b, 0);
	second = session_open(b, 0);
	c = client_allocate(b, first, QMI_SERVICE_DMS);
	began = now_ms();
	client_ask(b, first, &c, 7, MESSAGE_ASK);
	client_request(&request, &c, 7, MESSAGE_OTHER);
	session_write(second, &request);
	client_request_at_modem(&request, &c, 7, MESSAGE_OTHER);
	modem_expect(b->modem, &request);
	assert_in_range(now_ms() - began, 900, 2500 * slow_factor());
	client_answer(b, second, &c, 7, MESSAGE_OTHER, 2);
	fence(b, first);
}

/* V6: each response goes to its requester, on a CID that both sessions use at once. */
static void test_V6_response_goes_to_the_asker_alone(struct bench *b)
{
	struct client c;
	int first;
	int second;
	int third;

	bench_start(b, NULL);
	first = session_open(b, 0);
	second = session_open(b, 0);
	third = session_open(b, 0);
	c = client_allocate(b, first, QMI_SERVICE_NAS);
	client_ask(b, first, &c, 1, MESSAGE_ASK);
	client_ask(b, second, &c, 2, MESSAGE_ASK);
	modem_answer_client(b->modem, &c, 2, MESSAGE_ASK, 22);
	modem_answer_client(b->modem, &c, 1, MESSAGE_ASK, 11);
	session_expect_answer(first, &c, 1, MESSAGE_ASK, 11);
	session_expect_answer(second, &c, 2, MESSAGE_ASK, 22);
	fence(b, first);
	fence(b, second);
	fence(b, third);
}

/* V6: a response is dropped if its session has closed, even if another took its place. */
static void test_V6_response_to_a_closed_session_is_dropped(struct bench *b)
{
	struct message request;
	struct client c;
	int closed;
	int other;
	int next;

	bench_start(b, NULL);
	closed = session_open(b, 0);
	other = session_open(b, 0);
	c = client_allocate(b, closed, QMI_SERVICE_DMS);
	client_ask(b, closed, &c, 1, MESSAGE_ASK);
	ctl_ask(b, closed, 3, &request);
	session_close(b, closed);
	next = session_open(b, 0);
	modem_answer_client(b->modem, &c, 1, MESSAGE_ASK, 1);
	modem_answer(b->modem, &request, QMI_ERROR_NONE);
	fence(b, next);
	fence(b, other);
	/* The next user of the client does not get it either. */
	client_ask(b, next, &c, 2, MESSAGE_ASK);
	client_answer(b, next, &c, 2, MESSAGE_ASK, 2);
}

static uint8_t allocate_and_close(struct bench *b, uint8_t service)
{
	struct message request;
	int fd = session_open(b, 0);
	uint8_t tid;

	message_allocate(&request, 1, service);
	session_write(fd, &request);
	tid = modem_expect_allocate(b->modem, service);
	session_close(b, fd);
	return tid;
}

/* V6: a client allocated for a closed session is released on the modem at once. */
static void test_V6_client_for_a_closed_session_is_released(struct bench *b)
{
	struct client c = {.service = QMI_SERVICE_DMS};
	uint8_t tid;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	tid = allocate_and_close(b, c.service);
	c.device = modem_grant(b->modem, tid, c.service);
	modem_take_release(b->modem, &c);
	fence(b, fd);
	assert_int_equal(client_allocate(b, fd, c.service).cid, 1);
}

/* V6: only a successful Allocate CID has a client to release. */
static void test_V6_refusal_for_a_closed_session_is_dropped(struct bench *b)
{
	uint8_t tid;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	tid = allocate_and_close(b, QMI_SERVICE_DMS);
	modem_refuse(b->modem, tid, 31);
	fence(b, fd);
}

/* Requests written before a close still reach the modem. */
static void test_V6_requests_of_a_closed_session_are_sent(struct bench *b)
{
	struct client c;
	struct message request;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	for (uint16_t tid = 1; tid <= 40; tid++) {
		client_request(&request, &c, tid, MESSAGE_ASK);
		message_pad(&request, 1000);
		session_write(fd, &request);
	}
	session_close(b, fd);
	for (uint16_t tid = 1; tid <= 40; tid++) {
		client_request_at_modem(&request, &c, tid, MESSAGE_ASK);
		message_pad(&request, 1000);
		modem_expect(b->modem, &request);
	}
}

/* The same for a request that was waiting (V5) at the close. */
static void test_V6_waiting_request_of_a_closed_session_is_sent(struct bench *b)
{
	struct client c;
	struct message request;
	int first;
	int closed;

	bench_start(b, NULL);
	first = session_open(b, 0);
	closed = session_open(b, 0);
	c = client_allocate(b, first, QMI_SERVICE_DMS);
	client_ask(b, first, &c, 7, MESSAGE_ASK);
	client_request(&request, &c, 7, MESSAGE_OTHER);
	session_write(closed, &request);
	session_close(b, closed);
	fence(b, first);
	client_answer(b, first, &c, 7, MESSAGE_ASK, 1);
	client_request_at_modem(&request, &c, 7, MESSAGE_OTHER);
	modem_expect(b->modem, &request);
	modem_answer_client(b->modem, &c, 7, MESSAGE_OTHER, 2);
	fence(b, first);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V4_response_has_the_applications_tid),
	TEST_CASE(test_V4_equal_tids_in_one_session),
	TEST_CASE(test_V4_freed_tid_rests_longest),
	TEST_CASE(test_V4_tid_in_flight_is_not_reused),
	TEST_CASE(test_V28_a_user_has_32_ctl_requests),
	TEST_CASE(test_V28_a_session_has_eight_ctl_requests),
	TEST_CASE(test_V5_service_tids_pass_unchanged),
	TEST_CASE(test_V5_abort_names_the_tid_it_means),
	TEST_CASE(test_V5_equal_tids_wait),
	TEST_CASE(test_V5_only_equal_tids_wait),
	TEST_CASE(test_V5_equal_tids_wait_until_expiry),
	TEST_CASE(test_V6_response_goes_to_the_asker_alone),
	TEST_CASE(test_V6_response_to_a_closed_session_is_dropped),
	TEST_CASE(test_V6_client_for_a_closed_session_is_released),
	TEST_CASE(test_V6_refusal_for_a_closed_session_is_dropped),
	TEST_CASE(test_V6_requests_of_a_closed_session_are_sent),
	TEST_CASE(test_V6_waiting_request_of_a_closed_session_is_sent),
};

const struct test_group transaction_tests = TEST_GROUP("transactions (V4-V6)", cases);

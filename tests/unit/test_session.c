/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "memory.h"
#include "session.h"
#include "unit_groups.h"

#define MAX 300 /* bytes of a frame */

#define QUEUE 300 /* bytes of a queue */

static struct users users;
static struct sessions sessions;

static struct session *open_for(uint32_t uid)
{
	struct user *user = user_get(&users, uid);
	struct session *session = session_create(&sessions, user, 1, NULL);

	user_put(user);
	return session;
}

static int set_up(void **state)
{
	if (users_init(&users, 8 << 20) < 0)
		return -1;
	sessions_init(&sessions, MAX, QUEUE);
	*state = open_for(1000);
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	session_destroy(*state);
	assert_int_equal(sessions.count, 0);
	assert_int_equal(users.sessions, 0);
	assert_int_equal(users.everybody.used, 0);
	users_finish(&users);
	return 0;
}

/* A frame of this size, identified by its tid. */
static const uint8_t *frame_of(enum frame_kind kind, uint16_t tid, uint16_t size)
{
	static uint8_t frame[70000];
	static const uint8_t value[70000];

	frame_begin(frame, kind, QMI_SERVICE_DMS, 1, tid, 0x0022);
	if (size > FRAME_HEADER_MAX)
		frame_add_tlv(frame, 0x10, value, (uint16_t)(size - FRAME_HEADER_MAX - 3));
	assert_int_equal(frame_size(frame), size);
	return frame;
}

static void check_queued(struct queue *queue, uint16_t tid, size_t size)
{
	const uint8_t *front = queue_front(queue);

	assert_non_null(front);
	assert_int_equal(frame_size(front), size);
	assert_int_equal(frame_tid(front), tid);
	queue_pop(queue);
}

/* The next read returns this frame. */
static void check_read(struct session *session, uint16_t tid, size_t size)
{
	const uint8_t *data;

	assert_int_equal(session_peek(session, &data), size);
	assert_int_equal(frame_tid(data), tid);
	session_consume(session, size);
}

static void check_overflow(struct session *session)
{
	const uint8_t *data;

	assert_int_equal(session_peek(session, &data), -ENOBUFS);
}

static void check_nothing(struct session *session)
{
	const uint8_t *data;

	assert_false(session_readable(session));
	assert_int_equal(session_peek(session, &data), -EAGAIN);
}

static void test_V19_several_frames_and_a_part(void **state)
{
	struct session *session = *state;
	uint8_t data[200];

	memcpy(data, frame_of(FRAME_REQUEST, 1, 50), 50);
	memcpy(data + 50, frame_of(FRAME_REQUEST, 2, 13), 13);
	memcpy(data + 63, frame_of(FRAME_REQUEST, 3, 100), 100);
	assert_int_equal(session_accept(session, data, 100), 100);
	assert_int_equal(session->out.frames, 2);
	assert_int_equal(session->partial_bytes, 37);
	assert_int_equal(session_accept(session, data + 100, 63), 63);
	check_queued(&session->out, 1, 50);
	check_queued(&session->out, 2, 13);
	check_queued(&session->out, 3, 100);
	assert_null(session->partial);
}

static void test_V19_byte_by_byte(void **state)
{
	struct session *session = *state;
	uint8_t frame[MAX];

	memcpy(frame, frame_of(FRAME_REQUEST, 5, MAX), MAX);
	for (size_t i = 0; i < MAX; i++)
		assert_int_equal(session_accept(session, frame + i, 1), 1);
	check_queued(&session->out, 5, MAX);
	assert_int_equal(session_accept(session, frame, 0), 0);
}

static void test_V19_no_frame(void **state)
{
	struct session *session = *state;
	uint8_t data[100];

	/* The garbage follows a good frame, and the whole write is rejected. */
	memcpy(data, frame_of(FRAME_REQUEST, 1, 50), 50);
	data[50] = 0x7E;
	assert_int_equal(session_accept(session, data, 51), -EINVAL);
	assert_int_equal(session->out.frames, 0);

	/* In the middle of a header that arrives in parts. */
	assert_int_equal(session_accept(session, data, 3), 3);
	assert_int_equal(session_accept(session, (uint8_t[]){0x80}, 1), -EINVAL);
	assert_null(session->partial);
	assert_int_equal(session_accept(session, data, 50), 50);
	check_queued(&session->out, 1, 50);

	/* After a frame completed by the same write. */
	assert_int_equal(session_accept(session, data, 20), 20);
	assert_int_equal(session_accept(session, data + 20, 31), -EINVAL);
	assert_int_equal(session->out.frames, 0);
	assert_null(session->partial);
}

static void test_V19_too_long(void **state)
{
	struct session *session = *state;
	uint8_t data[MAX + 1];

	memcpy(data, frame_of(FRAME_REQUEST, 1, MAX + 1), MAX + 1);
	assert_int_equal(session_accept(session, data, MAX + 1), -EMSGSIZE);
	assert_int_equal(session_accept(session, data, 3), -EMSGSIZE);
	assert_int_equal(session_accept(session, data, 2), 2);
	assert_int_equal(session_accept(session, data + 2, 1), -EMSGSIZE);
	assert_null(session->partial);
	assert_int_equal(session->partial_bytes, 0);
	assert_int_equal(session_accept(session, frame_of(FRAME_REQUEST, 2, MAX), MAX), MAX);
	check_queued(&session->out, 2, MAX);
}

static void test_V21_full(void **state)
{
	struct session *session = *state;
	uint8_t data[512];

	memcpy(data, frame_of(FRAME_REQUEST, 1, 256), 256);
	memcpy(data + 256, data, 256);
	for (unsigned i = 0; i < SESSION_OUT_BYTES / 256 - 1; i++)
		assert_int_equal(session_accept(session, data, 256), 256);
	assert_true(session_writable(session));
	/* A write that starts below the limit is accepted whole. */
	assert_int_equal(session_accept(session, data, 512), 512);
	assert_int_equal(session->out.bytes, SESSION_OUT_BYTES + 256);
	assert_false(session_writable(session));
	assert_int_equal(session_accept(session, data, 256), -EAGAIN);
	assert_int_equal(session_accept(session, data, 0), 0);
	/* Garbage is not even looked at. */
	assert_int_equal(session_accept(session, (uint8_t[]){0}, 1), -EAGAIN);
	queue_pop(&session->out);
	assert_false(session_writable(session));
	queue_pop(&session->out);
	assert_int_equal(session_accept(session, (uint8_t[]){0}, 1), -EINVAL);
	assert_int_equal(session_accept(session, data, 512), 512);
}

static void test_no_memory(void **state)
{
	struct session *session = *state;
	uint8_t frame[MAX];
	uint8_t data[3 * MAX];

	memory_fail(1);
	errno = 0;
	assert_null(session_create(&sessions, session->user, 0, NULL));
	assert_int_equal(errno, ENOMEM);
	assert_true(memory_failed());

	memcpy(frame, frame_of(FRAME_REQUEST, 1, MAX), MAX);
	memory_fail(1);
	assert_int_equal(session_accept(session, frame, 10), -ENOMEM);
	memory_fail(1);
	assert_int_equal(session_accept(session, frame, MAX), -ENOMEM);
	assert_int_equal(session->out.frames, 0);

	/* The rest of a frame may still be written. */
	assert_int_equal(session_accept(session, frame, 10), 10);
	memory_fail(1);
	assert_int_equal(session_accept(session, frame + 10, MAX - 10), -ENOMEM);
	assert_true(memory_failed());
	assert_int_equal(session_accept(session, frame + 10, MAX - 10), MAX - 10);
	check_queued(&session->out, 1, MAX);

	/* All frames are accepted, or none. */
	for (size_t i = 0; i < 3; i++)
		memcpy(data + i * MAX, frame, MAX);
	memory_fail(1);
	assert_int_equal(session_accept(session, data, sizeof(data)), -ENOMEM);
	assert_true(memory_failed());
	assert_int_equal(session->out.frames, 0);
	assert_int_equal(session_accept(session, data, sizeof(data)), sizeof(data));
	assert_int_equal(session->out.frames, 3);
}

static void deliver(struct session *session, enum frame_kind kind, uint16_t tid, unsigned dropped)
{
	assert_int_equal(session_deliver(session, frame_of(kind, tid, 100)), dropped);
}

static void test_V14_both_kinds_in_order(void **state)
{
	struct session *session = *state;

	sessions.queue_bytes = 1000;
	for (uint16_t tid = 1; tid <= 8; tid++)
		deliver(session, tid % 3 ? FRAME_INDICATION : FRAME_RESPONSE, tid, 0);
	for (uint16_t tid = 1; tid <= 8; tid++)
		check_read(session, tid, 100);
	check_nothing(session);
}

static void test_V14_oldest_indication_goes_first(void **state)
{
	struct session *session = *state;

	deliver(session, FRAME_RESPONSE, 1, 0);
	deliver(session, FRAME_INDICATION, 2, 0);
	deliver(session, FRAME_INDICATION, 3, 0);
	assert_false(session->overflowed);
	deliver(session, FRAME_INDICATION, 4, 1);
	assert_true(session->overflowed);
	deliver(session, FRAME_RESPONSE, 5, 1);
	check_overflow(session);
	check_read(session, 1, 100);
	check_read(session, 4, 100);
	check_read(session, 5, 100);
	check_nothing(session);
}

static void test_V14_responses_go_last(void **state)
{
	struct session *session = *state;

	for (uint16_t tid = 1; tid <= 3; tid++)
		deliver(session, FRAME_RESPONSE, tid, 0);
	/* An indication does not displace a response, but a newer response displaces an older. */
	deliver(session, FRAME_INDICATION, 4, 1);
	deliver(session, FRAME_RESPONSE, 5, 1);
	check_overflow(session);
	check_read(session, 2, 100);
	check_read(session, 3, 100);
	check_read(session, 5, 100);
	check_nothing(session);
}

static void test_V14_bounded_in_frames(void **state)
{
	struct session *session = *state;

	sessions.queue_bytes = 1 << 20;
	/* Both kinds count. */
	deliver(session, FRAME_RESPONSE, 0, 0);
	for (uint16_t tid = 1; tid < SESSION_IN_FRAMES; tid++)
		deliver(session, FRAME_INDICATION, tid, 0);
	deliver(session, FRAME_INDICATION, SESSION_IN_FRAMES, 1);
	assert_int_equal(session->responses.frames, 1);
	assert_int_equal(session->indications.frames, SESSION_IN_FRAMES - 1);
	check_overflow(session);
	check_read(session, 0, 100);
	check_read(session, 2, 100);
}

static void test_V14_an_empty_queue_takes_any_frame(void **state)
{
	struct session *session = *state;

	sessions.queue_bytes = 50;
	deliver(session, FRAME_RESPONSE, 1, 0);
	assert_false(session->overflowed);
	/* The first is partly read and must stay, so the new one is dropped. */
	session_consume(session, 10);
	deliver(session, FRAME_RESPONSE, 2, 1);
	assert_true(session->overflowed);
	assert_int_equal(session->responses.frames, 1);
}

static void test_V14_one_large_frame_for_many(void **state)
{
	struct session *session = *state;

	for (uint16_t tid = 1; tid <= 3; tid++)
		deliver(session, FRAME_INDICATION, tid, 0);
	assert_int_equal(session_deliver(session, frame_of(FRAME_RESPONSE, 4, 250)), 3);
	check_overflow(session);
	check_read(session, 4, 250);
	check_nothing(session);
}

static void test_V14_no_memory_is_an_overflow(void **state)
{
	struct session *session = *state;

	memory_fail(1);
	deliver(session, FRAME_RESPONSE, 1, 1);
	assert_true(memory_failed());
	check_overflow(session);
	check_nothing(session);
}

/* V20: what is being read stays in front, whatever else goes. */
static void test_V14_a_frame_being_read_stays(void **state)
{
	struct session *session = *state;
	const uint8_t *data;

	for (uint16_t tid = 1; tid <= 3; tid++)
		deliver(session, FRAME_INDICATION, tid, 0);
	session_consume(session, 10);
	deliver(session, FRAME_RESPONSE, 4, 1);
	deliver(session, FRAME_RESPONSE, 5, 1);
	/* Now it is the only indication. */
	deliver(session, FRAME_RESPONSE, 6, 1);
	check_overflow(session);
	assert_int_equal(session_peek(session, &data), 90);
	session_consume(session, 90);
	check_read(session, 5, 100);
	check_read(session, 6, 100);
	check_nothing(session);
}

/* Leaves the user no room for another byte. */
static void use_up(struct user *user)
{
	user->account.limit = user->account.used;
}

static void test_V28_the_longest_queue_of_the_user_goes(void **state)
{
	struct session *session = *state;
	struct session *longest = open_for(1000);
	struct session *foreign = open_for(1001);
	const size_t limit = session->user->account.limit;

	sessions.queue_bytes = 1 << 20;
	for (uint16_t tid = 0; tid < 100; tid++)
		deliver(foreign, FRAME_INDICATION, tid, 0);
	deliver(session, FRAME_INDICATION, 1, 0);
	deliver(longest, FRAME_RESPONSE, 1, 0);
	for (uint16_t tid = 0; tid < 10; tid++)
		deliver(longest, FRAME_INDICATION, tid, 0);
	use_up(session->user);
	while (sessions_next_changed(&sessions))
		;
	/* The first response needs a queue of its own. */
	deliver(session, FRAME_RESPONSE, 2, 10);
	assert_ptr_equal(sessions_next_changed(&sessions), session);
	assert_ptr_equal(sessions_next_changed(&sessions), longest);
	check_overflow(longest);
	check_read(longest, 1, 100);
	check_nothing(longest);
	check_read(session, 1, 100);
	check_read(session, 2, 100);
	check_nothing(session);
	assert_int_equal(foreign->indications.frames, 100);
	session->user->account.limit = limit;
	session_destroy(longest);
	session_destroy(foreign);
}

static void test_V28_the_longest_queue_of_all_goes(void **state)
{
	struct session *session = *state;
	struct session *foreign = open_for(1001);

	sessions.queue_bytes = 1 << 20;
	for (uint16_t tid = 0; tid < 100; tid++)
		deliver(foreign, FRAME_INDICATION, tid, 0);
	deliver(session, FRAME_INDICATION, 1, 0);
	users.all_but_root.limit = users.all_but_root.used;
	users.all_but_root.reserve = 0;
	deliver(session, FRAME_RESPONSE, 2, 100);
	check_overflow(foreign);
	check_nothing(foreign);
	check_read(session, 1, 100);
	check_read(session, 2, 100);
	session_destroy(foreign);
}

static void test_V28_no_indication_left_to_drop(void **state)
{
	struct session *session = *state;
	const size_t limit = session->user->account.limit;

	use_up(session->user);
	deliver(session, FRAME_RESPONSE, 1, 1);
	session->user->account.limit = limit;
	check_overflow(session);
	check_nothing(session);
}

static void test_V28_what_the_caller_keeps(void **state)
{
	struct session *session = *state;
	struct session *other = open_for(1000);
	size_t used = users.everybody.used;

	assert_true(session_charge(other, 1000));
	session_refund(other, 300);
	assert_int_equal(users.everybody.used, used + 700);
	assert_false(session_charge(session, session->user->account.limit));
	assert_int_equal(users.everybody.used, used + 700);
	session_destroy(other);
	assert_int_equal(session->charged, 0);
	assert_true(users.everybody.used < used);
}

static void test_close_keeps_what_is_to_be_sent(void **state)
{
	struct session *session = *state;

	assert_int_equal(session_accept(session, frame_of(FRAME_REQUEST, 1, 50), 50), 50);
	assert_int_equal(session_accept(session, frame_of(FRAME_REQUEST, 2, 50), 20), 20);
	deliver(session, FRAME_RESPONSE, 1, 0);
	session_close(session);
	assert_true(session->closed);
	assert_null(session->partial);
	assert_false(session_readable(session));
	check_queued(&session->out, 1, 50);
}

#define SESSION_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	SESSION_TEST(test_V19_several_frames_and_a_part),
	SESSION_TEST(test_V19_byte_by_byte),
	SESSION_TEST(test_V19_no_frame),
	SESSION_TEST(test_V19_too_long),
	SESSION_TEST(test_V21_full),
	SESSION_TEST(test_no_memory),
	SESSION_TEST(test_V14_both_kinds_in_order),
	SESSION_TEST(test_V14_oldest_indication_goes_first),
	SESSION_TEST(test_V14_responses_go_last),
	SESSION_TEST(test_V14_bounded_in_frames),
	SESSION_TEST(test_V14_an_empty_queue_takes_any_frame),
	SESSION_TEST(test_V14_one_large_frame_for_many),
	SESSION_TEST(test_V14_no_memory_is_an_overflow),
	SESSION_TEST(test_V14_a_frame_being_read_stays),
	SESSION_TEST(test_V28_the_longest_queue_of_the_user_goes),
	SESSION_TEST(test_V28_the_longest_queue_of_all_goes),
	SESSION_TEST(test_V28_no_indication_left_to_drop),
	SESSION_TEST(test_V28_what_the_caller_keeps),
	SESSION_TEST(test_close_keeps_what_is_to_be_sent),
};

TEST_GROUP(session_tests, tests);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* read, write and ioctl of a node: V20, V21, V24. */
#include "app_session.h"
#include "flood.h"
#include "rule_groups.h"

#include <linux/usb/cdc-wdm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

static void event(struct message *m, const struct client *c, uint32_t number)
{
	message_indication(m, c->service, c->cid, MESSAGE_EVENT);
	message_number(m, number);
}

/* V20: at most one frame, however large the buffer. */
static void test_V20_one_frame_a_read(struct bench *b)
{
	struct client c;
	int fd;
	int other;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	for (uint32_t i = 0; i < 5; i++)
		modem_indicate(b->modem, c.service, c.device, i);
	fence(b, other);
	for (uint32_t i = 0; i < 5; i++)
		session_expect_indication(fd, c.service, c.cid, i);
	session_read_fails(fd, EAGAIN);
}

/* V20: a short buffer gets the beginning, the rest comes next, and then the next frame. */
static void test_V20_short_buffer(struct bench *b)
{
	static const size_t sizes[] = {1, 2, 7, 3, 100};
	struct message want;
	uint8_t data[100];
	struct client c;
	size_t at = 0;
	int fd;
	int other;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	other = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	modem_indicate(b->modem, c.service, c.device, 1);
	modem_indicate(b->modem, c.service, c.device, 2);
	fence(b, other);
	event(&want, &c, 1);
	for (size_t i = 0; at < want.len; i++) {
		size_t left = want.len - at;

		assert_int_equal(session_events(fd), POLLIN | POLLOUT);
		assert_int_equal(read(fd, data, sizes[i]), sizes[i] < left ? sizes[i] : left);
		assert_memory_equal(data, want.data + at, sizes[i] < left ? sizes[i] : left);
		at += sizes[i];
	}
	session_expect_indication(fd, c.service, c.cid, 2);
	session_read_fails(fd, EAGAIN);
}

/* V20: a buffer of exactly the frame's size leaves nothing. */
static void test_V20_exact_buffer(struct bench *b)
{
	struct message want;
	uint8_t data[100];
	struct client c;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	modem_indicate(b->modem, c.service, c.device, 1);
	assert_true(wait_for(fd, POLLIN, deadline_usual()));
	event(&want, &c, 1);
	assert_int_equal(read(fd, data, want.len), want.len);
	assert_memory_equal(data, want.data, want.len);
	session_read_fails(fd, EAGAIN);
	assert_int_equal(session_events(fd), POLLOUT);
}

/* V20: the modem's frames may exceed the limit for writes; one read returns them whole. */
static void test_V20_large_frame(struct bench *b)
{
	static const size_t sizes[] = {4095, 4096, 4097, 20000};
	struct message m;
	struct client c;
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		message_indication(&m, c.service, c.device, MESSAGE_EVENT);
		message_pad(&m, sizes[i]);
		modem_send(b->modem, &m);
		frame_set_cid(m.data, c.cid);
		session_expect(fd, &m);
	}
}

/* V20: a blocked read is woken by data. */
static void test_V20_blocked_read_is_woken(struct bench *b)
{
	struct child *reader;
	struct outcome outcome;
	struct message want;
	struct client c;
	int fd;

	bench_start(b, NULL);
	fd = session_open_flags(b, 0, O_RDWR);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	for (uint32_t i = 0; i < 3; i++) {
		reader = bench_blocked_child(b, child_read, fd, NULL);
		assert_false(child_has_reported(reader));
		modem_indicate(b->modem, c.service, c.device, i);
		child_finish(reader, &outcome);
		event(&want, &c, i);
		assert_message(&outcome.got, &want);
	}
}

/* V20: of two processes blocked in read of one session, each frame wakes one. */
static void test_V20_two_blocked_reads(struct bench *b)
{
	struct child *readers[2];
	struct outcome outcomes[2];
	struct client c;
	int fd;

	bench_start(b, NULL);
	fd = session_open_flags(b, 0, O_RDWR);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	for (size_t i = 0; i < 2; i++) {
		readers[i] = bench_blocked_child(b, child_read, fd, NULL);
	}
	for (uint32_t i = 0; i < 2; i++)
		modem_indicate(b->modem, c.service, c.device, i);
	for (size_t i = 0; i < 2; i++)
		child_finish(readers[i], &outcomes[i]);
	assert_int_equal(
		message_get_number(&outcomes[0].got) + message_get_number(&outcomes[1].got), 1);
}

/* V20: each call obeys O_NONBLOCK as last set by fcntl(). */
static void test_V20_nonblock_may_change(struct bench *b)
{
	struct child *reader;
	struct outcome outcome;
	struct client c;
	int fd;

	bench_start(b, NULL);
	fd = session_open_flags(b, 0, O_RDWR);
	c = client_allocate(b, fd, QMI_SERVICE_DMS);
	assert_return_code(fcntl(fd, F_SETFL, O_NONBLOCK), errno);
	session_read_fails(fd, EAGAIN);
	assert_return_code(fcntl(fd, F_SETFL, 0), errno);
	reader = bench_blocked_child(b, child_read, fd, NULL);
	assert_false(child_has_reported(reader));
	modem_indicate(b->modem, c.service, c.device, 1);
	child_finish(reader, &outcome);
	assert_int_equal(message_get_number(&outcome.got), 1);
	assert_return_code(fcntl(fd, F_SETFL, O_NONBLOCK), errno);
	session_read_fails(fd, EAGAIN);
}

/* V21: EAGAIN on a full queue; a frame is accepted whole or not at all, and none is lost. */
static void test_V21_full_queue_is_eagain(struct bench *b)
{
	struct flood f;

	bench_start(b, NULL);
	flood_init(b, &f, 0);
	flood_fill(&f);
	assert_false(flood_write(&f));
	flood_expect(b, &f, f.sent);
	fence(b, f.fd);
	flood_fill(&f);
	flood_expect(b, &f, f.sent);
}

/* V21: a write that starts below the limit is accepted whole, even with several frames. */
static void test_V21_write_may_go_over_the_limit(struct bench *b)
{
	struct flood f;
	struct message m = {0};
	struct message one;

	bench_start(b, NULL);
	flood_init(b, &f, 0);
	flood_fill(&f);
	while (!(session_events(f.fd) & POLLOUT))
		flood_expect(b, &f, (uint16_t)(f.seen + 1));
	for (uint16_t i = 1; i <= 5; i++) {
		flood_request(&one, &f, (uint16_t)(f.sent + i));
		message_append(&m, one.data, one.len);
	}
	session_write(f.fd, &m);
	f.sent = (uint16_t)(f.sent + 5);
	flood_expect(b, &f, f.sent);
}

/* V21: without O_NONBLOCK the write blocks until there is room. */
static void test_V21_full_queue_blocks(struct bench *b)
{
	struct child *writer;
	struct outcome outcome;
	struct message m;
	struct flood f;

	bench_start(b, NULL);
	flood_init_full(b, &f, 0);
	flood_request(&m, &f, (uint16_t)(f.sent + 1));
	writer = bench_blocked_child(b, child_write, f.fd, &m);
	assert_false(child_has_reported(writer));
	f.sent++;
	flood_expect(b, &f, f.sent);
	child_finish(writer, &outcome);
	assert_int_equal(outcome.ret, FLOOD_SIZE);
}

/* V21: a session whose queue is full still reads, and its answers still come. */
static void test_V21_full_queue_does_not_stop_reading(struct bench *b)
{
	struct flood f;

	bench_start(b, NULL);
	flood_init(b, &f, 0);
	flood_fill(&f);
	modem_indicate(b->modem, f.client.service, f.client.device, 4);
	session_expect_indication(f.fd, f.client.service, f.client.cid, 4);
	flood_expect(b, &f, 1);
	modem_answer_client(b->modem, &f.client, 1, MESSAGE_ASK, 5);
	session_expect_answer(f.fd, &f.client, 1, MESSAGE_ASK, 5);
}

/* V24: returns the port's limit as a u16; 4,096 for a port without this ioctl. */
static void test_V24_max_command(struct bench *b)
{
	uint16_t limit[3] = {0xAAAA, 0xAAAA, 0xAAAA};
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	assert_int_equal(ioctl(fd, IOCTL_WDM_MAX_COMMAND, &limit[1]), 0);
	assert_int_equal(limit[0], 0xAAAA);
	assert_int_equal(limit[1], 4096);
	assert_int_equal(limit[2], 0xAAAA);
}

/* V24: any other ioctl gives ENOTTY. */
static void test_V24_other_ioctls(struct bench *b)
{
	static const unsigned long requests[] = {
		TCGETS,
		TIOCGWINSZ,
		FIONREAD,
		_IOR('H', 0xA1, uint16_t),
		_IOW('H', 0xA0, uint16_t),
		_IOR('H', 0xA0, uint32_t),
		_IO('H', 0xA0),
		0,
	};
	uint8_t room[128];
	int fd;

	bench_start(b, NULL);
	fd = session_open(b, 0);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		errno = 0;
		memset(room, 0, sizeof(room));
		assert_int_equal(ioctl(fd, requests[i], room), -1);
		assert_int_equal(errno, ENOTTY);
	}
	assert_false(isatty(fd));
}

static const struct test_case cases[] = {
	TEST_CASE(test_V20_one_frame_a_read),
	TEST_CASE(test_V20_short_buffer),
	TEST_CASE(test_V20_exact_buffer),
	TEST_CASE(test_V20_large_frame),
	TEST_CASE(test_V20_blocked_read_is_woken),
	TEST_CASE(test_V20_two_blocked_reads),
	TEST_CASE(test_V20_nonblock_may_change),
	TEST_CASE(test_V21_full_queue_is_eagain),
	TEST_CASE(test_V21_write_may_go_over_the_limit),
	TEST_CASE(test_V21_full_queue_blocks),
	TEST_CASE(test_V21_full_queue_does_not_stop_reading),
	TEST_CASE(test_V24_max_command),
	TEST_CASE(test_V24_other_ioctls),
};

const struct test_group device_tests = TEST_GROUP("read, write, ioctl (V20, V21, V24)", cases);

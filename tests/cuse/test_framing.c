/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames in pieces, several frames at once, and garbage: V19. */
#include "app_session.h"
#include "rule_groups.h"

#include <string.h>

#define LIMIT 4096 /* of a port without IOCTL_WDM_MAX_COMMAND */

/* Header offsets, used to break a frame. */
enum {
	AT_LENGTH = 1,
	AT_FLAGS = 3,
	AT_QMI_FLAGS = 6,
	AT_TLVS_LENGTH = 11, /* of a service message */
};

struct framing {
	int fd;
	int other;
	struct client client;
};

static void framing_start(struct bench *b, struct framing *f)
{
	bench_start(b, NULL);
	f->fd = session_open(b, 0);
	f->other = session_open(b, 0);
	f->client = client_allocate(b, f->fd, QMI_SERVICE_DMS);
}

static void expect_request(struct bench *b, const struct framing *f, uint16_t tid)
{
	struct message want;

	client_request_at_modem(&want, &f->client, tid, MESSAGE_ASK);
	modem_expect(b->modem, &want);
}

/* Appends to the message. */
static void append_request(struct message *m, const struct framing *f, uint16_t tid)
{
	struct message request;

	client_request(&request, &f->client, tid, MESSAGE_ASK);
	message_append(m, request.data, request.len);
}

/* V19: several frames in one write. */
static void test_V19_several_frames_in_one_write(struct bench *b)
{
	struct framing f;
	struct message m = {0};

	framing_start(b, &f);
	for (uint16_t tid = 1; tid <= 5; tid++)
		append_request(&m, &f, tid);
	session_write(f.fd, &m);
	for (uint16_t tid = 1; tid <= 5; tid++)
		expect_request(b, &f, tid);
	for (uint16_t tid = 1; tid <= 5; tid++)
		client_answer(b, f.fd, &f.client, tid, MESSAGE_ASK, tid);
	fence(b, f.fd);
}

/* V19: one frame in parts, down to single bytes; other sessions write in between. */
static void test_V19_frame_byte_by_byte(struct bench *b)
{
	struct framing f;
	struct message m;

	framing_start(b, &f);
	client_request(&m, &f.client, 1, MESSAGE_ASK);
	for (size_t i = 0; i < m.len; i++) {
		session_write_bytes(f.fd, m.data + i, 1);
		if (i + 1 < m.len)
			fence(b, f.other);
	}
	expect_request(b, &f, 1);
	client_answer(b, f.fd, &f.client, 1, MESSAGE_ASK, 1);
}

/* V19: frames cut anywhere, so that a write may hold both whole frames and parts. */
static void test_V19_frames_cut_anywhere(struct bench *b)
{
	struct framing f;
	struct message m = {0};

	framing_start(b, &f);
	for (uint16_t tid = 1; tid <= 4; tid++)
		append_request(&m, &f, tid);
	for (size_t cut = 1; cut < m.len; cut += 3) {
		session_write_bytes(f.fd, m.data, cut);
		session_write_bytes(f.fd, m.data + cut, m.len - cut);
		for (uint16_t tid = 1; tid <= 4; tid++)
			expect_request(b, &f, tid);
		for (uint16_t tid = 1; tid <= 4; tid++)
			client_answer(b, f.fd, &f.client, tid, MESSAGE_ASK, tid);
	}
}

/* V19: an incomplete frame affects only its session, and disappears with it. */
static void test_V19_partial_input_ends_with_its_session(struct bench *b)
{
	struct framing f;
	struct message m;

	framing_start(b, &f);
	client_request(&m, &f.client, 1, MESSAGE_ASK);
	session_write_bytes(f.fd, m.data, m.len - 1);
	session_close(b, f.fd);
	fence(b, f.other);
	client_round_trip(b, f.other, &f.client);
}

/* Expects this write to fail and to discard all input so far; the session still works. */
static void expect_refused(struct bench *b, const struct framing *f, const void *data, size_t len,
			   int err)
{
	session_write_fails(f->fd, data, len, err);
	fence(b, f->other);
	fence(b, f->fd);
	client_round_trip(b, f->fd, &f->client);
}

/* V19: bytes that cannot begin a frame. */
static void test_V19_no_frame_begins_so(struct bench *b)
{
	static const char *const garbage[] = {"A", "AT+CGMI\r", "\x02\x0C", "\xFF", "\x80\x01"};
	static const uint8_t too_short[] = {0x01, 0x0A, 0x00};
	static const uint8_t zeros[64];
	struct framing f;

	framing_start(b, &f);
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++)
		expect_refused(b, &f, garbage[i], strlen(garbage[i]), EINVAL);
	expect_refused(b, &f, zeros, sizeof(zeros), EINVAL);
	expect_refused(b, &f, too_short, sizeof(too_short), EINVAL);
}

static void refuse_with(struct bench *b, const struct framing *f, size_t at, uint8_t value)
{
	struct message m;

	client_request(&m, &f->client, 1, MESSAGE_ASK);
	m.data[at] = value;
	expect_refused(b, f, m.data, m.len, EINVAL);
}

/* V19: frames that an application may not send: responses, indications, the service's flag. */
static void test_V19_no_request(struct bench *b)
{
	struct framing f;
	struct message m;

	framing_start(b, &f);
	refuse_with(b, &f, AT_FLAGS, QMUX_FLAGS_SERVICE);
	refuse_with(b, &f, AT_QMI_FLAGS, 0x02);
	refuse_with(b, &f, AT_QMI_FLAGS, 0x04);
	message_response(&m, f.client.service, f.client.cid, 1, MESSAGE_ASK, QMI_ERROR_NONE);
	expect_refused(b, &f, m.data, m.len, EINVAL);
	message_ctl(&m, 1, QMI_CTL_SYNC);
	m.data[AT_QMI_FLAGS] = 0x01;
	expect_refused(b, &f, m.data, m.len, EINVAL);
	m.data[AT_QMI_FLAGS] = 0x02;
	expect_refused(b, &f, m.data, m.len, EINVAL);
}

/* V19: lengths that contradict each other. */
static void test_V19_inconsistent_lengths(struct bench *b)
{
	struct framing f;
	struct message m;

	framing_start(b, &f);
	client_request(&m, &f.client, 1, MESSAGE_ASK);
	refuse_with(b, &f, AT_TLVS_LENGTH, (uint8_t)(m.data[AT_TLVS_LENGTH] + 1));
	refuse_with(b, &f, AT_TLVS_LENGTH, (uint8_t)(m.data[AT_TLVS_LENGTH] - 1));
	refuse_with(b, &f, AT_LENGTH, (uint8_t)(m.data[AT_LENGTH] - 1));
}

/* V19: a write that contains an error fails as a whole, wherever the error is. */
static void test_V19_write_with_an_error_fails_whole(struct bench *b)
{
	struct framing f;
	struct message m = {0};

	framing_start(b, &f);
	append_request(&m, &f, 1);
	append_request(&m, &f, 2);
	message_append(&m, "x", 1);
	expect_refused(b, &f, m.data, m.len, EINVAL);

	m.len = 0;
	append_request(&m, &f, 1);
	message_append(&m, "\xEE\xEE\xEE", 3);
	append_request(&m, &f, 2);
	expect_refused(b, &f, m.data, m.len, EINVAL);
}

/* V19: the error discards partial input, whether it precedes the error or is part of it. */
static void test_V19_error_discards_partial_input(struct bench *b)
{
	struct framing f;
	struct message m = {0};

	framing_start(b, &f);
	append_request(&m, &f, 1);
	session_write_bytes(f.fd, m.data, 10);
	message_append(&m, "x", 1);
	expect_refused(b, &f, m.data + 10, m.len - 10, EINVAL);

	session_write_bytes(f.fd, m.data, 3);
	expect_refused(b, &f, "\x80\x01\x01\x00", 4, EINVAL);
}

/* V19: a frame longer than the port accepts is refused as soon as its length is known. */
static void test_V19_too_long_for_the_port(struct bench *b)
{
	static const uint8_t just_too_long[] = {0x01, LIMIT & 0xFF, LIMIT >> 8};
	static const uint8_t longest[] = {0x01, 0xFF, 0xFF, 0x00};
	struct framing f;
	struct message m;

	framing_start(b, &f);
	client_request(&m, &f.client, 1, MESSAGE_ASK);
	message_pad(&m, LIMIT + 1);
	expect_refused(b, &f, m.data, m.len, EMSGSIZE);
	expect_refused(b, &f, just_too_long, sizeof(just_too_long), EMSGSIZE);
	expect_refused(b, &f, longest, sizeof(longest), EMSGSIZE);

	m.len = 0;
	append_request(&m, &f, 1);
	message_append(&m, just_too_long, sizeof(just_too_long));
	expect_refused(b, &f, m.data, m.len, EMSGSIZE);
	session_write_bytes(f.fd, just_too_long, 2);
	expect_refused(b, &f, just_too_long + 2, 1, EMSGSIZE);
}

/* V19: the longest frame that the port accepts. */
static void test_V19_longest_frame_passes(struct bench *b)
{
	struct framing f;
	struct message m;

	framing_start(b, &f);
	client_request(&m, &f.client, 1, MESSAGE_ASK);
	message_pad(&m, LIMIT);
	session_write(f.fd, &m);
	client_request_at_modem(&m, &f.client, 1, MESSAGE_ASK);
	message_pad(&m, LIMIT);
	modem_expect(b->modem, &m);
	client_answer(b, f.fd, &f.client, 1, MESSAGE_ASK, 1);
}

/* Sends garbage from the modem, then a good frame: only that is forwarded, the rest counted. */
static void expect_skipped(struct bench *b, const struct framing *f, const void *data, size_t len)
{
	unsigned long skipped = daemon_counter(b->daemon, " bytes of garbage");

	modem_send_bytes(b->modem, data, len);
	modem_indicate(b->modem, f->client.service, f->client.device, 77);
	session_expect_indication(f->fd, f->client.service, f->client.cid, 77);
	assert_int_equal(daemon_counter(b->daemon, " bytes of garbage"), skipped + len);
	fence(b, f->fd);
	fence(b, f->other);
}

/* V19: each kind of garbage from the modem, including a stray marker. */
static void test_V19_garbage_from_the_modem_is_skipped(struct bench *b)
{
	static const uint8_t zeros[3000];
	struct framing f;

	framing_start(b, &f);
	expect_skipped(b, &f, "\r\nOK\r\n", 6);
	expect_skipped(b, &f, zeros, sizeof(zeros));
	expect_skipped(b, &f, "\x01", 1);
	expect_skipped(b, &f, "\x01\x01\x01", 3);
	expect_skipped(b, &f, "\x01\x0C\x00\x80", 4);
	expect_skipped(b, &f, "\x01\xFF\xFF\x80\x02\x01", 6);
}

/* V19: data from the modem that only looks like a frame. */
static void test_V19_false_frames_of_the_modem_are_skipped(struct bench *b)
{
	struct framing f;
	struct message m;

	framing_start(b, &f);
	/* An echo. */
	client_request_at_modem(&m, &f.client, 1, MESSAGE_ASK);
	expect_skipped(b, &f, m.data, m.len);
	m.data[AT_FLAGS] = QMUX_FLAGS_SERVICE;
	expect_skipped(b, &f, m.data, m.len);
	/* A TLV that ends beyond its frame, and one that ends short of it. */
	message_indication(&m, f.client.service, f.client.device, MESSAGE_EVENT);
	message_add_u16(&m, 0x11, 0x2233);
	m.data[m.len - 4]++;
	expect_skipped(b, &f, m.data, m.len);
	m.data[m.len - 4] = 1;
	expect_skipped(b, &f, m.data, m.len);
	/* A frame cut off in its header. */
	expect_skipped(b, &f, m.data, 9);
}

/* V19: the modem's frames in single bytes, and many in one write. */
static void test_V19_modem_writes_in_pieces(struct bench *b)
{
	struct framing f;
	struct message many = {0};
	struct message m;

	framing_start(b, &f);
	message_indication(&m, f.client.service, f.client.device, MESSAGE_EVENT);
	message_number(&m, 5);
	for (size_t i = 0; i < m.len; i++)
		modem_send_bytes(b->modem, m.data + i, 1);
	session_expect_indication(f.fd, f.client.service, f.client.cid, 5);
	for (size_t i = 0; i < 50; i++)
		message_append(&many, m.data, m.len);
	modem_send(b->modem, &many);
	for (size_t i = 0; i < 50; i++)
		session_expect_indication(f.fd, f.client.service, f.client.cid, 5);
	fence(b, f.fd);
}

/* The same bytes each time, with many markers among them. */
static void fill_random(uint8_t *data, size_t len, uint32_t seed)
{
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		data[i] = seed >> 31 ? QMUX_MARKER : (uint8_t)(seed >> 16);
	}
}

/* V19: noise from a session gives EINVAL or EMSGSIZE, or stays incomplete; it changes nothing. */
static void test_V19_noise_from_sessions(struct bench *b)
{
	struct framing f;
	uint8_t noise[64];

	framing_start(b, &f);
	for (uint32_t i = 0; i < 100; i++) {
		int fd = session_open(b, 0);

		for (uint32_t j = 0; j < 5; j++) {
			fill_random(noise, sizeof(noise), i * 5 + j);
			noise[0] = QMUX_MARKER;
			if (write(fd, noise, 1 + i % sizeof(noise)) < 0 && errno != EINVAL)
				assert_int_equal(errno, EMSGSIZE);
		}
		session_close(b, fd);
	}
	fence(b, f.other);
	client_round_trip(b, f.fd, &f.client);
}

/* V19: noise from the modem changes nothing either. */
static void test_V19_noise_from_the_modem(struct bench *b)
{
	struct framing f;
	uint8_t noise[4000];

	framing_start(b, &f);
	for (uint32_t i = 0; i < 10; i++) {
		fill_random(noise, sizeof(noise), i);
		expect_skipped(b, &f, noise, sizeof(noise));
	}
	client_round_trip(b, f.fd, &f.client);
}

static const struct test_case cases[] = {
	TEST_CASE(test_V19_several_frames_in_one_write),
	TEST_CASE(test_V19_frame_byte_by_byte),
	TEST_CASE(test_V19_frames_cut_anywhere),
	TEST_CASE(test_V19_partial_input_ends_with_its_session),
	TEST_CASE(test_V19_no_frame_begins_so),
	TEST_CASE(test_V19_no_request),
	TEST_CASE(test_V19_inconsistent_lengths),
	TEST_CASE(test_V19_write_with_an_error_fails_whole),
	TEST_CASE(test_V19_error_discards_partial_input),
	TEST_CASE(test_V19_too_long_for_the_port),
	TEST_CASE(test_V19_longest_frame_passes),
	TEST_CASE(test_V19_garbage_from_the_modem_is_skipped),
	TEST_CASE(test_V19_false_frames_of_the_modem_are_skipped),
	TEST_CASE(test_V19_modem_writes_in_pieces),
	TEST_CASE(test_V19_noise_from_sessions),
	TEST_CASE(test_V19_noise_from_the_modem),
};

const struct test_group framing_tests = TEST_GROUP("framing (V19)", cases);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app_session.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TID_FENCE      0xF9
#define TID_ALLOCATE   0xF1
#define TID_RELEASE    0xF2
#define TID_ROUND_TRIP 0x7A5B

int session_open_path(struct bench *b, const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		fail_msg("open %s: %s", path, strerror(errno));
	assert_true(b->session_count < BENCH_SESSIONS);
	b->sessions[b->session_count++] = fd;
	return fd;
}

int session_open_flags(struct bench *b, unsigned int node, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "%s%u", NODE_PREFIX, node);
	return session_open_path(b, path, flags);
}

int session_open(struct bench *b, unsigned int node)
{
	return session_open_flags(b, node, O_RDWR | O_NONBLOCK);
}

int session_open_as(struct bench *b, unsigned int node, uid_t uid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s%u", NODE_PREFIX, node);
	assert_return_code(chmod(path, 0666), errno);
	assert_return_code(seteuid(uid), errno);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_return_code(seteuid(0), errno);
	assert_return_code(fd, errno);
	assert_true(b->session_count < BENCH_SESSIONS);
	b->sessions[b->session_count++] = fd;
	return fd;
}

void sessions_open(struct bench *b, int fds[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		fds[i] = session_open(b, 0);
}

void session_close(struct bench *b, int fd)
{
	for (size_t i = b->session_count; i-- > 0;) {
		if (b->sessions[i] != fd)
			continue;
		b->sessions[i] = b->sessions[--b->session_count];
		assert_return_code(close(fd), errno);
		return;
	}
	fail_msg("descriptor %d is not a session", fd);
}

void session_write_bytes(int fd, const void *data, size_t len)
{
	ssize_t n = write(fd, data, len);

	if (n < 0)
		fail_msg("write of %zu bytes: %s", len, strerror(errno));
	assert_int_equal(n, len);
}

void session_write(int fd, const struct message *m)
{
	session_write_bytes(fd, m->data, m->len);
}

void session_write_fails(int fd, const void *data, size_t len, int err)
{
	errno = 0;
	assert_int_equal(write(fd, data, len), -1);
	assert_int_equal(errno, err);
}

void session_read_at(int fd, struct message *got, const char *file, int line)
{
	ssize_t n;

	if (!wait_for(fd, POLLIN, deadline_usual())) {
		print_error("no data arrived to read\n");
		_fail(file, line);
	}
	n = read(fd, got->data, SESSION_READ_MAX);
	if (n <= 0) {
		print_error("read: %s\n", n < 0 ? strerror(errno) : "no bytes");
		_fail(file, line);
	}
	got->len = (size_t)n;
}

void session_expect_at(int fd, const struct message *want, const char *file, int line)
{
	struct message got;

	session_read_at(fd, &got, file, line);
	message_assert_equal(&got, want, file, line);
}

void session_expect_both(int fd, const struct message *one, const struct message *other)
{
	struct message first;
	struct message second;

	session_read(fd, &first);
	session_read(fd, &second);
	if (first.len == one->len && memcmp(first.data, one->data, one->len) == 0) {
		assert_message(&second, other);
		return;
	}
	assert_message(&first, other);
	assert_message(&second, one);
}

void session_read_fails(int fd, int err)
{
	uint8_t data[SESSION_READ_MAX];

	errno = 0;
	assert_int_equal(read(fd, data, sizeof(data)), -1);
	assert_int_equal(errno, err);
}

void session_expect_outcome_at(int fd, const struct message *request, uint16_t error,
			       const char *file, int line)
{
	struct message answer;

	message_outcome_of(&answer, request, error);
	session_expect_at(fd, &answer, file, line);
}

short session_events(int fd)
{
	struct pollfd now = {.fd = fd, .events = POLLIN | POLLOUT};

	assert_return_code(poll(&now, 1, 0), errno);
	return now.revents;
}

void fence_at(struct bench *b, int fd, const char *file, int line)
{
	struct message request;
	struct message answer;
	uint8_t tid;

	message_ctl(&request, TID_FENCE, QMI_CTL_GET_VERSION_INFO);
	session_write(fd, &request);
	tid = modem_expect_at(b->modem, &request, file, line);
	message_response(&answer, QMI_SERVICE_CTL, QMI_CID_NONE, tid, QMI_CTL_GET_VERSION_INFO,
			 QMI_ERROR_NONE);
	message_add(&answer, QMI_TLV_FIRST, (uint8_t[]){1, QMI_SERVICE_DMS, 1, 0, 3, 0}, 6);
	modem_send(b->modem, &answer);
	frame_set_tid(answer.data, TID_FENCE);
	session_expect_at(fd, &answer, file, line);
	session_read_fails(fd, EAGAIN);
}

static void expect_named(int fd, uint8_t tid, uint16_t id, uint8_t service, uint8_t cid)
{
	struct message want;

	message_response(&want, QMI_SERVICE_CTL, QMI_CID_NONE, tid, id, QMI_ERROR_NONE);
	message_add_client(&want, service, cid);
	session_expect(fd, &want);
}

uint8_t session_expect_allocated(int fd, uint8_t tid, uint8_t service)
{
	struct message got;
	struct message want;
	const uint8_t *named;

	session_read(fd, &got);
	named = frame_tlv(got.data, QMI_TLV_FIRST, 2, NULL);
	message_response(&want, QMI_SERVICE_CTL, QMI_CID_NONE, tid, QMI_CTL_ALLOCATE_CID,
			 QMI_ERROR_NONE);
	message_add_client(&want, service, named ? named[1] : 0);
	assert_message(&got, &want);
	return named ? named[1] : 0;
}

struct client client_allocate_from(struct instance *in, int fd, uint8_t service)
{
	struct client c = {.service = service};
	struct message request;

	message_allocate(&request, TID_ALLOCATE, service);
	session_write(fd, &request);
	c.device = modem_grant(&in->modem, modem_expect_allocate(&in->modem, service), service);
	c.cid = session_expect_allocated(fd, TID_ALLOCATE, service);
	return c;
}

struct client client_allocate(struct bench *b, int fd, uint8_t service)
{
	return client_allocate_from(&b->instances[0], fd, service);
}

void client_release(struct bench *b, int fd, const struct client *c)
{
	struct message request;

	message_release(&request, TID_RELEASE, c->service, c->cid);
	session_write(fd, &request);
	modem_take_release(b->modem, c);
	expect_named(fd, TID_RELEASE, QMI_CTL_RELEASE_CID, c->service, c->cid);
}

struct client orphan_create(struct bench *b, unsigned int node, uint8_t service)
{
	int fd = session_open(b, node);
	struct client c = client_allocate(b, fd, service);

	session_close(b, fd);
	return c;
}

static void request_under(struct message *m, uint8_t service, uint8_t cid, uint16_t tid,
			  uint16_t id)
{
	message_request(m, service, cid, tid, id);
	message_number(m, (uint32_t)tid << 16 | id);
}

void client_request(struct message *m, const struct client *c, uint16_t tid, uint16_t id)
{
	request_under(m, c->service, c->cid, tid, id);
}

void client_request_at_modem(struct message *m, const struct client *c, uint16_t tid, uint16_t id)
{
	request_under(m, c->service, c->device, tid, id);
}

void client_ask(struct bench *b, int fd, const struct client *c, uint16_t tid, uint16_t id)
{
	struct message m;

	client_request(&m, c, tid, id);
	session_write(fd, &m);
	client_request_at_modem(&m, c, tid, id);
	modem_expect(b->modem, &m);
}

static void answer_under(struct message *m, uint8_t service, uint8_t cid, uint16_t tid, uint16_t id,
			 uint32_t number)
{
	message_response(m, service, cid, tid, id, QMI_ERROR_NONE);
	message_number(m, number);
}

void modem_answer_client(struct modem *m, const struct client *c, uint16_t tid, uint16_t id,
			 uint32_t number)
{
	struct message answer;

	answer_under(&answer, c->service, c->device, tid, id, number);
	modem_send(m, &answer);
}

void session_expect_answer(int fd, const struct client *c, uint16_t tid, uint16_t id,
			   uint32_t number)
{
	struct message answer;

	answer_under(&answer, c->service, c->cid, tid, id, number);
	session_expect(fd, &answer);
}

void client_answer(struct bench *b, int fd, const struct client *c, uint16_t tid, uint16_t id,
		   uint32_t number)
{
	modem_answer_client(b->modem, c, tid, id, number);
	session_expect_answer(fd, c, tid, id, number);
}

void client_round_trip(struct bench *b, int fd, const struct client *c)
{
	client_ask(b, fd, c, TID_ROUND_TRIP, MESSAGE_ASK);
	client_answer(b, fd, c, TID_ROUND_TRIP, MESSAGE_ASK, 0x600DF00D);
}

void session_expect_foreign(struct bench *b, int fd, const struct client *c)
{
	struct message request;

	client_request(&request, c, TID_ROUND_TRIP, MESSAGE_OTHER);
	session_write(fd, &request);
	session_expect_outcome(fd, &request, QMI_ERROR_INVALID_CLIENT_ID);
	fence(b, fd);
}

void session_expect_indication(int fd, uint8_t service, uint8_t cid, uint32_t number)
{
	struct message want;

	message_indication(&want, service, cid, MESSAGE_EVENT);
	message_number(&want, number);
	session_expect(fd, &want);
}

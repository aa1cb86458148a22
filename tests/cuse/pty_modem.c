/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pty_modem.h"

#include "cmocka-all.h"
#include "timing.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* The first device CID granted, chosen so that it never equals the virtual one. */
#define DEVICE_CID_FIRST 0x41

void modem_open(struct modem *m)
{
	struct termios raw;

	memset(m, 0, sizeof(*m));
	m->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_return_code(m->fd, errno);
	assert_return_code(grantpt(m->fd), errno);
	assert_return_code(unlockpt(m->fd), errno);
	assert_int_equal(ptsname_r(m->fd, m->port, sizeof(m->port)), 0);
	/* On a master this changes the settings of the slave. */
	assert_return_code(tcgetattr(m->fd, &raw), errno);
	cfmakeraw(&raw);
	assert_return_code(tcsetattr(m->fd, TCSANOW, &raw), errno);
	memset(m->granted, DEVICE_CID_FIRST - 1, sizeof(m->granted));
}

void modem_close(struct modem *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

static bool take_whole(struct modem *m, struct message *got)
{
	size_t size;
	enum frame_scan scan = frame_scan(m->in, m->in_len, FRAME_FROM_APP, &size);

	if (scan == FRAME_INVALID)
		fail_msg("the modem received bytes that begin no request: %02X %02X %02X", m->in[0],
			 m->in[1], m->in[2]);
	if (scan != FRAME_WHOLE)
		return false;
	assert_true(size <= MESSAGE_MAX);
	memcpy(got->data, m->in, size);
	got->len = size;
	m->in_len -= size;
	memmove(m->in, m->in + size, m->in_len);
	return true;
}

bool modem_try_read(struct modem *m, struct message *got, int64_t deadline)
{
	while (!take_whole(m, got)) {
		ssize_t n = read(m->fd, m->in + m->in_len, sizeof(m->in) - m->in_len);

		if (n > 0)
			m->in_len += (size_t)n;
		else if (n == 0 || errno != EAGAIN)
			return false;
		else if (!wait_for(m->fd, POLLIN, deadline))
			return false;
	}
	return true;
}

void modem_read_at(struct modem *m, struct message *got, const char *file, int line)
{
	if (modem_try_read(m, got, deadline_usual()))
		return;
	print_error("no frame reached the modem\n");
	_fail(file, line);
}

uint8_t modem_expect_at(struct modem *m, const struct message *want, const char *file, int line)
{
	struct message got;
	struct message with_tid = *want;

	modem_read_at(m, &got, file, line);
	if (frame_service(got.data) == QMI_SERVICE_CTL) {
		assert_int_not_equal(frame_tid(got.data), 0);
		frame_set_tid(with_tid.data, frame_tid(got.data));
	}
	message_assert_equal(&got, &with_tid, file, line);
	return (uint8_t)frame_tid(got.data);
}

uint8_t modem_expect_allocate(struct modem *m, uint8_t service)
{
	struct message want;

	message_allocate(&want, 0, service);
	return modem_expect(m, &want);
}

uint8_t modem_expect_release(struct modem *m, uint8_t service, uint8_t device)
{
	struct message want;

	message_release(&want, 0, service, device);
	return modem_expect(m, &want);
}

void modem_send_bytes(struct modem *m, const void *data, size_t len)
{
	const uint8_t *at = data;
	int64_t deadline = deadline_usual();

	while (len > 0) {
		ssize_t n = write(m->fd, at, len);

		if (n < 0) {
			assert_int_equal(errno, EAGAIN);
			assert_true(wait_for(m->fd, POLLOUT, deadline));
			continue;
		}
		at += n;
		len -= (size_t)n;
	}
}

void modem_send(struct modem *m, const struct message *what)
{
	modem_send_bytes(m, what->data, what->len);
}

void modem_answer(struct modem *m, const struct message *request, uint16_t error)
{
	struct message answer;

	message_outcome_of(&answer, request, error);
	modem_send(m, &answer);
}

void modem_grant_cid(struct modem *m, uint8_t tid, uint8_t service, uint8_t device)
{
	struct message answer;

	assert_false(m->held[service][device]);
	m->held[service][device] = true;
	message_response(&answer, QMI_SERVICE_CTL, QMI_CID_NONE, tid, QMI_CTL_ALLOCATE_CID,
			 QMI_ERROR_NONE);
	message_add_client(&answer, service, device);
	modem_send(m, &answer);
}

uint8_t modem_grant(struct modem *m, uint8_t tid, uint8_t service)
{
	modem_grant_cid(m, tid, service, ++m->granted[service]);
	return m->granted[service];
}

void modem_refuse(struct modem *m, uint8_t tid, uint16_t error)
{
	struct message answer;

	message_response(&answer, QMI_SERVICE_CTL, QMI_CID_NONE, tid, QMI_CTL_ALLOCATE_CID, error);
	modem_send(m, &answer);
}

void modem_confirm_release(struct modem *m, uint8_t tid, uint8_t service, uint8_t device)
{
	struct message answer;

	if (!m->held[service][device])
		fail_msg("release of service %02X, device CID %u, which is not allocated", service,
			 device);
	m->held[service][device] = false;
	message_response(&answer, QMI_SERVICE_CTL, QMI_CID_NONE, tid, QMI_CTL_RELEASE_CID,
			 QMI_ERROR_NONE);
	message_add_client(&answer, service, device);
	modem_send(m, &answer);
}

void modem_take_release(struct modem *m, const struct client *c)
{
	uint8_t tid = modem_expect_release(m, c->service, c->device);

	modem_confirm_release(m, tid, c->service, c->device);
}

void modem_forget(struct modem *m, const struct client *c)
{
	m->held[c->service][c->device] = false;
}

void modem_forget_all(struct modem *m)
{
	memset(m->held, 0, sizeof(m->held));
}

size_t modem_count_held(const struct modem *m)
{
	const bool *held = &m->held[0][0];
	size_t count = 0;

	for (size_t i = 0; i < sizeof(m->held); i++)
		count += held[i];
	return count;
}

void modem_indicate_restart(struct modem *m)
{
	struct message sync;

	modem_forget_all(m);
	message_indication(&sync, QMI_SERVICE_CTL, QMI_CID_NONE, QMI_CTL_SYNC);
	modem_send(m, &sync);
}

void modem_restart(struct modem *m)
{
	struct message sync;

	modem_indicate_restart(m);
	message_ctl(&sync, 0, QMI_CTL_SYNC);
	frame_set_tid(sync.data, modem_expect(m, &sync));
	modem_answer(m, &sync, QMI_ERROR_NONE);
}

void modem_indicate(struct modem *m, uint8_t service, uint8_t device, uint32_t number)
{
	struct message event;

	message_indication(&event, service, device, MESSAGE_EVENT);
	message_number(&event, number);
	modem_send(m, &event);
}

void modem_settle(struct modem *m, const struct message *request)
{
	const uint8_t *named;

	if (frame_service(request->data) != QMI_SERVICE_CTL ||
	    frame_message(request->data) != QMI_CTL_RELEASE_CID)
		return;
	named = frame_tlv(request->data, QMI_TLV_FIRST, 2, NULL);
	assert_non_null(named);
	modem_confirm_release(m, (uint8_t)frame_tid(request->data), named[0], named[1]);
}

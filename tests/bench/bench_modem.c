/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench-modem: a modem on a pseudoterminal that grants clients and answers every other
 * request at once with success, as cheaply as possible. Prints the name of its port and
 * runs until it is killed.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "frame.h"

#define ANSWER_MAX 64

static bool granted[256][256]; /* by service and CID */

/* Keep the slave open, or the last user's close would be a hangup. */
static int open_port(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios raw;

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 ||
	    open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC) < 0 || tcgetattr(master, &raw) < 0)
		err(EXIT_FAILURE, "cannot make a pseudoterminal");
	cfmakeraw(&raw);
	if (tcsetattr(master, TCSANOW, &raw) < 0)
		err(EXIT_FAILURE, "%s", ptsname(master));
	return master;
}

static uint8_t grant(uint8_t service)
{
	unsigned cid = 1;

	while (cid <= QMI_CID_MAX && granted[service][cid])
		cid++;
	if (cid > QMI_CID_MAX)
		return QMI_CID_NONE;
	granted[service][cid] = true;
	return (uint8_t)cid;
}

static void answer_ctl(const uint8_t *request, uint8_t *answer)
{
	const uint8_t *named = frame_tlv(request, QMI_TLV_FIRST, 1, NULL);
	uint8_t client[2];

	switch (frame_message(request)) {
	case QMI_CTL_ALLOCATE_CID:
		client[0] = named ? named[0] : QMI_SERVICE_CTL;
		client[1] = grant(client[0]);
		if (client[1] == QMI_CID_NONE) {
			frame_add_result(answer, QMI_ERROR_CLIENT_IDS_EXHAUSTED);
			return;
		}
		break;
	case QMI_CTL_RELEASE_CID:
		named = frame_tlv(request, QMI_TLV_FIRST, sizeof(client), NULL);
		if (!named) {
			frame_add_result(answer, QMI_ERROR_MALFORMED_MESSAGE);
			return;
		}
		memcpy(client, named, sizeof(client));
		granted[client[0]][client[1]] = false;
		break;
	case QMI_CTL_SYNC:
		memset(granted, 0, sizeof(granted));
		frame_add_result(answer, QMI_ERROR_NONE);
		return;
	default:
		frame_add_result(answer, QMI_ERROR_NONE);
		return;
	}
	frame_add_result(answer, QMI_ERROR_NONE);
	frame_add_tlv(answer, QMI_TLV_FIRST, client, sizeof(client));
}

static void answer(int port, const uint8_t *request)
{
	static const uint8_t value;
	uint8_t frame[ANSWER_MAX];

	frame_begin(frame, FRAME_RESPONSE, frame_service(request), frame_cid(request),
		    frame_tid(request), frame_message(request));
	if (frame_service(request) == QMI_SERVICE_CTL) {
		answer_ctl(request, frame);
	} else {
		frame_add_result(frame, QMI_ERROR_NONE);
		frame_add_tlv(frame, QMI_TLV_FIRST, &value, sizeof(value));
	}
	if (write(port, frame, frame_size(frame)) != (ssize_t)frame_size(frame))
		err(EXIT_FAILURE, "cannot answer");
}

int main(void)
{
	static uint8_t in[QMUX_SIZE_MAX];
	size_t len = 0;
	int port = open_port();

	puts(ptsname(port));
	fflush(stdout);
	for (;;) {
		ssize_t got = read(port, in + len, sizeof(in) - len);
		const uint8_t *next = in;
		enum frame_scan scan;
		size_t size;

		if (got <= 0)
			err(EXIT_FAILURE, "%s", ptsname(port));
		len += (size_t)got;
		while ((scan = frame_scan(next, len, FRAME_FROM_APP, &size)) == FRAME_WHOLE) {
			answer(port, next);
			next += size;
			len -= size;
		}
		if (scan == FRAME_INVALID)
			errx(EXIT_FAILURE, "no request begins with the byte 0x%02X", next[0]);
		memmove(in, next, len);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plain_modem.h"

#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "frame.h"

static bool granted[256][256]; /* by service and CID */
static unsigned cids_max = QMI_CID_MAX;

/* Keep the slave open, or the last user's close would be a hangup. */
int plain_modem_open(void)
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

void plain_modem_limit(unsigned cids)
{
	cids_max = cids;
}

static uint8_t grant(uint8_t service)
{
	unsigned cid = 1;

	while (cid <= cids_max && granted[service][cid])
		cid++;
	if (cid > cids_max)
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

void plain_modem_answer(const uint8_t *request, uint8_t *answer)
{
	static const uint8_t value;

	frame_begin(answer, FRAME_RESPONSE, frame_service(request), frame_cid(request),
		    frame_tid(request), frame_message(request));
	if (frame_service(request) == QMI_SERVICE_CTL) {
		answer_ctl(request, answer);
	} else {
		frame_add_result(answer, QMI_ERROR_NONE);
		frame_add_tlv(answer, QMI_TLV_FIRST, &value, sizeof(value));
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proxy_open.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "frame.h"

int proxy_open_path(const uint8_t *frame, char path[PATH_MAX])
{
	const uint8_t *value;
	uint16_t length;

	if (frame_service(frame) != QMI_SERVICE_CTL || frame_message(frame) != QMI_CTL_PROXY_OPEN)
		return -EBADMSG;
	value = frame_tlv(frame, QMI_TLV_FIRST, 1, &length);
	if (!value || value[0] == '\0')
		return -ENODATA;
	if (length >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(path, value, length);
	path[length] = '\0';
	return 0;
}

void proxy_open_answer(int fd, const uint8_t *frame, uint16_t error)
{
	uint8_t response[FRAME_HEADER_MAX + 7];

	frame_begin(response, FRAME_RESPONSE, frame_service(frame), frame_cid(frame),
		    frame_tid(frame), frame_message(frame));
	frame_add_result(response, error);
	send(fd, response, frame_size(response), MSG_NOSIGNAL | MSG_DONTWAIT);
}

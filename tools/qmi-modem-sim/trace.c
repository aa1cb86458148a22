/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include <stdio.h>

#include "frame.h"
#include "service.h"

void trace_frame(const uint8_t *frame)
{
	static const char *const kinds[] = {"request", "response", "indication"};
	enum frame_kind kind = frame_kind(frame);
	const struct service *service = service_find(frame_service(frame));
	char name[8];

	snprintf(name, sizeof(name), "0x%02x", frame_service(frame));
	fprintf(stderr, "%-10s %s:%u tid %u message 0x%04X, %zu bytes", kinds[kind],
		service ? service->name : name, frame_cid(frame), frame_tid(frame),
		frame_message(frame), frame_size(frame));
	if (kind == FRAME_RESPONSE && frame_error(frame))
		fprintf(stderr, ", error %u", frame_error(frame));
	fputc('\n', stderr);
}

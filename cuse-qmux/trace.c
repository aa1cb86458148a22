/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include <stdio.h>

#include "frame.h"
#include "log.h"
#include "names.h"

static const char *trace_direction(enum mux_path path)
{
	switch (path) {
	case MUX_TO_MODEM:
		return "to the modem";
	case MUX_TAKEN:
		return "taken here";
	case MUX_TO_APP:
		return "from the modem";
	case MUX_ANSWERED:
		return "answered here";
	case MUX_DROPPED:
	default:
		return "dropped";
	}
}

static const char *trace_kind_name(enum frame_kind kind)
{
	switch (kind) {
	case FRAME_REQUEST:
		return "request";
	case FRAME_RESPONSE:
		return "response";
	case FRAME_INDICATION:
	default:
		return "indication";
	}
}

/* "DMS Get Model request", with a number in place of an unknown name. */
static void trace_describe(char *text, size_t size, const uint8_t *frame)
{
	const char *service = qmi_service_name(frame_service(frame));
	const char *message = qmi_message_name(frame_service(frame), frame_message(frame));
	char service_number[16];
	char message_number[16];

	snprintf(service_number, sizeof(service_number), "service 0x%02x", frame_service(frame));
	snprintf(message_number, sizeof(message_number), "0x%04x", frame_message(frame));
	snprintf(text, size, "%s %s %s", service ? service : service_number,
		 message ? message : message_number, trace_kind_name(frame_kind(frame)));
}

static void trace_describe_outcome(char *text, size_t size, const uint8_t *frame)
{
	uint16_t error;
	const char *name;

	text[0] = '\0';
	if (frame_kind(frame) != FRAME_RESPONSE)
		return;
	error = frame_error(frame);
	name = qmi_error_name(error);
	snprintf(text, size, ": %s (%u)", name ? name : "error", error);
}

void trace_frame(const struct mux_trace *trace, const char *node_name)
{
	char message[96];
	char outcome[64];
	char who[64] = "-";

	trace_describe(message, sizeof(message), trace->frame);
	trace_describe_outcome(outcome, sizeof(outcome), trace->frame);
	if (trace->session)
		snprintf(who, sizeof(who), "%s session %llu", node_name,
			 (unsigned long long)mux_session_id(trace->session));
	log_debug("%s, %s: %s, CID %u=%u, tid %u=%u%s%s%s", who, trace_direction(trace->path),
		  message, trace->cid, trace->device_cid, trace->tid, trace->device_tid, outcome,
		  trace->why ? ", " : "", trace->why ? trace->why : "");
}

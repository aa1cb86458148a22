/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service.h"

#include "clients.h"
#include "frame.h"
#include "tlv.h"

#define TLV_HEADER  3
#define TLV_PADDING 0xFE /* means nothing in any message */

int service_reset(const struct request *request)
{
	request->client->events = 0;
	return QMI_ERROR_NONE;
}

/* The list has one bit per message id, least significant first. */
int service_list_messages(const struct request *request)
{
	uint8_t bits[256] = {0};
	size_t len = 0;
	struct tlv tlv = {0};

	for (size_t i = 0; i < request->service->count; i++) {
		uint16_t id = request->service->messages[i].id;

		bits[id / 8] = (uint8_t)(bits[id / 8] | 1u << id % 8);
		if (len < id / 8u + 1)
			len = id / 8u + 1;
	}
	tlv_put(&tlv, "h", (unsigned int)len);
	tlv_put_bytes(&tlv, bits, len);
	tlv_end(&tlv, request->answer, 0x10);
	return QMI_ERROR_NONE;
}

int service_missing(const struct request *request, uint8_t type)
{
	if (frame_tlv(request->frame, type, 0, NULL))
		return QMI_ERROR_MALFORMED_MESSAGE;
	return QMI_ERROR_MISSING_ARGUMENT;
}

/* Makes the answer at least this long. */
static void service_pad(uint8_t *answer, size_t bytes)
{
	static const uint8_t zeros[LINE_FRAME_MAX];
	size_t size = frame_size(answer) + TLV_HEADER;

	if (size < bytes)
		frame_add_tlv(answer, TLV_PADDING, zeros, (uint16_t)(bytes - size));
}

void service_answer(const struct request *request, request_handler *handle)
{
	uint8_t answer[LINE_FRAME_MAX];
	uint8_t result[4];
	struct request answered = *request;
	int error;

	answered.answer = answer;
	frame_begin(answer, FRAME_RESPONSE, request->service_id, request->cid, request->tid,
		    request->message);
	/* The result TLV comes first, so it is added before the handler determines the result. */
	frame_add_result(answer, QMI_ERROR_NONE);
	error = handle(&answered);
	if (error == ANSWER_LATER)
		return;
	le16_put(result, error ? QMI_RESULT_FAILURE : QMI_RESULT_SUCCESS);
	le16_put(result + 2, (uint16_t)error);
	frame_set_tlv(answer, QMI_TLV_RESULT, result, sizeof(result));
	service_pad(answer, request->modem->settings->pad);
	if (habits_get(request->modem, request->service, request->message) != HABIT_LOSE)
		line_send(request->modem->line, answer);
}

/* frame_scan() does not check the TLVs of a request, so this does. */
static bool service_tlvs_whole(const uint8_t *frame)
{
	size_t at = FRAME_HEADER_MAX;

	if (frame_service(frame) == QMI_SERVICE_CTL)
		at--;
	while (frame_size(frame) - at >= TLV_HEADER) {
		size_t len = le16_get(frame + at + 1);

		at += TLV_HEADER;
		if (len > frame_size(frame) - at)
			return false;
		at += len;
	}
	return at == frame_size(frame);
}

static void service_switch_events(const struct request *request, const struct message *message)
{
	for (size_t i = 0; i < COUNT(message->switches) && message->switches[i].tlv; i++) {
		const struct event_switch *event_switch = &message->switches[i];
		const uint8_t *on = frame_tlv(request->frame, event_switch->tlv, 1, NULL);

		if (on && *on)
			request->client->events |= event_switch->event;
		else if (on)
			request->client->events &= ~event_switch->event;
	}
}

static int service_handle_message(const struct request *request, const struct message *message)
{
	struct request handled = *request;

	if (message->mandatory.type) {
		handled.value = frame_tlv(request->frame, message->mandatory.type,
					  message->mandatory.min_len, &handled.len);
		if (!handled.value)
			return service_missing(request, message->mandatory.type);
	}
	if (message->online && !modem_state_online(request->modem))
		return QMI_ERROR_INFORMATION_UNAVAILABLE;
	service_switch_events(request, message);
	for (size_t i = 0; i < COUNT(message->fixed) && message->fixed[i].value; i++)
		frame_add_tlv(request->answer, message->fixed[i].type, message->fixed[i].value,
			      message->fixed[i].len);
	if (message->add)
		message->add(request->modem, request->answer);
	return message->handle ? message->handle(&handled) : QMI_ERROR_NONE;
}

static int service_handle(const struct request *request)
{
	const struct service *service = request->service;
	struct modem_counters *counters = &request->modem->counters;
	int habit = habits_get(request->modem, service, request->message);

	if (service)
		counters->requests[service->index]++;
	else
		counters->requests_other++;
	if (!service || (service->index != INDEX_CTL && !request->client)) {
		counters->refused++;
		return QMI_ERROR_INVALID_CLIENT_ID;
	}
	if (habit == HABIT_IGNORE)
		return ANSWER_LATER;
	if (habit > QMI_ERROR_NONE)
		return habit;
	if (!service_tlvs_whole(request->frame))
		return QMI_ERROR_MALFORMED_MESSAGE;
	for (size_t i = 0; i < service->count; i++) {
		if (service->messages[i].id == request->message)
			return service_handle_message(request, &service->messages[i]);
	}
	return QMI_ERROR_INVALID_QMI_COMMAND;
}

void service_take(struct modem *modem, const uint8_t *frame)
{
	struct request request = {
		.modem = modem,
		.service = modem_state_service(modem, frame_service(frame)),
		.service_id = frame_service(frame),
		.cid = frame_cid(frame),
		.tid = frame_tid(frame),
		.message = frame_message(frame),
		.frame = frame,
	};

	if (request.service)
		request.client = clients_find(modem, request.service, request.cid);
	service_answer(&request, service_handle);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "modem.h"

#include "errors.h"
#include "frame.h"
#include "millis.h"
#include "service_ctl.h"
#include "service_dms.h"
#include "service_nas.h"

#define TLV_HEADER 3

static void init_nonvolatile(struct modem *modem)
{
	modem->selection = (struct selection){
		.modes = 0x001C, /* GSM, UMTS, LTE */
		.roaming = 0x00FF,
		.lte_bands = 0x00000000080800C5, /* 1, 3, 7, 8, 20, 28 */
	};
	modem->format = (struct data_format){.link_layer = 2 /* raw IP */};
	modem->routes[0] = (struct sms_route){{0, 4, 1, 1}};
	modem->routes_count = 1;
	profile_init(modem);
}

void modem_init(struct modem *modem, const struct settings *settings, struct line *line)
{
	*modem = (struct modem){.settings = settings, .line = line};
	init_nonvolatile(modem);
	modem_forget(modem);
}

void modem_forget(struct modem *modem)
{
	for (size_t i = 0; i < SERVICES; i++) {
		for (size_t cid = 0; cid <= QMI_CID_MAX; cid++)
			modem->clients[i][cid] = (struct client){0};
	}
	for (size_t i = 0; i < TASKS_MAX; i++)
		modem->tasks[i] = (struct task){0};
	for (size_t i = 0; i < CALLS; i++)
		modem->calls[i] = (struct call){0};
}

void modem_power_on(struct modem *modem)
{
	modem_forget(modem);
	modem->mode = MODE_ONLINE;
	modem->reset_at = 0;
}

void modem_restart(struct modem *modem)
{
	modem_power_on(modem);
	modem->counters.restarts++;
	line_forget(modem->line);
	ctl_indicate_sync(modem);
}

struct client *modem_client(struct modem *modem, const struct service *service, unsigned int cid)
{
	struct client *client;

	if (cid == QMI_CID_NONE || cid > QMI_CID_MAX)
		return NULL;
	client = &modem->clients[service_index(service)][cid];
	return client->allocated ? client : NULL;
}

void modem_release(struct modem *modem, const struct service *service, uint8_t cid)
{
	for (size_t i = 0; i < TASKS_MAX; i++) {
		if (modem->tasks[i].service == service && modem->tasks[i].cid == cid)
			modem->tasks[i] = (struct task){0};
	}
	modem->clients[service_index(service)][cid] = (struct client){0};
	if (service == &service_wds)
		call_end_of_client(modem, cid);
}

void modem_revoke(struct modem *modem, const struct service *service, uint8_t cid)
{
	modem_release(modem, service, cid);
	ctl_indicate_revoke(modem, service, cid);
}

bool modem_online(const struct modem *modem)
{
	return modem->mode == MODE_ONLINE;
}

void modem_set_mode(struct modem *modem, enum operating_mode mode)
{
	bool was_online = modem_online(modem);

	if (mode == modem->mode)
		return;
	modem->mode = mode;
	dms_indicate_mode(modem);
	if (was_online == modem_online(modem))
		return;
	if (was_online)
		call_end_all(modem);
	nas_indicate_serving_system(modem);
}

/* frame_scan() leaves the chain of TLVs of a request to the modem. */
static bool tlvs_whole(const uint8_t *frame)
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

static int dispatch(struct modem *modem, struct request *request)
{
	const struct service *service = request->service;
	uint16_t message = frame_message(request->frame);

	if (service)
		modem->counters.requests[service_index(service)]++;
	else
		modem->counters.requests_other++;
	if (service && service != &service_ctl)
		request->client = modem_client(modem, service, request->cid);
	if (!service || (service != &service_ctl && !request->client)) {
		modem->counters.refused++;
		return QMI_ERROR_INVALID_CLIENT_ID;
	}
	if (!tlvs_whole(request->frame))
		return QMI_ERROR_MALFORMED_MESSAGE;
	for (size_t i = 0; i < service->count; i++) {
		if (service->messages[i].id == message)
			return service->messages[i].handle(modem, request);
	}
	return QMI_ERROR_INVALID_QMI_COMMAND;
}

/* The result stands before the other TLVs, so it is there before the handler knows it. */
static void set_result(uint8_t *answer, int error)
{
	uint8_t result[4];

	le16_put(result, error ? QMI_RESULT_FAILURE : QMI_RESULT_SUCCESS);
	le16_put(result + 2, (uint16_t)error);
	frame_set_tlv(answer, QMI_TLV_RESULT, result, sizeof(result));
}

void modem_take(struct modem *modem, const uint8_t *frame)
{
	uint8_t answer[LINE_FRAME_MAX];
	struct request request = {
		.frame = frame,
		.service = service_find(frame_service(frame)),
		.cid = frame_cid(frame),
		.answer = answer,
	};
	int error;

	frame_begin(answer, FRAME_RESPONSE, frame_service(frame), request.cid, frame_tid(frame),
		    frame_message(frame));
	frame_add_result(answer, QMI_ERROR_NONE);
	error = dispatch(modem, &request);
	if (error == ANSWER_LATER)
		return;
	set_result(answer, error);
	line_send(modem->line, answer);
}

static void finish_task(struct modem *modem, struct task *task, request_handler *finish)
{
	uint8_t answer[LINE_FRAME_MAX];
	struct request request = {
		.service = task->service,
		.client = modem_client(modem, task->service, task->cid),
		.cid = task->cid,
		.answer = answer,
	};

	frame_begin(answer, FRAME_RESPONSE, (uint8_t)task->service->id, task->cid, task->tid,
		    task->message);
	frame_add_result(answer, QMI_ERROR_NONE);
	set_result(answer, finish(modem, &request));
	line_send(modem->line, answer);
	*task = (struct task){0};
}

int modem_add_task(struct modem *modem, const struct request *request, unsigned int ms,
		   request_handler *finish)
{
	for (size_t i = 0; i < TASKS_MAX; i++) {
		if (modem->tasks[i].due)
			continue;
		modem->tasks[i] = (struct task){
			.due = millis_now() + ms,
			.service = request->service,
			.cid = request->cid,
			.tid = frame_tid(request->frame),
			.message = frame_message(request->frame),
			.finish = finish,
		};
		return ANSWER_LATER;
	}
	return QMI_ERROR_INSUFFICIENT_RESOURCES;
}

static int finish_aborted(struct modem *modem, const struct request *request)
{
	(void)modem;
	(void)request;
	return QMI_ERROR_ABORTED;
}

bool modem_abort_task(struct modem *modem, const struct request *request, uint16_t tid)
{
	for (size_t i = 0; i < TASKS_MAX; i++) {
		struct task *task = &modem->tasks[i];

		if (task->due && task->service == request->service && task->cid == request->cid &&
		    task->tid == tid) {
			finish_task(modem, task, finish_aborted);
			return true;
		}
	}
	return false;
}

void modem_work(struct modem *modem)
{
	uint64_t now = millis_now();

	for (size_t i = 0; i < TASKS_MAX; i++) {
		struct task *task = &modem->tasks[i];

		if (task->due && now >= task->due)
			finish_task(modem, task, task->finish);
	}
	if (modem->reset_at && now >= modem->reset_at)
		modem_restart(modem);
}

uint64_t modem_due(const struct modem *modem)
{
	uint64_t due = modem->reset_at ? modem->reset_at : MILLIS_NEVER;

	for (size_t i = 0; i < TASKS_MAX; i++) {
		if (modem->tasks[i].due)
			due = millis_earlier(due, modem->tasks[i].due);
	}
	return due;
}

void modem_begin_indication(uint8_t *frame, const struct service *service, uint16_t message)
{
	frame_begin(frame, FRAME_INDICATION, (uint8_t)service->id, QMI_CID_NONE, 0, message);
}

void modem_indicate(struct modem *modem, uint8_t *frame, uint32_t events)
{
	const struct client *clients =
		modem->clients[service_index(service_find(frame_service(frame)))];

	for (unsigned int cid = 1; cid <= QMI_CID_MAX; cid++) {
		if (!clients[cid].allocated || (events && !(clients[cid].events & events)))
			continue;
		frame_set_cid(frame, (uint8_t)cid);
		line_send(modem->line, frame);
	}
}

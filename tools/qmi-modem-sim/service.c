/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service.h"

#include <string.h>

#include "errors.h"
#include "frame.h"
#include "modem.h"
#include "tlv.h"

static const struct service *const services[SERVICES] = {
	&service_ctl, &service_wds, &service_dms, &service_nas,
	&service_wms, &service_uim, &service_wda,
};

const struct service *service_at(size_t index)
{
	return index < SERVICES ? services[index] : NULL;
}

const struct service *service_find(unsigned int id)
{
	for (size_t i = 0; i < SERVICES; i++) {
		if (services[i]->id == id)
			return services[i];
	}
	return NULL;
}

const struct service *service_named(const char *name)
{
	for (size_t i = 0; i < SERVICES; i++) {
		if (strcmp(services[i]->name, name) == 0)
			return services[i];
	}
	return NULL;
}

size_t service_index(const struct service *service)
{
	size_t i = 0;

	while (services[i] != service)
		i++;
	return i;
}

int service_accept(struct modem *modem, const struct request *request)
{
	(void)modem;
	(void)request;
	return QMI_ERROR_NONE;
}

int service_reset(struct modem *modem, const struct request *request)
{
	(void)modem;
	request->client->events = 0;
	return QMI_ERROR_NONE;
}

/* The list is a bit for each message id, least significant first. */
int service_list_messages(struct modem *modem, const struct request *request)
{
	uint8_t bits[256] = {0};
	size_t len = 0;
	struct tlv tlv;

	(void)modem;
	for (size_t i = 0; i < request->service->count; i++) {
		uint16_t id = request->service->messages[i].id;

		bits[id / 8] = (uint8_t)(bits[id / 8] | 1u << id % 8);
		if (len < id / 8u + 1)
			len = id / 8u + 1;
	}
	tlv_begin(&tlv);
	tlv_u16(&tlv, (unsigned int)len);
	tlv_bytes(&tlv, bits, len);
	tlv_end(&tlv, request->answer, 0x10);
	return QMI_ERROR_NONE;
}

int service_abort(struct modem *modem, const struct request *request)
{
	const uint8_t *tid = frame_tlv(request->frame, QMI_TLV_FIRST, 2, NULL);

	if (!tid)
		return service_missing(request, QMI_TLV_FIRST);
	if (!modem_abort_task(modem, request, le16_get(tid)))
		return QMI_ERROR_INVALID_TRANSACTION_ID;
	return QMI_ERROR_NONE;
}

int service_missing(const struct request *request, uint8_t type)
{
	if (frame_tlv(request->frame, type, 0, NULL))
		return QMI_ERROR_MALFORMED_MESSAGE;
	return QMI_ERROR_MISSING_ARGUMENT;
}

void service_switch_events(const struct request *request, const struct event_switch *switches,
			   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint8_t *on = frame_tlv(request->frame, switches[i].tlv, 1, NULL);

		if (on && *on)
			request->client->events |= switches[i].event;
		else if (on)
			request->client->events &= ~switches[i].event;
	}
}

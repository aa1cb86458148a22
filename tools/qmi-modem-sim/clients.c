/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients.h"

#include "frame.h"

struct client *clients_find(struct modem *modem, const struct service *service, unsigned int cid)
{
	struct client *client;

	if (cid == QMI_CID_NONE || cid > QMI_CID_MAX)
		return NULL;
	client = &modem->clients[service->index][cid];
	return client->allocated ? client : NULL;
}

unsigned int clients_count(const struct modem *modem, const struct service *service)
{
	unsigned int count = 0;

	for (size_t cid = 1; cid <= QMI_CID_MAX; cid++)
		count += modem->clients[service->index][cid].allocated;
	return count;
}

uint8_t clients_allocate(struct modem *modem, const struct service *service)
{
	struct client *clients = modem->clients[service->index];
	uint8_t cid = 1;

	if (clients_count(modem, service) >= modem->settings->cids)
		return QMI_CID_NONE;
	while (clients[cid].allocated)
		cid++;
	clients[cid] = (struct client){.allocated = true, .ip_family = IP_FAMILY_IPV4};
	return cid;
}

void clients_release(struct modem *modem, const struct service *service, uint8_t cid)
{
	modem->clients[service->index][cid] = (struct client){0};
	if (service->client_gone)
		service->client_gone(modem, cid);
}

void clients_forget(struct modem *modem)
{
	for (size_t i = 0; i < SERVICES; i++) {
		for (size_t cid = 0; cid <= QMI_CID_MAX; cid++)
			modem->clients[i][cid] = (struct client){0};
	}
}

void clients_begin(uint8_t *frame, enum qmi_service service, uint16_t message)
{
	frame_begin(frame, FRAME_INDICATION, (uint8_t)service, QMI_CID_NONE, 0, message);
}

void clients_indicate(struct modem *modem, uint8_t *frame, uint32_t events)
{
	const struct service *service = modem_state_service(modem, frame_service(frame));
	const struct client *clients = modem->clients[service->index];

	if (events == CLIENTS_BROADCAST) {
		frame_set_cid(frame, QMI_CID_BROADCAST);
		line_send(modem->line, frame);
		return;
	}
	for (unsigned int cid = 1; cid <= QMI_CID_MAX; cid++) {
		if (!clients[cid].allocated || (events && !(clients[cid].events & events)))
			continue;
		frame_set_cid(frame, (uint8_t)cid);
		line_send(modem->line, frame);
	}
}

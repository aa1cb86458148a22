/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CTL: versions, CIDs and Sync. */
#include "service_ctl.h"

#include "errors.h"
#include "frame.h"
#include "tlv.h"

void ctl_indicate_sync(struct modem *modem)
{
	uint8_t frame[LINE_FRAME_MAX];

	modem_begin_indication(frame, &service_ctl, QMI_CTL_SYNC);
	line_send(modem->line, frame);
}

void ctl_indicate_revoke(struct modem *modem, const struct service *service, uint8_t cid)
{
	uint8_t frame[LINE_FRAME_MAX];
	uint8_t value[2] = {(uint8_t)service->id, cid};

	modem_begin_indication(frame, &service_ctl, QMI_CTL_REVOKE_CID);
	frame_add_tlv(frame, QMI_TLV_FIRST, value, sizeof(value));
	line_send(modem->line, frame);
}

static int set_instance_id(struct modem *modem, const struct request *request)
{
	const uint8_t *id = frame_tlv(request->frame, QMI_TLV_FIRST, 1, NULL);

	(void)modem;
	if (!id)
		return service_missing(request, QMI_TLV_FIRST);
	frame_add_u16(request->answer, 0x01, *id);
	return QMI_ERROR_NONE;
}

static int get_version_info(struct modem *modem, const struct request *request)
{
	const struct service *service;
	struct tlv tlv;

	(void)modem;
	tlv_begin(&tlv);
	tlv_u8(&tlv, SERVICES);
	for (size_t i = 0; (service = service_at(i)); i++) {
		tlv_u8(&tlv, service->id);
		tlv_u16(&tlv, service->major);
		tlv_u16(&tlv, service->minor);
	}
	tlv_end(&tlv, request->answer, 0x01);
	return QMI_ERROR_NONE;
}

/* The lowest free CID; 0 where the service has as many clients as it may have. */
static uint8_t free_cid(const struct modem *modem, const struct service *service)
{
	const struct client *clients = modem->clients[service_index(service)];
	unsigned int lowest = 0;
	unsigned int count = 0;

	for (unsigned int cid = QMI_CID_MAX; cid > 0; cid--) {
		if (clients[cid].allocated)
			count++;
		else
			lowest = cid;
	}
	return count < modem->settings->cids ? (uint8_t)lowest : QMI_CID_NONE;
}

static int allocate_cid(struct modem *modem, const struct request *request)
{
	const uint8_t *id = frame_tlv(request->frame, QMI_TLV_FIRST, 1, NULL);
	const struct service *service;
	uint8_t value[2];

	if (!id)
		return service_missing(request, QMI_TLV_FIRST);
	service = service_find(*id);
	if (!service || service == &service_ctl)
		return QMI_ERROR_INVALID_SERVICE_TYPE;
	value[0] = *id;
	value[1] = free_cid(modem, service);
	if (value[1] == QMI_CID_NONE)
		return QMI_ERROR_CLIENT_IDS_EXHAUSTED;
	modem->clients[service_index(service)][value[1]] =
		(struct client){.allocated = true, .ip_family = 4};
	frame_add_tlv(request->answer, QMI_TLV_FIRST, value, sizeof(value));
	return QMI_ERROR_NONE;
}

static int release_cid(struct modem *modem, const struct request *request)
{
	const uint8_t *value = frame_tlv(request->frame, QMI_TLV_FIRST, 2, NULL);
	const struct service *service;

	if (!value)
		return service_missing(request, QMI_TLV_FIRST);
	service = service_find(value[0]);
	if (!service || service == &service_ctl)
		return QMI_ERROR_INVALID_SERVICE_TYPE;
	if (!modem_client(modem, service, value[1])) {
		modem->counters.refused++;
		return QMI_ERROR_INVALID_CLIENT_ID;
	}
	modem_release(modem, service, value[1]);
	frame_add_tlv(request->answer, QMI_TLV_FIRST, value, 2);
	return QMI_ERROR_NONE;
}

/* Asked: whether frames of data have a QoS header, and the link layer's protocol. */
static int set_data_format(struct modem *modem, const struct request *request)
{
	const uint8_t *protocol = frame_tlv(request->frame, 0x10, 2, NULL);

	if (!frame_tlv(request->frame, QMI_TLV_FIRST, 1, NULL))
		return service_missing(request, QMI_TLV_FIRST);
	if (protocol && (le16_get(protocol) < 1 || le16_get(protocol) > 2))
		return QMI_ERROR_INVALID_ARGUMENT;
	if (protocol) {
		modem->format.link_layer = le16_get(protocol);
		frame_add_u16(request->answer, 0x10, le16_get(protocol));
	}
	return QMI_ERROR_NONE;
}

static int synchronise(struct modem *modem, const struct request *request)
{
	(void)request;
	modem->counters.syncs++;
	modem_forget(modem);
	return QMI_ERROR_NONE;
}

static const struct message messages[] = {
	{QMI_CTL_SET_INSTANCE_ID, set_instance_id}, {QMI_CTL_GET_VERSION_INFO, get_version_info},
	{QMI_CTL_ALLOCATE_CID, allocate_cid},       {QMI_CTL_RELEASE_CID, release_cid},
	{QMI_CTL_SET_DATA_FORMAT, set_data_format}, {QMI_CTL_SYNC, synchronise},
};

const struct service service_ctl = {
	QMI_SERVICE_CTL, "ctl", 1, 5, messages, COUNT(messages),
};

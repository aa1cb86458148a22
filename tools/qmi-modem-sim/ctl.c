/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CTL: versions, CIDs and Sync. */
#include "clients.h"
#include "frame.h"
#include "services.h"
#include "tlv.h"

static void ctl_release(struct modem *modem, const struct service *service, uint8_t cid)
{
	tasks_drop(modem, service, cid);
	clients_release(modem, service, cid);
}

void ctl_revoke(struct modem *modem, const struct service *service, uint8_t cid)
{
	uint8_t frame[LINE_FRAME_MAX];

	ctl_release(modem, service, cid);
	clients_begin(frame, QMI_SERVICE_CTL, QMI_CTL_REVOKE_CID);
	tlv_add(frame, QMI_TLV_FIRST, "bb", service->id, cid);
	line_send(modem->line, frame);
}

void ctl_forget(struct modem *modem)
{
	clients_forget(modem);
	tasks_forget(modem);
	call_forget(modem);
}

static int ctl_set_instance_id(const struct request *request)
{
	tlv_add(request->answer, 0x01, "h", *request->value);
	return QMI_ERROR_NONE;
}

static void ctl_add_version_info(const struct modem *modem, uint8_t *answer)
{
	struct tlv tlv = {0};

	tlv_put(&tlv, "b", SERVICES);
	for (size_t i = 0; i < SERVICES; i++) {
		const struct service *service = modem->services[i];

		tlv_put(&tlv, "bhh", service->id, service->major, service->minor);
	}
	tlv_end(&tlv, answer, 0x01);
}

/* Returns the service named by the mandatory TLV, or NULL if it cannot have clients. */
static const struct service *ctl_named_service(const struct request *request)
{
	const struct service *service = modem_state_service(request->modem, request->value[0]);

	return service == &ctl_service ? NULL : service;
}

static int ctl_allocate_cid(const struct request *request)
{
	const struct service *service = ctl_named_service(request);
	uint8_t cid;

	if (!service)
		return QMI_ERROR_INVALID_SERVICE_TYPE;
	cid = clients_allocate(request->modem, service);
	if (cid == QMI_CID_NONE)
		return (int)request->modem->settings->exhausted;
	tlv_add(request->answer, QMI_TLV_FIRST, "bb", service->id, cid);
	return QMI_ERROR_NONE;
}

static int ctl_release_cid(const struct request *request)
{
	const struct service *service = ctl_named_service(request);
	uint8_t cid = request->value[1];

	if (!service)
		return QMI_ERROR_INVALID_SERVICE_TYPE;
	if (!clients_find(request->modem, service, cid)) {
		request->modem->counters.refused++;
		return QMI_ERROR_INVALID_CLIENT_ID;
	}
	ctl_release(request->modem, service, cid);
	tlv_add(request->answer, QMI_TLV_FIRST, "bb", service->id, cid);
	return QMI_ERROR_NONE;
}

/* The answer: whether data frames have a QoS header, and the link layer protocol. */
static int ctl_set_data_format(const struct request *request)
{
	const uint8_t *protocol = frame_tlv(request->frame, 0x10, 2, NULL);

	if (!protocol)
		return QMI_ERROR_NONE;
	if (le16_get(protocol) < 1 || le16_get(protocol) > 2)
		return QMI_ERROR_INVALID_ARGUMENT;
	request->modem->format.link_layer = le16_get(protocol);
	tlv_add(request->answer, 0x10, "h", le16_get(protocol));
	return QMI_ERROR_NONE;
}

static int ctl_sync(const struct request *request)
{
	request->modem->counters.syncs++;
	ctl_forget(request->modem);
	return QMI_ERROR_NONE;
}

static const struct message ctl_messages[] = {
	{.id = QMI_CTL_SET_INSTANCE_ID, .mandatory = {0x01, 1}, .handle = ctl_set_instance_id},
	{.id = QMI_CTL_GET_VERSION_INFO, .add = ctl_add_version_info},
	{.id = QMI_CTL_ALLOCATE_CID, .mandatory = {0x01, 1}, .handle = ctl_allocate_cid},
	{.id = QMI_CTL_RELEASE_CID, .mandatory = {0x01, 2}, .handle = ctl_release_cid},
	{.id = QMI_CTL_SET_DATA_FORMAT, .mandatory = {0x01, 1}, .handle = ctl_set_data_format},
	{.id = QMI_CTL_SYNC, .handle = ctl_sync},
};

const struct service ctl_service = {
	INDEX_CTL, QMI_SERVICE_CTL, "ctl", 1, 5, ctl_messages, COUNT(ctl_messages), NULL,
};

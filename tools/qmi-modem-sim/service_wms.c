/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WMS: an SMS store with nothing in it, and the routes by which messages would come. */
#include <string.h>

#include "errors.h"
#include "frame.h"
#include "modem.h"
#include "tlv.h"

static int get_message_protocol(struct modem *modem, const struct request *request)
{
	(void)modem;
	frame_add_u8(request->answer, 0x01, 1); /* GSM and WCDMA */
	return QMI_ERROR_NONE;
}

static int list_messages(struct modem *modem, const struct request *request)
{
	(void)modem;
	if (!frame_tlv(request->frame, 0x01, 1, NULL))
		return service_missing(request, 0x01);
	frame_add_u32(request->answer, 0x01, 0); /* none */
	return QMI_ERROR_NONE;
}

static int set_routes(struct modem *modem, const struct request *request)
{
	uint16_t len;
	const uint8_t *value = frame_tlv(request->frame, 0x01, 2, &len);

	if (!value)
		return service_missing(request, 0x01);
	if (len != 2 + le16_get(value) * sizeof(struct sms_route))
		return QMI_ERROR_MALFORMED_MESSAGE;
	if (le16_get(value) > SMS_ROUTES_MAX)
		return QMI_ERROR_ARGUMENT_TOO_LONG;
	modem->routes_count = le16_get(value);
	memcpy(modem->routes, value + 2, len - 2u);
	return QMI_ERROR_NONE;
}

static int get_routes(struct modem *modem, const struct request *request)
{
	struct tlv tlv;

	tlv_begin(&tlv);
	tlv_u16(&tlv, modem->routes_count);
	tlv_bytes(&tlv, modem->routes, modem->routes_count * sizeof(struct sms_route));
	tlv_end(&tlv, request->answer, 0x01);
	return QMI_ERROR_NONE;
}

static const struct message messages[] = {
	{0x0000, service_reset},
	{0x0001, service_accept}, /* Set Event Report */
	{0x001E, service_list_messages},
	{0x0030, get_message_protocol},
	{0x0031, list_messages},
	{0x0032, set_routes},
	{0x0033, get_routes},
};

const struct service service_wms = {
	QMI_SERVICE_WMS, "wms", 1, 10, messages, COUNT(messages),
};

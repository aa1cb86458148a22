/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WMS: an empty SMS store, and the routes for incoming messages. */
#include <string.h>

#include "frame.h"
#include "services.h"
#include "tlv.h"

static int wms_set_routes(const struct request *request)
{
	struct modem *modem = request->modem;
	uint16_t count = le16_get(request->value);

	if (request->len != 2 + count * sizeof(struct sms_route))
		return QMI_ERROR_MALFORMED_MESSAGE;
	if (count > SMS_ROUTES_MAX)
		return QMI_ERROR_ARGUMENT_TOO_LONG;
	modem->routes_count = count;
	memcpy(modem->routes, request->value + 2, request->len - 2u);
	return QMI_ERROR_NONE;
}

static void wms_add_routes(const struct modem *modem, uint8_t *answer)
{
	struct tlv tlv = {0};

	tlv_put(&tlv, "h", modem->routes_count);
	tlv_put_bytes(&tlv, modem->routes, modem->routes_count * sizeof(struct sms_route));
	tlv_end(&tlv, answer, 0x01);
}

static const struct message wms_messages[] = {
	{.id = 0x0000, .handle = service_reset},
	{.id = 0x0001}, /* Set Event Report */
	{.id = 0x001E, .handle = service_list_messages},
	{.id = 0x0030, .fixed = {FIXED(0x01, "\1")}}, /* message protocol: GSM and WCDMA */
	{.id = 0x0031, .mandatory = {0x01, 1}, .fixed = {FIXED(0x01, "\0\0\0\0")}}, /* none */
	{.id = 0x0032, .mandatory = {0x01, 2}, .handle = wms_set_routes},
	{.id = 0x0033, .add = wms_add_routes},
};

const struct service wms_service = {
	INDEX_WMS, QMI_SERVICE_WMS, "wms", 1, 10, wms_messages, COUNT(wms_messages), NULL,
};

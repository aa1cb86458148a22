/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WMS: the stored SMS, reports of new ones, and the routes for incoming messages. */
#include <string.h>

#include "clients.h"
#include "frame.h"
#include "services.h"
#include "tlv.h"

#define STORAGE_MODEM 1
#define FORMAT_GSM    6 /* from one person to another */
#define TAG_UNREAD    1
#define DCS_UCS2      0x08
#define CODE_UNIT     2 /* bytes of a character in UCS-2 */

enum wms_event {
	WMS_EVENT_MESSAGE = 1 << 0,
};

/* Returns the next used place of a storage, from *index on, or NULL. */
static struct sms *wms_next(struct modem *modem, uint8_t storage, uint32_t *index)
{
	for (; *index < SMS_MAX; ++*index) {
		struct sms *sms = &modem->sms[*index];

		if (sms->text[0] && sms->storage == storage)
			return sms;
	}
	return NULL;
}

static struct sms *wms_find(struct modem *modem, uint8_t storage, uint32_t index)
{
	uint32_t at = index;

	return wms_next(modem, storage, &at) && at == index ? &modem->sms[index] : NULL;
}

/* Nothing that a program has sent or read is stored, so every message is unread. */
static int wms_list(const struct request *request)
{
	const uint8_t *tag = frame_tlv(request->frame, 0x11, 1, NULL);
	struct tlv list = {0}, entries = {0};
	unsigned int count = 0;

	for (uint32_t i = 0; wms_next(request->modem, request->value[0], &i); i++) {
		if (tag && *tag != TAG_UNREAD)
			continue;
		tlv_put(&entries, "wb", i, TAG_UNREAD);
		count++;
	}
	tlv_put(&list, "w", count);
	tlv_put_bytes(&list, entries.value, entries.len);
	tlv_end(&list, request->answer, 0x01);
	return QMI_ERROR_NONE;
}

/* The service centre's number, then an SMS-DELIVER of 3GPP TS 23.040. */
static void wms_put_pdu(struct tlv *tlv, const struct sms *sms)
{
	static const uint8_t start[] = {
		0x07, 0x91,     0x94, 0x00, 0x00, 0x00, 0x00, 0x10, /* from +490000000001 */
		0x04,                                               /* no more messages wait */
		0x0B, 0x91,     0x94, 0x00, 0x00, 0x10, 0x32, 0xF4, /* by +49000001234 */
		0x00, DCS_UCS2, 0x62, 0x10, 0x10, 0x21, 0x00, 0x00, 0x00, /* 2026-01-01 12:00:00 */
	};
	size_t len = strlen(sms->text);

	tlv_put(tlv, "h", (unsigned int)(sizeof(start) + 1 + len * CODE_UNIT));
	tlv_put_bytes(tlv, start, sizeof(start));
	tlv_put(tlv, "b", (unsigned int)(len * CODE_UNIT));
	for (size_t i = 0; i < len; i++)
		tlv_put(tlv, "bb", 0, (unsigned char)sms->text[i]);
}

static int wms_read(const struct request *request)
{
	const struct sms *sms =
		wms_find(request->modem, request->value[0], tlv_get_u32(request->value + 1));
	struct tlv tlv = {0};

	if (!sms)
		return QMI_ERROR_INVALID_INDEX;
	tlv_put(&tlv, "bb", TAG_UNREAD, FORMAT_GSM);
	wms_put_pdu(&tlv, sms);
	tlv_end(&tlv, request->answer, 0x01);
	return QMI_ERROR_NONE;
}

/* Deletes one message, or all of a storage. */
static int wms_delete(const struct request *request)
{
	const uint8_t *index = frame_tlv(request->frame, 0x10, 4, NULL);
	struct sms *sms;

	if (index) {
		sms = wms_find(request->modem, request->value[0], tlv_get_u32(index));
		if (!sms)
			return QMI_ERROR_INVALID_INDEX;
		*sms = (struct sms){0};
		return QMI_ERROR_NONE;
	}
	for (uint32_t i = 0; (sms = wms_next(request->modem, request->value[0], &i)); i++)
		*sms = (struct sms){0};
	return QMI_ERROR_NONE;
}

bool wms_deliver(struct modem *modem, const char *text)
{
	uint8_t frame[LINE_FRAME_MAX];

	for (uint32_t i = 0; i < SMS_MAX; i++) {
		struct sms *sms = &modem->sms[i];

		if (sms->text[0])
			continue;
		sms->storage = modem->routes_count ? modem->routes[0].fields[2] : STORAGE_MODEM;
		memcpy(sms->text, text, strlen(text) + 1);
		clients_begin(frame, QMI_SERVICE_WMS, 0x0001);
		tlv_add(frame, 0x10, "bw", sms->storage, i);
		tlv_add(frame, 0x12, "b", 1); /* GSM and WCDMA */
		clients_indicate(modem, frame, WMS_EVENT_MESSAGE);
		return true;
	}
	return false;
}

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
	{.id = 0x0001, .switches = {{0x10, WMS_EVENT_MESSAGE}}},
	{.id = 0x001E, .handle = service_list_messages},
	{.id = 0x0022, .mandatory = {0x01, 5}, .handle = wms_read},
	{.id = 0x0024, .mandatory = {0x01, 1}, .handle = wms_delete},
	{.id = 0x0030, .fixed = {FIXED(0x01, "\1")}}, /* message protocol: GSM and WCDMA */
	{.id = 0x0031, .mandatory = {0x01, 1}, .handle = wms_list},
	{.id = 0x0032, .mandatory = {0x01, 2}, .handle = wms_set_routes},
	{.id = 0x0033, .add = wms_add_routes},
};

const struct service wms_service = {
	INDEX_WMS, QMI_SERVICE_WMS, "wms", 1, 10, wms_messages, COUNT(wms_messages), NULL,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UIM: the card, its applications and a few of its files. */
#include <string.h>

#include "errors.h"
#include "frame.h"
#include "modem.h"
#include "sim_card.h"
#include "tlv.h"

#define INDEX_NONE 0xFFFF /* no slot, no application */
#define AID_SIZE   16

/* A file of the card and, for Read Transparent, what is in it. */
struct card_file {
	uint16_t id;
	uint16_t size;
	uint8_t bytes[10];
};

static const struct card_file files[] = {
	{0x2FE2, 10, {0x98, 0x94, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x32, 0xF0}}, /* ICCID */
	{0x6F07, 9, {0x08, 0x09, 0x10, 0x10, 0x10, 0x32, 0x54, 0x76, 0x98}},        /* IMSI */
	{0x6FAD, 4, {0x00, 0x00, 0x00, 0x02}},                                      /* AD */
};

static int register_events(struct modem *modem, const struct request *request)
{
	const uint8_t *mask = frame_tlv(request->frame, 0x01, 4, NULL);

	(void)modem;
	if (!mask)
		return service_missing(request, 0x01);
	request->client->events = le32_get(mask);
	frame_add_u32(request->answer, 0x10, le32_get(mask));
	return QMI_ERROR_NONE;
}

static void put_application(struct tlv *tlv, unsigned int type, unsigned int state,
			    const uint8_t *aid)
{
	static const uint8_t pins[] = {
		0,        /* UPIN does not replace PIN1 */
		3, 3, 10, /* PIN1: disabled, retries to verify, to unblock */
		1, 3, 10, /* PIN2: enabled, not verified */
	};

	tlv_u8(tlv, type);
	tlv_u8(tlv, state);
	tlv_u8(tlv, 2);  /* personalization: ready */
	tlv_u8(tlv, 11); /* of no known feature */
	tlv_u8(tlv, 0);
	tlv_u8(tlv, 0);
	tlv_u8(tlv, AID_SIZE);
	tlv_bytes(tlv, aid, AID_SIZE);
	tlv_bytes(tlv, pins, sizeof(pins));
}

static int get_card_status(struct modem *modem, const struct request *request)
{
	static const uint8_t usim[AID_SIZE] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02, 0xFF,
					       0x49, 0xFF, 0xFF, 0x89, 0x04, 0x0B, 0x00, 0xFF};
	static const uint8_t isim[AID_SIZE] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x04, 0xFF,
					       0x49, 0xFF, 0xFF, 0x89, 0x04, 0x0B, 0x00, 0xFF};
	struct tlv tlv;

	(void)modem;
	tlv_begin(&tlv);
	tlv_u16(&tlv, 0); /* the primary 3GPP application: the first of the first slot */
	tlv_u16(&tlv, INDEX_NONE);
	tlv_u16(&tlv, INDEX_NONE);
	tlv_u16(&tlv, INDEX_NONE);
	tlv_u8(&tlv, 1);
	tlv_u8(&tlv, 1); /* a card is present; UPIN is not initialised */
	tlv_u8(&tlv, 0);
	tlv_u8(&tlv, 0);
	tlv_u8(&tlv, 0);
	tlv_u8(&tlv, 0);
	tlv_u8(&tlv, 2);
	put_application(&tlv, 2, 7, usim); /* ready */
	put_application(&tlv, 5, 1, isim); /* detected */
	tlv_end(&tlv, request->answer, 0x10);
	return QMI_ERROR_NONE;
}

static int get_slot_status(struct modem *modem, const struct request *request)
{
	struct tlv tlv;

	(void)modem;
	tlv_begin(&tlv);
	tlv_u8(&tlv, 1);
	tlv_u32(&tlv, 2); /* a card is present */
	tlv_u32(&tlv, 1); /* in a slot that is active */
	tlv_u8(&tlv, 1);
	tlv_u8(&tlv, sizeof(files[0].bytes));
	tlv_bytes(&tlv, files[0].bytes, sizeof(files[0].bytes));
	tlv_end(&tlv, request->answer, 0x10);
	return QMI_ERROR_NONE;
}

static int get_configuration(struct modem *modem, const struct request *request)
{
	(void)modem;
	frame_add_u8(request->answer, 0x10, 1); /* automatic selection of the application */
	frame_add_u8(request->answer, 0x12, 0); /* the subscription is not halted */
	return QMI_ERROR_NONE;
}

static const struct card_file *find_file(const struct request *request)
{
	const uint8_t *id = frame_tlv(request->frame, 0x02, 3, NULL);

	for (size_t i = 0; i < COUNT(files); i++) {
		if (files[i].id == le16_get(id))
			return &files[i];
	}
	return NULL;
}

/* The card itself answers 90 00: no error. */
static void add_card_result(uint8_t *answer)
{
	static const uint8_t no_error[] = {0x90, 0x00};

	frame_add_tlv(answer, 0x10, no_error, sizeof(no_error));
}

static int read_transparent(struct modem *modem, const struct request *request)
{
	const uint8_t *range = frame_tlv(request->frame, 0x03, 4, NULL);
	const struct card_file *file;
	uint16_t offset, len;
	struct tlv tlv;

	(void)modem;
	if (!frame_tlv(request->frame, 0x02, 3, NULL))
		return service_missing(request, 0x02);
	if (!range)
		return service_missing(request, 0x03);
	file = find_file(request);
	if (!file)
		return QMI_ERROR_SIM_FILE_NOT_FOUND;
	offset = le16_get(range);
	len = le16_get(range + 2);
	if (offset > file->size || len > file->size - offset)
		return QMI_ERROR_INVALID_ARGUMENT;
	if (len == 0) /* all of it */
		len = (uint16_t)(file->size - offset);
	add_card_result(request->answer);
	tlv_begin(&tlv);
	tlv_u16(&tlv, len);
	tlv_bytes(&tlv, file->bytes + offset, len);
	tlv_end(&tlv, request->answer, 0x11);
	return QMI_ERROR_NONE;
}

static int get_file_attributes(struct modem *modem, const struct request *request)
{
	static const uint8_t security[5 * 3]; /* to read, write and so on: always */
	const struct card_file *file;
	struct tlv tlv;

	(void)modem;
	if (!frame_tlv(request->frame, 0x02, 3, NULL))
		return service_missing(request, 0x02);
	file = find_file(request);
	if (!file)
		return QMI_ERROR_SIM_FILE_NOT_FOUND;
	add_card_result(request->answer);
	tlv_begin(&tlv);
	tlv_u16(&tlv, file->size);
	tlv_u16(&tlv, file->id);
	tlv_u8(&tlv, 0);  /* transparent */
	tlv_u16(&tlv, 0); /* no records */
	tlv_u16(&tlv, 0);
	tlv_bytes(&tlv, security, sizeof(security));
	tlv_u16(&tlv, 0);
	tlv_end(&tlv, request->answer, 0x11);
	return QMI_ERROR_NONE;
}

static const struct message messages[] = {
	{0x0000, service_reset},       {0x001E, service_list_messages}, {0x0020, read_transparent},
	{0x0024, get_file_attributes}, {0x002E, register_events},       {0x002F, get_card_status},
	{0x003A, get_configuration},   {0x0047, get_slot_status},
};

const struct service service_uim = {
	QMI_SERVICE_UIM, "uim", 1, 46, messages, COUNT(messages),
};

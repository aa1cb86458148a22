/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UIM: the card, its applications and a few of its files. */
#include "frame.h"
#include "services.h"
#include "tlv.h"

#define NO_APPLICATION 0xFFFF /* no slot, no application */
#define AID_SIZE       16

/* A file of the card with its contents for Read Transparent. */
struct card_file {
	uint16_t id;
	uint16_t size;
	uint8_t bytes[10];
};

static const struct card_file uim_files[] = {
	{0x2FE2, 10, {0x98, 0x94, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x32, 0xF0}}, /* ICCID */
	{0x6F07, 9, {0x08, 0x09, 0x10, 0x10, 0x10, 0x32, 0x54, 0x76, 0x98}},        /* IMSI */
	{0x6FAD, 4, {0x00, 0x00, 0x00, 0x02}},                                      /* AD */
};

static int uim_register_events(const struct request *request)
{
	request->client->events = tlv_get_u32(request->value);
	tlv_add(request->answer, 0x10, "w", request->client->events);
	return QMI_ERROR_NONE;
}

static void uim_put_application(struct tlv *tlv, unsigned int type, unsigned int state,
				uint8_t aid_kind)
{
	const uint8_t aid[AID_SIZE] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, aid_kind, 0xFF,
				       0x49, 0xFF, 0xFF, 0x89, 0x04, 0x0B, 0x00,     0xFF};

	tlv_put(tlv, "bb", type, state);
	tlv_put(tlv, "bbbb", 2, 11, 0, 0); /* personalization: ready, feature unknown */
	tlv_put(tlv, "b", AID_SIZE);
	tlv_put_bytes(tlv, aid, AID_SIZE);
	tlv_put(tlv, "b", 0);          /* UPIN does not replace PIN1 */
	tlv_put(tlv, "bbb", 3, 3, 10); /* PIN1: disabled, retries to verify, to unblock */
	tlv_put(tlv, "bbb", 1, 3, 10); /* PIN2: enabled, not verified */
}

static void uim_add_card_status(const struct modem *modem, uint8_t *answer)
{
	struct tlv tlv = {0};

	(void)modem;
	/* The primary 3GPP application is the first of the first slot. */
	tlv_put(&tlv, "hhhh", 0, NO_APPLICATION, NO_APPLICATION, NO_APPLICATION);
	tlv_put(&tlv, "bbbbbb", 1, 1, 0, 0, 0, 0); /* one card, present; UPIN not initialised */
	tlv_put(&tlv, "b", 2);
	uim_put_application(&tlv, 2, 7, 0x02); /* USIM, ready */
	uim_put_application(&tlv, 5, 1, 0x04); /* ISIM, detected */
	tlv_end(&tlv, answer, 0x10);
}

static void uim_add_slot_status(const struct modem *modem, uint8_t *answer)
{
	struct tlv tlv = {0};

	(void)modem;
	tlv_put(&tlv, "bwwbb", 1, 2, 1, 1, 10); /* one slot, card present, active; ICCID follows */
	tlv_put_bytes(&tlv, uim_files[0].bytes, sizeof(uim_files[0].bytes));
	tlv_end(&tlv, answer, 0x10);
}

static const struct card_file *uim_find_file(const struct request *request)
{
	for (size_t i = 0; i < COUNT(uim_files); i++) {
		if (uim_files[i].id == le16_get(request->value))
			return &uim_files[i];
	}
	return NULL;
}

/* The card itself answers 90 00: no error. */
static void uim_add_card_result(uint8_t *answer)
{
	tlv_add(answer, 0x10, "bb", 0x90, 0x00);
}

static int uim_read_transparent(const struct request *request)
{
	const uint8_t *range = frame_tlv(request->frame, 0x03, 4, NULL);
	const struct card_file *file = uim_find_file(request);
	uint16_t offset, len;
	struct tlv tlv = {0};

	if (!range)
		return service_missing(request, 0x03);
	if (!file)
		return QMI_ERROR_SIM_FILE_NOT_FOUND;
	offset = le16_get(range);
	len = le16_get(range + 2);
	if (offset > file->size || len > file->size - offset)
		return QMI_ERROR_INVALID_ARGUMENT;
	if (len == 0) /* all of it */
		len = (uint16_t)(file->size - offset);
	uim_add_card_result(request->answer);
	tlv_put(&tlv, "h", len);
	tlv_put_bytes(&tlv, file->bytes + offset, len);
	tlv_end(&tlv, request->answer, 0x11);
	return QMI_ERROR_NONE;
}

static int uim_get_file_attributes(const struct request *request)
{
	static const uint8_t security[5 * 3]; /* to read, write and so on: always */
	const struct card_file *file = uim_find_file(request);
	struct tlv tlv = {0};

	if (!file)
		return QMI_ERROR_SIM_FILE_NOT_FOUND;
	uim_add_card_result(request->answer);
	tlv_put(&tlv, "hhb", file->size, file->id, 0); /* transparent */
	tlv_put(&tlv, "hh", 0, 0);                     /* no records */
	tlv_put_bytes(&tlv, security, sizeof(security));
	tlv_put(&tlv, "h", 0);
	tlv_end(&tlv, request->answer, 0x11);
	return QMI_ERROR_NONE;
}

static const struct message uim_messages[] = {
	{.id = 0x0000, .handle = service_reset},
	{.id = 0x001E, .handle = service_list_messages},
	{.id = 0x0020, .mandatory = {0x02, 3}, .handle = uim_read_transparent},
	{.id = 0x0024, .mandatory = {0x02, 3}, .handle = uim_get_file_attributes},
	{.id = 0x002E, .mandatory = {0x01, 4}, .handle = uim_register_events},
	{.id = 0x002F, .add = uim_add_card_status},
	/* The application is selected automatically; the subscription is not halted. */
	{.id = 0x003A, .fixed = {FIXED(0x10, "\1"), FIXED(0x12, "\0")}},
	{.id = 0x0047, .add = uim_add_slot_status},
};

const struct service uim_service = {
	INDEX_UIM, QMI_SERVICE_UIM, "uim", 1, 46, uim_messages, COUNT(uim_messages), NULL,
};

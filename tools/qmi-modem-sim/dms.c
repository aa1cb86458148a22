/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DMS: the device, its identity and its operating mode. */
#include <time.h>

#include "clients.h"
#include "frame.h"
#include "millis.h"
#include "services.h"
#include "tlv.h"

#define RESET_MS       300
#define GPS_EPOCH      315964800 /* 6 January 1980, when DMS time begins */
#define MODES          (MODE_ONLY_LOW_POWER + 1)
#define MEID_DIGITS    14
#define LTE_BANDS      UINT64_C(0x00000000080800C5) /* 1, 3, 7, 8, 20, 28 */
#define GSM_UMTS_BANDS UINT64_C(0x0002000000400380) /* GSM 900 and 1800, UMTS 2100 and 900 */

enum dms_event {
	DMS_EVENT_MODE = 1 << 0,
};

const char *dms_mode_name(enum operating_mode mode)
{
	static const char *const names[MODES] = {
		"online", "low-power",     "factory-test",         "offline",
		"reset",  "shutting-down", "persistent-low-power", "mode-only-low-power",
	};

	return names[mode];
}

static void dms_set_mode(struct modem *modem, enum operating_mode mode)
{
	bool was_online = modem_state_online(modem);
	uint8_t frame[LINE_FRAME_MAX];

	if (mode == modem->mode)
		return;
	modem->mode = mode;
	clients_begin(frame, QMI_SERVICE_DMS, 0x0001);
	tlv_add(frame, 0x14, "b", modem->mode);
	clients_indicate(modem, frame, DMS_EVENT_MODE);
	if (was_online == modem_state_online(modem))
		return;
	if (was_online)
		call_end_all(modem);
	nas_indicate_serving_system(modem);
}

static void dms_add_capabilities(const struct modem *modem, uint8_t *answer)
{
	(void)modem;
	tlv_add(answer, 0x01, "wwbbbbbb", 50000000, 150000000, /* bit/s up and down */
		3,                                             /* calls and packets at once */
		2,                                             /* SIM supported */
		3, 4, 5, 8);                                   /* radios: GSM, UMTS, LTE */
}

static void dms_add_model(const struct modem *modem, uint8_t *answer)
{
	tlv_add(answer, 0x01, "t", modem->settings->model);
}

static void dms_add_ids(const struct modem *modem, uint8_t *answer)
{
	const char *imei = modem->settings->imei;

	tlv_add(answer, 0x10, "t", "0"); /* ESN: none */
	tlv_add(answer, 0x11, "t", imei);
	frame_add_tlv(answer, 0x12, imei, MEID_DIGITS);
	tlv_add(answer, 0x13, "t", "12");
}

static void dms_add_operating_mode(const struct modem *modem, uint8_t *answer)
{
	tlv_add(answer, 0x01, "b", modem->mode);
	if (modem->mode == MODE_OFFLINE)
		tlv_add(answer, 0x10, "h", 1); /* reason: host image misconfiguration */
	tlv_add(answer, 0x11, "b", 0);         /* no hardware switch restricts it */
}

/* The only way out of offline is a reset. */
static int dms_set_operating_mode(const struct request *request)
{
	struct modem *modem = request->modem;
	uint8_t mode = *request->value;

	if (mode >= MODES)
		return QMI_ERROR_INVALID_ARGUMENT;
	if (modem->mode == MODE_OFFLINE && mode != MODE_OFFLINE && mode != MODE_RESET)
		return QMI_ERROR_INVALID_TRANSITION;
	if (mode == MODE_RESET)
		modem->reset_at = millis_now() + RESET_MS;
	else
		dms_set_mode(modem, mode);
	return QMI_ERROR_NONE;
}

/* The time in units of 1.25 ms, in 6 bytes, then its source: the device. */
static void dms_add_time(const struct modem *modem, uint8_t *answer)
{
	uint64_t ms = ((uint64_t)time(NULL) - GPS_EPOCH) * 1000;

	(void)modem;
	tlv_add(answer, 0x01, "q", ms * 4 / 5);
	tlv_add(answer, 0x10, "q", ms);
	tlv_add(answer, 0x11, "q", ms);
}

static void dms_add_band_capabilities(const struct modem *modem, uint8_t *answer)
{
	(void)modem;
	tlv_add(answer, 0x01, "q", GSM_UMTS_BANDS);
	tlv_add(answer, 0x10, "q", LTE_BANDS);
	tlv_add(answer, 0x12, "hhhhhhh", 6, 1, 3, 7, 8, 20, 28); /* the LTE bands as a list */
}

static const struct message dms_messages[] = {
	{.id = 0x0000, .handle = service_reset},
	{.id = 0x0001, .switches = {{0x14, DMS_EVENT_MODE}}},
	{.id = 0x001E, .handle = service_list_messages},
	{.id = 0x0020, .add = dms_add_capabilities},
	{.id = 0x0021, .fixed = {FIXED(0x01, MODEM_MANUFACTURER)}},
	{.id = 0x0022, .add = dms_add_model},
	{.id = 0x0023, .fixed = {FIXED(0x01, "QS9X30C_02.33.03.00 r8209 2024/03/01 12:00:00")}},
	{.id = 0x0024, .fixed = {FIXED(0x01, "+4900000012345")}}, /* MSISDN */
	{.id = 0x0025, .add = dms_add_ids},
	{.id = 0x0026, .fixed = {FIXED(0x01, "\1\0")}}, /* powered from outside, no battery */
	/* PIN1 is disabled, PIN2 enabled and not verified; 3 tries to verify, 10 to unblock. */
	{.id = 0x002B, .fixed = {FIXED(0x11, "\3\3\x0A"), FIXED(0x12, "\1\3\x0A")}},
	{.id = 0x002C, .fixed = {FIXED(0x01, "1.0")}}, /* hardware revision */
	{.id = 0x002D, .add = dms_add_operating_mode},
	{.id = 0x002E, .mandatory = {0x01, 1}, .handle = dms_set_operating_mode},
	{.id = 0x002F, .add = dms_add_time},
	{.id = 0x0031, .fixed = {FIXED(0x01, "\1\0")}},                /* activated */
	{.id = 0x0034, .fixed = {FIXED(0x01, "\0")}},                  /* not locked by the user */
	{.id = 0x003C, .fixed = {FIXED(0x01, "8949000000000001230")}}, /* ICCID, also in uim.c */
	{.id = 0x0043, .fixed = {FIXED(0x01, "001010123456789")}},     /* IMSI, also in uim.c */
	{.id = 0x0044, .fixed = {FIXED(0x01, "\0")}},                  /* UIM: initialised */
	{.id = 0x0045, .add = dms_add_band_capabilities},
	{.id = 0x0046, .fixed = {FIXED(0x01, "1102499")}}, /* factory SKU */
	{.id = 0x0051, .fixed = {FIXED(0x01, "QS9X30C_02.33.03.00")}},
};

const struct service dms_service = {
	INDEX_DMS, QMI_SERVICE_DMS, "dms", 1, 14, dms_messages, COUNT(dms_messages), NULL,
};

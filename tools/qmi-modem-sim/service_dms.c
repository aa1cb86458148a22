/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DMS: the device, its identity and its operating mode. */
#include "service_dms.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "errors.h"
#include "frame.h"
#include "millis.h"
#include "sim_card.h"
#include "tlv.h"

#define RESET_MS       300
#define GPS_EPOCH      315964800 /* 6 January 1980, since when DMS counts time */
#define MODES          (MODE_ONLY_LOW_POWER + 1)
#define MEID_DIGITS    14
#define PIN_DISABLED   3
#define LTE_BANDS      0x00000000080800C5 /* 1, 3, 7, 8, 20, 28 */
#define GSM_UMTS_BANDS 0x0002000000400380 /* GSM 900 and 1800, UMTS 2100 and 900 */

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

void dms_indicate_mode(struct modem *modem)
{
	uint8_t frame[LINE_FRAME_MAX];

	modem_begin_indication(frame, &service_dms, 0x0001);
	frame_add_u8(frame, 0x14, modem->mode);
	modem_indicate(modem, frame, DMS_EVENT_MODE);
}

static int set_event_report(struct modem *modem, const struct request *request)
{
	static const struct event_switch switches[] = {{0x14, DMS_EVENT_MODE}};

	(void)modem;
	service_switch_events(request, switches, COUNT(switches));
	return QMI_ERROR_NONE;
}

static int get_capabilities(struct modem *modem, const struct request *request)
{
	static const uint8_t radios[] = {3, 4, 5, 8}; /* GSM, UMTS, LTE */
	struct tlv tlv;

	(void)modem;
	tlv_begin(&tlv);
	tlv_u32(&tlv, 50000000);
	tlv_u32(&tlv, 150000000);
	tlv_u8(&tlv, 3); /* calls and packets at once */
	tlv_u8(&tlv, 2); /* has a SIM */
	tlv_bytes(&tlv, radios, sizeof(radios));
	tlv_end(&tlv, request->answer, 0x01);
	return QMI_ERROR_NONE;
}

static int get_manufacturer(struct modem *modem, const struct request *request)
{
	(void)modem;
	frame_add_text(request->answer, 0x01, MODEM_MANUFACTURER);
	return QMI_ERROR_NONE;
}

static int get_model(struct modem *modem, const struct request *request)
{
	frame_add_text(request->answer, 0x01, modem->settings->model);
	return QMI_ERROR_NONE;
}

static int get_revision(struct modem *modem, const struct request *request)
{
	(void)modem;
	frame_add_text(request->answer, 0x01, "QS9X30C_02.33.03.00 r8209 2024/03/01 12:00:00");
	return QMI_ERROR_NONE;
}

static int get_hardware_revision(struct modem *modem, const struct request *request)
{
	(void)modem;
	frame_add_text(request->answer, 0x01, "1.0");
	return QMI_ERROR_NONE;
}

static int get_software_version(struct modem *modem, const struct request *request)
{
	(void)modem;
	frame_add_text(request->answer, 0x01, "QS9X30C_02.33.03.00");
	return QMI_ERROR_NONE;
}

static int get_factory_sku(struct modem *modem, const struct request *request)
{
	(void)modem;
	frame_add_text(request->answer, 0x01, "1102499");
	return QMI_ERROR_NONE;
}

static int get_msisdn(struct modem *modem, const struct request *request)
{
	(void)modem;
	frame_add_text(request->answer, 0x01, SIM_CARD_MSISDN);
	return QMI_ERROR_NONE;
}

static int get_ids(struct modem *modem, const struct request *request)
{
	const char *imei = modem->settings->imei;

	frame_add_text(request->answer, 0x10, "0"); /* ESN: none */
	frame_add_text(request->answer, 0x11, imei);
	frame_add_tlv(request->answer, 0x12, imei, MEID_DIGITS);
	frame_add_text(request->answer, 0x13, "12");
	return QMI_ERROR_NONE;
}

static int get_power_state(struct modem *modem, const struct request *request)
{
	static const uint8_t state[] = {1, 0}; /* powered from outside, no battery */

	(void)modem;
	frame_add_tlv(request->answer, 0x01, state, sizeof(state));
	return QMI_ERROR_NONE;
}

static int get_pin_status(struct modem *modem, const struct request *request)
{
	static const uint8_t pin1[] = {PIN_DISABLED, 3, 10};
	static const uint8_t pin2[] = {1, 3, 10}; /* enabled, not verified */

	(void)modem;
	frame_add_tlv(request->answer, 0x11, pin1, sizeof(pin1));
	frame_add_tlv(request->answer, 0x12, pin2, sizeof(pin2));
	return QMI_ERROR_NONE;
}

static int get_operating_mode(struct modem *modem, const struct request *request)
{
	frame_add_u8(request->answer, 0x01, modem->mode);
	if (modem->mode == MODE_OFFLINE)
		frame_add_u16(request->answer, 0x10, 1); /* reason: host image misconfiguration */
	frame_add_u8(request->answer, 0x11, 0);          /* no hardware switch restricts it */
	return QMI_ERROR_NONE;
}

/* Out of offline there is no way but a reset. */
static int set_operating_mode(struct modem *modem, const struct request *request)
{
	const uint8_t *mode = frame_tlv(request->frame, 0x01, 1, NULL);

	if (!mode)
		return service_missing(request, 0x01);
	if (*mode >= MODES)
		return QMI_ERROR_INVALID_ARGUMENT;
	if (modem->mode == MODE_OFFLINE && *mode != MODE_OFFLINE && *mode != MODE_RESET)
		return QMI_ERROR_INVALID_TRANSITION;
	if (*mode == MODE_RESET)
		modem->reset_at = millis_now() + RESET_MS;
	else
		modem_set_mode(modem, *mode);
	return QMI_ERROR_NONE;
}

/* The count is of 1.25 ms, 6 bytes, followed by where the time is from: the device. */
static int get_time(struct modem *modem, const struct request *request)
{
	uint64_t ms = ((uint64_t)time(NULL) - GPS_EPOCH) * 1000;
	uint64_t count = ms * 4 / 5;
	struct tlv tlv;

	(void)modem;
	tlv_begin(&tlv);
	tlv_u32(&tlv, (uint32_t)(count & UINT32_MAX));
	tlv_u16(&tlv, (unsigned int)(count >> 32));
	tlv_u16(&tlv, 0);
	tlv_end(&tlv, request->answer, 0x01);
	frame_add_u64(request->answer, 0x10, ms);
	frame_add_u64(request->answer, 0x11, ms);
	return QMI_ERROR_NONE;
}

static int get_activation_state(struct modem *modem, const struct request *request)
{
	(void)modem;
	frame_add_u16(request->answer, 0x01, 1); /* activated */
	return QMI_ERROR_NONE;
}

static int get_user_lock_state(struct modem *modem, const struct request *request)
{
	(void)modem;
	frame_add_u8(request->answer, 0x01, 0); /* not locked */
	return QMI_ERROR_NONE;
}

static int get_iccid(struct modem *modem, const struct request *request)
{
	(void)modem;
	frame_add_text(request->answer, 0x01, SIM_CARD_ICCID);
	return QMI_ERROR_NONE;
}

static int get_imsi(struct modem *modem, const struct request *request)
{
	(void)modem;
	frame_add_text(request->answer, 0x01, SIM_CARD_IMSI);
	return QMI_ERROR_NONE;
}

static int get_uim_state(struct modem *modem, const struct request *request)
{
	(void)modem;
	frame_add_u8(request->answer, 0x01, 0); /* initialised */
	return QMI_ERROR_NONE;
}

static int get_band_capabilities(struct modem *modem, const struct request *request)
{
	static const uint8_t bands[] = {6, 0, 1, 0, 3, 0, 7, 0, 8, 0, 20, 0, 28, 0};

	(void)modem;
	frame_add_u64(request->answer, 0x01, GSM_UMTS_BANDS);
	frame_add_u64(request->answer, 0x10, LTE_BANDS);
	frame_add_tlv(request->answer, 0x12, bands, sizeof(bands));
	return QMI_ERROR_NONE;
}

static const struct message messages[] = {
	{0x0000, service_reset},
	{0x0001, set_event_report},
	{0x001E, service_list_messages},
	{0x0020, get_capabilities},
	{0x0021, get_manufacturer},
	{0x0022, get_model},
	{0x0023, get_revision},
	{0x0024, get_msisdn},
	{0x0025, get_ids},
	{0x0026, get_power_state},
	{0x002B, get_pin_status},
	{0x002C, get_hardware_revision},
	{0x002D, get_operating_mode},
	{0x002E, set_operating_mode},
	{0x002F, get_time},
	{0x0031, get_activation_state},
	{0x0034, get_user_lock_state},
	{0x003C, get_iccid},
	{0x0043, get_imsi},
	{0x0044, get_uim_state},
	{0x0045, get_band_capabilities},
	{0x0046, get_factory_sku},
	{0x0051, get_software_version},
};

const struct service service_dms = {
	QMI_SERVICE_DMS, "dms", 1, 14, messages, COUNT(messages),
};

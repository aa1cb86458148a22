/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "calls.h"

#include <stddef.h>

#include "frame.h"

#define TLV_FAMILY        0x19 /* of Start Network: u8 */
#define TLV_STATUS_FAMILY 0x12 /* of Packet Service Status: u8 */
#define FAMILY_IPV6       6
#define DISCONNECTED      1
#define EVERY_CALL        UINT32_MAX /* the handle that means all of them */
#define MODE_ONLINE       0

static uint32_t calls_u32(const uint8_t *frame, uint8_t type)
{
	const uint8_t *value = frame_tlv(frame, type, 4, NULL);

	if (!value)
		return 0;
	return value[0] | (uint32_t)value[1] << 8 | (uint32_t)value[2] << 16 |
	       (uint32_t)value[3] << 24;
}

/* A mode is counted from 1, because 0 is a mode. */
static uint32_t calls_mode(const uint8_t *request)
{
	const uint8_t *value = frame_tlv(request, QMI_TLV_FIRST, 1, NULL);

	return value ? value[0] + 1U : 0;
}

uint32_t calls_subject(const uint8_t *request)
{
	uint16_t message = frame_message(request);
	const uint8_t *family;

	if (frame_service(request) == QMI_SERVICE_DMS)
		return message == QMI_DMS_SET_OPERATING_MODE ? calls_mode(request) : 0;
	if (frame_service(request) != QMI_SERVICE_WDS)
		return 0;
	if (message == QMI_WDS_STOP_NETWORK)
		return calls_u32(request, QMI_TLV_FIRST);
	family = message == QMI_WDS_START_NETWORK ? frame_tlv(request, TLV_FAMILY, 1, NULL) : NULL;
	return family ? *family : 0;
}

static void calls_end_all(struct calls *calls)
{
	calls->up[CALLS_IPV4] = false;
	calls->up[CALLS_IPV6] = false;
}

static enum calls_family calls_family(uint32_t number)
{
	return number == FAMILY_IPV6 ? CALLS_IPV6 : CALLS_IPV4;
}

static void calls_stop(struct calls *calls, uint32_t handle)
{
	if (handle == 0 || handle == EVERY_CALL)
		calls_end_all(calls);
	for (unsigned i = 0; i < CALLS_FAMILIES; i++)
		if (calls->handle[i] == 0 || calls->handle[i] == handle)
			calls->up[i] = false;
}

void calls_note_response(struct calls *calls, const uint8_t *response, uint32_t subject)
{
	uint16_t message = frame_message(response);
	uint16_t error = frame_error(response);
	enum calls_family family = calls_family(subject);

	if (message == QMI_WDS_START_NETWORK && error == QMI_ERROR_NONE) {
		calls->up[family] = true;
		calls->handle[family] = calls_u32(response, QMI_TLV_FIRST);
	} else if (message == QMI_WDS_STOP_NETWORK &&
		   (error == QMI_ERROR_NONE || error == QMI_ERROR_NO_EFFECT)) {
		calls_stop(calls, subject);
	} else if (message == QMI_WDS_RESET && error == QMI_ERROR_NONE) {
		calls_end_all(calls);
	}
}

/* One that names a family ends the only call, too: its request may not have named any. */
void calls_note_indication(struct calls *calls, const uint8_t *indication)
{
	const uint8_t *status = frame_tlv(indication, QMI_TLV_FIRST, 1, NULL);
	const uint8_t *family = frame_tlv(indication, TLV_STATUS_FAMILY, 1, NULL);

	if (frame_message(indication) != QMI_WDS_PACKET_SERVICE_STATUS || !status ||
	    *status != DISCONNECTED)
		return;
	if (family && calls->up[CALLS_IPV4] && calls->up[CALLS_IPV6])
		calls->up[calls_family(*family)] = false;
	else
		calls_end_all(calls);
}

bool calls_end_with(const uint8_t *response, uint32_t subject)
{
	return frame_service(response) == QMI_SERVICE_DMS &&
	       frame_message(response) == QMI_DMS_SET_OPERATING_MODE &&
	       frame_error(response) == QMI_ERROR_NONE && subject > MODE_ONLINE + 1U;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame.h"

#include <string.h>

/* Offsets of the QMUX header; the SDU header follows it. */
enum {
	AT_MARKER = 0,
	AT_LENGTH = 1,
	AT_FLAGS = 3,
	AT_SERVICE = 4,
	AT_CID = 5,
	AT_QMI_FLAGS = 6,
	AT_TID = 7,
};

#define TLV_HEADER 3

static size_t tid_size(const uint8_t *frame)
{
	return frame[AT_SERVICE] == QMI_SERVICE_CTL ? 1 : 2;
}

static size_t message_at(const uint8_t *frame)
{
	return AT_TID + tid_size(frame);
}

static size_t tlvs_at(const uint8_t *frame)
{
	return message_at(frame) + 4;
}

/* CTL numbers its kinds 0, 1, 2; other services use a bit for each, 0x02 and 0x04. */
static uint8_t qmi_flags(uint8_t service, enum frame_kind kind)
{
	static const uint8_t ctl[] = {0x00, 0x01, 0x02};
	static const uint8_t other[] = {0x00, 0x02, 0x04};

	return service == QMI_SERVICE_CTL ? ctl[kind] : other[kind];
}

/* Some modems set the bit of a compound message in others, too. libqmi does not look at it. */
static uint8_t kind_bits(const uint8_t *frame)
{
	uint8_t compound = frame[AT_SERVICE] == QMI_SERVICE_CTL ? 0x00 : 0x01;

	return frame[AT_QMI_FLAGS] & (uint8_t)~compound;
}

static bool kind_fits(const uint8_t *frame, enum frame_origin origin)
{
	uint8_t service = frame[AT_SERVICE];

	if (origin == FRAME_FROM_APP)
		return frame[AT_QMI_FLAGS] == qmi_flags(service, FRAME_REQUEST);
	return kind_bits(frame) == qmi_flags(service, FRAME_RESPONSE) ||
	       kind_bits(frame) == qmi_flags(service, FRAME_INDICATION);
}

/*
 * Some modems do not set the service's flag. Their frames are taken if they are whole:
 * garbage would too often look like the beginning of one.
 */
static bool flags_fit(const uint8_t *data, size_t len, enum frame_origin origin)
{
	if (origin == FRAME_FROM_MODEM && data[AT_FLAGS] == QMUX_FLAGS_SERVICE)
		return true;
	return data[AT_FLAGS] == QMUX_FLAGS_APP &&
	       (origin == FRAME_FROM_APP || len >= frame_size(data));
}

/* True if the TLVs present so far can end exactly where the frame ends. */
static bool tlvs_fit(const uint8_t *frame, size_t len, size_t size)
{
	size_t at = tlvs_at(frame);

	while (at < size) {
		if (size - at < TLV_HEADER)
			return false;
		if (len < at + TLV_HEADER)
			return true;
		at += TLV_HEADER + (size_t)le16_get(frame + at + 1);
	}
	return at == size;
}

enum frame_scan frame_scan(const uint8_t *data, size_t len, enum frame_origin origin, size_t *size)
{
	*size = 0;
	if (len == 0)
		return FRAME_PARTIAL;
	if (data[AT_MARKER] != QMUX_MARKER)
		return FRAME_INVALID;
	if (len <= AT_LENGTH + 1)
		return FRAME_PARTIAL;

	*size = frame_size(data);
	/* A CTL frame without TLVs is the shortest. */
	if (*size < AT_TID + 1 + 4)
		return FRAME_INVALID;
	if (len > AT_FLAGS && !flags_fit(data, len, origin))
		return FRAME_INVALID;
	if (len <= AT_QMI_FLAGS)
		return FRAME_PARTIAL;
	if (!kind_fits(data, origin) || *size < tlvs_at(data))
		return FRAME_INVALID;
	if (len < tlvs_at(data))
		return FRAME_PARTIAL;
	if (le16_get(data + message_at(data) + 2) != *size - tlvs_at(data))
		return FRAME_INVALID;
	if (origin == FRAME_FROM_MODEM && !tlvs_fit(data, len, *size))
		return FRAME_INVALID;
	return len < *size ? FRAME_PARTIAL : FRAME_WHOLE;
}

size_t frame_size(const uint8_t *frame)
{
	return (size_t)le16_get(frame + AT_LENGTH) + 1;
}

uint8_t frame_service(const uint8_t *frame)
{
	return frame[AT_SERVICE];
}

uint8_t frame_cid(const uint8_t *frame)
{
	return frame[AT_CID];
}

enum frame_kind frame_kind(const uint8_t *frame)
{
	if (kind_bits(frame) == qmi_flags(frame[AT_SERVICE], FRAME_REQUEST))
		return FRAME_REQUEST;
	if (kind_bits(frame) == qmi_flags(frame[AT_SERVICE], FRAME_RESPONSE))
		return FRAME_RESPONSE;
	return FRAME_INDICATION;
}

uint16_t frame_tid(const uint8_t *frame)
{
	if (frame[AT_SERVICE] == QMI_SERVICE_CTL)
		return frame[AT_TID];
	return le16_get(frame + AT_TID);
}

uint16_t frame_message(const uint8_t *frame)
{
	return le16_get(frame + message_at(frame));
}

void frame_set_cid(uint8_t *frame, uint8_t cid)
{
	frame[AT_CID] = cid;
}

void frame_set_tid(uint8_t *frame, uint16_t tid)
{
	if (frame[AT_SERVICE] == QMI_SERVICE_CTL)
		frame[AT_TID] = (uint8_t)tid;
	else
		le16_put(frame + AT_TID, tid);
}

/* Offset of the first such TLV's value; 0 if there is none. */
static size_t tlv_value_at(const uint8_t *frame, uint8_t type, uint16_t min_len, uint16_t *len)
{
	size_t size = frame_size(frame);
	size_t at = tlvs_at(frame);

	while (size - at >= TLV_HEADER) {
		*len = le16_get(frame + at + 1);
		if (*len > size - at - TLV_HEADER)
			return 0;
		if (frame[at] == type)
			return *len < min_len ? 0 : at + TLV_HEADER;
		at += TLV_HEADER + (size_t)*len;
	}
	return 0;
}

const uint8_t *frame_tlv(const uint8_t *frame, uint8_t type, uint16_t min_len, uint16_t *len)
{
	uint16_t value_len;
	size_t at = tlv_value_at(frame, type, min_len, &value_len);

	if (at == 0)
		return NULL;
	if (len)
		*len = value_len;
	return frame + at;
}

bool frame_set_tlv(uint8_t *frame, uint8_t type, const void *value, uint16_t len)
{
	uint16_t value_len;
	size_t at = tlv_value_at(frame, type, len, &value_len);

	if (at == 0)
		return false;
	memcpy(frame + at, value, len);
	return true;
}

uint16_t frame_error(const uint8_t *frame)
{
	const uint8_t *value = frame_tlv(frame, QMI_TLV_RESULT, 4, NULL);

	if (!value)
		return QMI_ERROR_INTERNAL;
	if (le16_get(value) == QMI_RESULT_SUCCESS)
		return QMI_ERROR_NONE;
	return le16_get(value + 2) ? le16_get(value + 2) : QMI_ERROR_INTERNAL;
}

static void set_size(uint8_t *frame, size_t size)
{
	le16_put(frame + AT_LENGTH, (uint16_t)(size - 1));
	le16_put(frame + message_at(frame) + 2, (uint16_t)(size - tlvs_at(frame)));
}

void frame_begin(uint8_t *buf, enum frame_kind kind, uint8_t service, uint8_t cid, uint16_t tid,
		 uint16_t message)
{
	buf[AT_MARKER] = QMUX_MARKER;
	buf[AT_FLAGS] = kind == FRAME_REQUEST ? QMUX_FLAGS_APP : QMUX_FLAGS_SERVICE;
	buf[AT_SERVICE] = service;
	buf[AT_CID] = cid;
	buf[AT_QMI_FLAGS] = qmi_flags(service, kind);
	frame_set_tid(buf, tid);
	le16_put(buf + message_at(buf), message);
	set_size(buf, tlvs_at(buf));
}

void frame_add_tlv(uint8_t *frame, uint8_t type, const void *value, uint16_t len)
{
	size_t at = frame_size(frame);

	frame[at] = type;
	le16_put(frame + at + 1, len);
	memcpy(frame + at + TLV_HEADER, value, len);
	set_size(frame, at + TLV_HEADER + len);
}

void frame_add_result(uint8_t *frame, uint16_t error)
{
	uint8_t value[4];

	le16_put(value, error == QMI_ERROR_NONE ? QMI_RESULT_SUCCESS : QMI_RESULT_FAILURE);
	le16_put(value + 2, error);
	frame_add_tlv(frame, QMI_TLV_RESULT, value, sizeof(value));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "message.h"

#include "cmocka-all.h"
#include <string.h>

#define TLV_NUMBER  0x10
#define TLV_PADDING 0x20
#define TLV_HEADER  3

static void begin(struct message *m, enum frame_kind kind, uint8_t service, uint8_t cid,
		  uint16_t tid, uint16_t id)
{
	frame_begin(m->data, kind, service, cid, tid, id);
	m->len = frame_size(m->data);
}

void message_request(struct message *m, uint8_t service, uint8_t cid, uint16_t tid, uint16_t id)
{
	begin(m, FRAME_REQUEST, service, cid, tid, id);
}

void message_response(struct message *m, uint8_t service, uint8_t cid, uint16_t tid, uint16_t id,
		      uint16_t error)
{
	begin(m, FRAME_RESPONSE, service, cid, tid, id);
	frame_add_result(m->data, error);
	m->len = frame_size(m->data);
}

void message_indication(struct message *m, uint8_t service, uint8_t cid, uint16_t id)
{
	begin(m, FRAME_INDICATION, service, cid, 0, id);
}

void message_ctl(struct message *m, uint8_t tid, uint16_t id)
{
	begin(m, FRAME_REQUEST, QMI_SERVICE_CTL, QMI_CID_NONE, tid, id);
}

void message_allocate(struct message *m, uint8_t tid, uint8_t service)
{
	message_ctl(m, tid, QMI_CTL_ALLOCATE_CID);
	message_add_u8(m, QMI_TLV_FIRST, service);
}

void message_release(struct message *m, uint8_t tid, uint8_t service, uint8_t cid)
{
	message_ctl(m, tid, QMI_CTL_RELEASE_CID);
	message_add_client(m, service, cid);
}

void message_client_lost(struct message *m, uint16_t id, uint8_t service, uint8_t cid)
{
	message_indication(m, QMI_SERVICE_CTL, QMI_CID_NONE, id);
	message_add_client(m, service, cid);
}

void message_add(struct message *m, uint8_t type, const void *value, uint16_t len)
{
	assert_true(m->len + TLV_HEADER + len <= MESSAGE_MAX);
	frame_add_tlv(m->data, type, value, len);
	m->len = frame_size(m->data);
}

void message_add_u8(struct message *m, uint8_t type, uint8_t value)
{
	message_add(m, type, &value, sizeof(value));
}

void message_add_u16(struct message *m, uint8_t type, uint16_t value)
{
	uint8_t wire[2];

	le16_put(wire, value);
	message_add(m, type, wire, sizeof(wire));
}

void message_add_client(struct message *m, uint8_t service, uint8_t cid)
{
	message_add(m, QMI_TLV_FIRST, (uint8_t[]){service, cid}, 2);
}

void message_number(struct message *m, uint32_t number)
{
	uint8_t wire[4];

	le16_put(wire, (uint16_t)(number & 0xFFFF));
	le16_put(wire + 2, (uint16_t)(number >> 16));
	message_add(m, TLV_NUMBER, wire, sizeof(wire));
}

static uint32_t number_at(const uint8_t *wire)
{
	return le16_get(wire) | (uint32_t)le16_get(wire + 2) << 16;
}

uint32_t message_get_number(const struct message *m)
{
	const uint8_t *wire = frame_tlv(m->data, TLV_NUMBER, 4, NULL);

	assert_non_null(wire);
	return number_at(wire);
}

bool message_has_number(const struct message *m, uint32_t number)
{
	const uint8_t *wire = frame_tlv(m->data, TLV_NUMBER, 4, NULL);

	return wire && number_at(wire) == number;
}

void message_pad(struct message *m, size_t size)
{
	static const uint8_t padding[MESSAGE_MAX];

	assert_true(size >= m->len + TLV_HEADER);
	message_add(m, TLV_PADDING, padding, (uint16_t)(size - m->len - TLV_HEADER));
}

void message_append(struct message *m, const void *data, size_t len)
{
	assert_true(m->len + len <= MESSAGE_MAX);
	memcpy(m->data + m->len, data, len);
	m->len += len;
}

void message_outcome_of(struct message *answer, const struct message *request, uint16_t error)
{
	message_response(answer, frame_service(request->data), frame_cid(request->data),
			 frame_tid(request->data), frame_message(request->data), error);
}

static void print_bytes(const char *what, const struct message *m)
{
	size_t shown = m->len < 64 ? m->len : 64;

	print_error("%s %4zu bytes:", what, m->len);
	for (size_t i = 0; i < shown; i++)
		print_error(" %02X", m->data[i]);
	print_error(shown < m->len ? " ...\n" : "\n");
}

void message_assert_equal(const struct message *got, const struct message *want, const char *file,
			  int line)
{
	if (got->len == want->len && memcmp(got->data, want->data, got->len) == 0)
		return;
	print_bytes("got ", got);
	print_bytes("want", want);
	_fail(file, line);
}

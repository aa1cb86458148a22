/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tlv.h"

#include <assert.h>
#include <string.h>

#include "frame.h"

static void le_put(uint8_t *p, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		p[i] = (uint8_t)(value >> (8 * i) & 0xFF);
}

static void put(struct tlv *tlv, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	le_put(bytes, value, size);
	tlv_bytes(tlv, bytes, size);
}

void tlv_u8(struct tlv *tlv, unsigned int value)
{
	put(tlv, value, 1);
}

void tlv_u16(struct tlv *tlv, unsigned int value)
{
	put(tlv, value, 2);
}

void tlv_u32(struct tlv *tlv, uint32_t value)
{
	put(tlv, value, 4);
}

void tlv_i8(struct tlv *tlv, int value)
{
	put(tlv, (uint8_t)value, 1);
}

void tlv_i16(struct tlv *tlv, int value)
{
	put(tlv, (uint16_t)value, 2);
}

void tlv_bytes(struct tlv *tlv, const void *bytes, size_t len)
{
	assert(len <= sizeof(tlv->value) - tlv->len);
	memcpy(tlv->value + tlv->len, bytes, len);
	tlv->len = (uint16_t)(tlv->len + len);
}

void tlv_text(struct tlv *tlv, const char *text)
{
	size_t len = strlen(text);

	assert(len <= UINT8_MAX);
	tlv_u8(tlv, (unsigned int)len);
	tlv_bytes(tlv, text, len);
}

void tlv_end(const struct tlv *tlv, uint8_t *frame, uint8_t type)
{
	frame_add_tlv(frame, type, tlv->value, tlv->len);
}

static void frame_add(uint8_t *frame, uint8_t type, uint64_t value, uint16_t size)
{
	uint8_t bytes[8];

	le_put(bytes, value, size);
	frame_add_tlv(frame, type, bytes, size);
}

void frame_add_u8(uint8_t *frame, uint8_t type, unsigned int value)
{
	frame_add(frame, type, value, 1);
}

void frame_add_u16(uint8_t *frame, uint8_t type, unsigned int value)
{
	frame_add(frame, type, value, 2);
}

void frame_add_u32(uint8_t *frame, uint8_t type, uint32_t value)
{
	frame_add(frame, type, value, 4);
}

void frame_add_u64(uint8_t *frame, uint8_t type, uint64_t value)
{
	frame_add(frame, type, value, 8);
}

void frame_add_i16(uint8_t *frame, uint8_t type, int value)
{
	frame_add(frame, type, (uint16_t)value, 2);
}

void frame_add_text(uint8_t *frame, uint8_t type, const char *text)
{
	frame_add_tlv(frame, type, text, (uint16_t)strlen(text));
}

uint32_t le32_get(const uint8_t *p)
{
	return (uint32_t)le16_get(p) | (uint32_t)le16_get(p + 2) << 16;
}

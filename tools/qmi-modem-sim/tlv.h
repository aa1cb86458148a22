/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLVs of a modem's answers. Plain values go straight into a frame; a value of
 * several fields is put together in a struct tlv first.
 */
#ifndef TLV_H
#define TLV_H

#include <stddef.h>
#include <stdint.h>

#define TLV_MAX 1536

struct tlv {
	uint16_t len;
	uint8_t value[TLV_MAX];
};

static inline void tlv_begin(struct tlv *tlv)
{
	tlv->len = 0;
}

void tlv_u8(struct tlv *tlv, unsigned int value);
void tlv_u16(struct tlv *tlv, unsigned int value);
void tlv_u32(struct tlv *tlv, uint32_t value);
void tlv_i8(struct tlv *tlv, int value);
void tlv_i16(struct tlv *tlv, int value);
void tlv_bytes(struct tlv *tlv, const void *bytes, size_t len);
void tlv_text(struct tlv *tlv, const char *text); /* with its length, a byte, before it */
void tlv_end(const struct tlv *tlv, uint8_t *frame, uint8_t type);

void frame_add_u8(uint8_t *frame, uint8_t type, unsigned int value);
void frame_add_u16(uint8_t *frame, uint8_t type, unsigned int value);
void frame_add_u32(uint8_t *frame, uint8_t type, uint32_t value);
void frame_add_u64(uint8_t *frame, uint8_t type, uint64_t value);
void frame_add_i16(uint8_t *frame, uint8_t type, int value);
void frame_add_text(uint8_t *frame, uint8_t type, const char *text);

uint32_t le32_get(const uint8_t *p);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes TLVs to the modem's answers. A format has one letter for each field of the
 * value, and each letter takes an argument:
 *   b h w  an integer of 1, 2 or 4 bytes, from an int or unsigned int
 *   q      an integer of 8 bytes, from a uint64_t
 *   s      a string, preceded by its length in one byte
 *   t      a string without a length
 */
#ifndef TLV_H
#define TLV_H

#include <stddef.h>
#include <stdint.h>

#define TLV_MAX 1536

/* A value under construction. Initialise it with {0}, then call tlv_put() and tlv_end(). */
struct tlv {
	uint16_t len;
	uint8_t value[TLV_MAX];
};

void tlv_put(struct tlv *tlv, const char *format, ...);
void tlv_put_bytes(struct tlv *tlv, const void *bytes, size_t len);
void tlv_end(const struct tlv *tlv, uint8_t *frame, uint8_t type);

/* Adds a TLV whose fields are all known at once. */
void tlv_add(uint8_t *frame, uint8_t type, const char *format, ...);

/* Read little-endian integers. */
uint32_t tlv_get_u32(const uint8_t *p);
uint64_t tlv_get_u64(const uint8_t *p);

#endif

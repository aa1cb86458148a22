/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame codec: QMUX frames as they lie in memory, read and patched in
 * place. Nothing here allocates, and nothing keeps a pointer.
 *
 * Every accessor takes a whole frame, one for which frame_scan() returned
 * FRAME_WHOLE or that frame_begin() began.
 */
#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qmi.h"

/* The largest header: marker, QMUX header and the SDU header of a service. */
#define FRAME_HEADER_MAX 13

enum frame_origin {
	FRAME_FROM_APP,   /* requests */
	FRAME_FROM_MODEM, /* responses and indications */
};

enum frame_kind {
	FRAME_REQUEST,
	FRAME_RESPONSE,
	FRAME_INDICATION,
};

enum frame_scan {
	FRAME_WHOLE,   /* a frame begins at data[0] and is all there */
	FRAME_PARTIAL, /* a frame may begin at data[0]; more bytes will tell */
	FRAME_INVALID, /* no frame of this origin begins at data[0] */
};

/*
 * What begins at data[0..len). *size is set to the frame's size in bytes for
 * FRAME_WHOLE, and for FRAME_PARTIAL once its length field is there (else 0).
 * From an application a frame is a request with consistent lengths, its TLVs
 * unchecked: they are the modem's to refuse. From the modem, where a frame has
 * to be told from garbage, the chain of TLVs must fill the frame exactly too.
 */
enum frame_scan frame_scan(const uint8_t *data, size_t len, enum frame_origin origin, size_t *size);

size_t frame_size(const uint8_t *frame); /* in bytes, the marker included */
uint8_t frame_service(const uint8_t *frame);
uint8_t frame_cid(const uint8_t *frame);
enum frame_kind frame_kind(const uint8_t *frame);
uint16_t frame_tid(const uint8_t *frame); /* 1 byte on the wire for CTL, else 2 */
uint16_t frame_message(const uint8_t *frame);

void frame_set_cid(uint8_t *frame, uint8_t cid);
void frame_set_tid(uint8_t *frame, uint16_t tid); /* for CTL: 0 to 255 */

/*
 * The value of the first TLV of this type, or NULL if there is none, if it has
 * less than min_len bytes, or if the chain of TLVs is broken before it. *len,
 * if not NULL, is set to the value's length. The pointer is into the frame.
 */
const uint8_t *frame_tlv(const uint8_t *frame, uint8_t type, uint16_t min_len, uint16_t *len);

/* Overwrites the first len bytes of the TLV's value; false, if it has none such. */
bool frame_set_tlv(uint8_t *frame, uint8_t type, const void *value, uint16_t len);

/*
 * The outcome of a response: QMI_ERROR_NONE for success, else its QMI error.
 * A failure that names no error, or no result at all, is QMI_ERROR_INTERNAL.
 */
uint16_t frame_error(const uint8_t *frame);

/*
 * Building. frame_begin() writes a frame without TLVs into buf, which needs
 * room for FRAME_HEADER_MAX bytes, and frame_add_tlv() appends one TLV, for
 * which the caller has left room for 3 + len bytes; both keep the frame whole
 * after every step. The QMUX flags follow from the kind.
 */
void frame_begin(uint8_t *buf, enum frame_kind kind, uint8_t service, uint8_t cid, uint16_t tid,
		 uint16_t message);
void frame_add_tlv(uint8_t *frame, uint8_t type, const void *value, uint16_t len);
void frame_add_result(uint8_t *frame, uint16_t error); /* QMI_ERROR_NONE: success */

/* Little-endian integers at any address. */
static inline uint16_t le16_get(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline void le16_put(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value & 0xFF);
	p[1] = (uint8_t)(value >> 8);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame codec: reads and patches QMUX frames in place. Nothing here
 * allocates memory or keeps a pointer.
 *
 * Every accessor expects a whole frame: one for which frame_scan() returned
 * FRAME_WHOLE, or one built with frame_begin().
 */
#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qmi.h"

/* The largest header: marker, QMUX header and the SDU header of a service. */
#define FRAME_HEADER_MAX 13

/* The longest frame that the mux makes itself: Release CID. A port must accept that. */
#define FRAME_MAX_MIN 17

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
	FRAME_WHOLE,   /* a whole frame begins at data[0] */
	FRAME_PARTIAL, /* a frame may begin at data[0]; more bytes are needed */
	FRAME_INVALID, /* no frame of this origin begins at data[0] */
};

/*
 * Classifies data[0..len). *size becomes the frame's size in bytes if it is
 * FRAME_WHOLE, or FRAME_PARTIAL with its length field present; otherwise 0.
 * A frame from an application must be a request with consistent lengths; its
 * TLVs are left for the modem to check. A frame from the modem must be told
 * from garbage, so its TLVs must also fill it exactly.
 */
enum frame_scan frame_scan(const uint8_t *data, size_t len, enum frame_origin origin, size_t *size);

size_t frame_size(const uint8_t *frame); /* in bytes, including the marker */
uint8_t frame_service(const uint8_t *frame);
uint8_t frame_cid(const uint8_t *frame);
enum frame_kind frame_kind(const uint8_t *frame);
uint16_t frame_tid(const uint8_t *frame); /* 1 byte on the wire for CTL, else 2 */
uint16_t frame_message(const uint8_t *frame);

void frame_set_cid(uint8_t *frame, uint8_t cid);
void frame_set_tid(uint8_t *frame, uint16_t tid); /* for CTL: 0 to 255 */

/*
 * The value of the first TLV of this type, or NULL if there is none, if it is
 * shorter than min_len, or if the TLVs before it are malformed. Stores the
 * value's length in *len unless len is NULL. The pointer is into the frame.
 */
const uint8_t *frame_tlv(const uint8_t *frame, uint8_t type, uint16_t min_len, uint16_t *len);

/* Overwrites the first len bytes of the TLV's value; false if frame_tlv() would return NULL. */
bool frame_set_tlv(uint8_t *frame, uint8_t type, const void *value, uint16_t len);

/*
 * The outcome of a response: QMI_ERROR_NONE for success, otherwise its QMI
 * error, or QMI_ERROR_INTERNAL if it has no result or a failure without an error.
 */
uint16_t frame_error(const uint8_t *frame);

/*
 * Building a frame. frame_begin() writes one without TLVs into buf, which
 * needs room for FRAME_HEADER_MAX bytes; frame_add_tlv() appends a TLV, which
 * takes 3 + len bytes. The frame is whole after each call. The kind determines
 * the QMUX flags.
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

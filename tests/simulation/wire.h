/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second codec for QMUX frames, so that a fault in the core's codec does not fool the
 * simulation. Written from the layout in the QMI documents, not from lib/frame.c.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_kind {
	WIRE_REQUEST,
	WIRE_RESPONSE,
	WIRE_INDICATION,
};

/* The first frame in a byte string. Both errors may apply. */
enum {
	WIRE_WHOLE = 0,
	WIRE_PARTIAL = 1,
	WIRE_BAD = 2,
	WIRE_TOO_LONG = 4,
};

#define WIRE_MAX 65536

/* The first frame of data[0..size): one of WIRE_*; *frame_size is set for WIRE_WHOLE. */
unsigned wire_scan_request(const uint8_t *data, size_t size, size_t frame_max, size_t *frame_size);
unsigned wire_scan_modem(const uint8_t *data, size_t size, size_t *frame_size);

/* Fields of a whole frame. */
size_t wire_size(const uint8_t *frame);
uint8_t wire_service(const uint8_t *frame);
uint8_t wire_cid(const uint8_t *frame);
enum wire_kind wire_kind(const uint8_t *frame);
uint16_t wire_tid(const uint8_t *frame);
uint16_t wire_message(const uint8_t *frame);
void wire_put_cid(uint8_t *frame, uint8_t cid);
void wire_put_tid(uint8_t *frame, uint16_t tid);

/* The offset of the value of the first TLV of this type, or 0; *len: its length. */
size_t wire_tlv(const uint8_t *frame, uint8_t type, size_t *len);

/* The QMI error of a response, 0 for success; 3 (Internal) for a failure without one. */
uint16_t wire_error(const uint8_t *frame);

/* Builds a frame without TLVs in buf[0..13). Add TLVs up to WIRE_MAX. All return the size. */
size_t wire_begin(uint8_t *buf, enum wire_kind kind, uint8_t service, uint8_t cid, uint16_t tid,
		  uint16_t message);
size_t wire_add(uint8_t *frame, uint8_t type, const void *value, size_t len);
size_t wire_add_result(uint8_t *frame, uint16_t error);

/*
 * Damages a frame of size bytes in the way given by how, which is not 0: flips a bit,
 * changes a length, cuts off the end, or makes it swallow what follows. Returns the new
 * size, at least 1.
 */
size_t wire_damage(uint8_t *frame, size_t size, uint32_t how);

#endif

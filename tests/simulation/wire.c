/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "wire.h"

/* marker, length, flags, service, CID; then QMI flags, tid, message, length of TLVs */
#define QMUX_HEADER 6

static unsigned get16(const uint8_t *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static void put16(uint8_t *p, unsigned value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
}

static size_t header_size(uint8_t service)
{
	return service == 0 ? QMUX_HEADER + 6 : QMUX_HEADER + 7;
}

/* Checks as many header bytes as have arrived. */
static unsigned scan_header(const uint8_t *data, size_t size, uint8_t flags, size_t *frame_size)
{
	size_t length = size >= 3 ? get16(data + 1) + 1 : WIRE_MAX;
	/* A service's longer header counts only once the QMI flags have arrived. */
	size_t header = size >= 7 ? header_size(data[4]) : header_size(0);

	if (size >= 1 && data[0] != 1)
		return WIRE_BAD;
	if (length < header)
		return WIRE_BAD;
	if (size >= 4 && data[3] != flags)
		return WIRE_BAD;
	if (size >= header && get16(data + header - 2) != length - header)
		return WIRE_BAD;
	if (size < 3 || size < length)
		return WIRE_PARTIAL;
	*frame_size = length;
	return WIRE_WHOLE;
}

unsigned wire_scan_request(const uint8_t *data, size_t size, size_t frame_max, size_t *frame_size)
{
	unsigned found = scan_header(data, size, 0x00, frame_size);

	if (size >= 7 && data[6] != 0)
		found = WIRE_BAD;
	if (size >= 3 && data[0] == 1 && get16(data + 1) + 1 > frame_max)
		found = (found & WIRE_BAD) | WIRE_TOO_LONG;
	return found;
}

static bool is_modem_kind(uint8_t service, uint8_t flags)
{
	/* The bit of a compound message says nothing here. */
	return service == 0 ? flags == 1 || flags == 2 : flags >> 1 == 1 || flags >> 1 == 2;
}

/* True if the TLVs received so far can fill the frame exactly. */
static bool chain_is_possible(const uint8_t *data, size_t size, size_t length)
{
	size_t at = header_size(data[4]);

	while (at < length) {
		if (length - at < 3)
			return false;
		if (size < at + 3)
			return true;
		at += 3 + get16(data + at + 1);
	}
	return at == length;
}

unsigned wire_scan_modem(const uint8_t *data, size_t size, size_t *frame_size)
{
	/* Without the service's flag, only a whole one counts. */
	bool flag = size < 4 || data[3] || size < get16(data + 1) + 1;
	unsigned found = scan_header(data, size, flag ? 0x80 : 0x00, frame_size);

	if (size >= 7 && !is_modem_kind(data[4], data[6]))
		return WIRE_BAD;
	if (found != WIRE_BAD && size >= 7 && size >= header_size(data[4]) &&
	    !chain_is_possible(data, size, wire_size(data)))
		return WIRE_BAD;
	return found;
}

size_t wire_size(const uint8_t *frame)
{
	return get16(frame + 1) + 1;
}

uint8_t wire_service(const uint8_t *frame)
{
	return frame[4];
}

uint8_t wire_cid(const uint8_t *frame)
{
	return frame[5];
}

enum wire_kind wire_kind(const uint8_t *frame)
{
	unsigned flags = frame[4] == 0 ? frame[6] : frame[6] >> 1;

	return (enum wire_kind)flags;
}

uint16_t wire_tid(const uint8_t *frame)
{
	return (uint16_t)(frame[4] == 0 ? frame[7] : get16(frame + 7));
}

uint16_t wire_message(const uint8_t *frame)
{
	return (uint16_t)get16(frame + header_size(frame[4]) - 4);
}

void wire_put_cid(uint8_t *frame, uint8_t cid)
{
	frame[5] = cid;
}

void wire_put_tid(uint8_t *frame, uint16_t tid)
{
	if (frame[4] == 0)
		frame[7] = (uint8_t)tid;
	else
		put16(frame + 7, tid);
}

size_t wire_tlv(const uint8_t *frame, uint8_t type, size_t *len)
{
	size_t size = wire_size(frame);
	size_t at = header_size(frame[4]);

	while (at + 3 <= size && at + 3 + get16(frame + at + 1) <= size) {
		*len = get16(frame + at + 1);
		if (frame[at] == type)
			return at + 3;
		at += 3 + *len;
	}
	return 0;
}

uint16_t wire_error(const uint8_t *frame)
{
	size_t len;
	size_t at = wire_tlv(frame, 0x02, &len);

	if (!at || len < 4)
		return 3;
	if (get16(frame + at) == 0)
		return 0;
	return (uint16_t)(get16(frame + at + 2) ? get16(frame + at + 2) : 3);
}

size_t wire_begin(uint8_t *buf, enum wire_kind kind, uint8_t service, uint8_t cid, uint16_t tid,
		  uint16_t message)
{
	size_t size = header_size(service);

	memset(buf, 0, size);
	buf[0] = 1;
	put16(buf + 1, (unsigned)size - 1);
	buf[3] = kind == WIRE_REQUEST ? 0x00 : 0x80;
	buf[4] = service;
	buf[5] = cid;
	buf[6] = (uint8_t)(service == 0 ? kind : kind << 1);
	wire_put_tid(buf, tid);
	put16(buf + size - 4, message);
	return size;
}

size_t wire_add(uint8_t *frame, uint8_t type, const void *value, size_t len)
{
	size_t at = wire_size(frame);
	size_t header = header_size(frame[4]);

	frame[at] = type;
	put16(frame + at + 1, (unsigned)len);
	if (len)
		memcpy(frame + at + 3, value, len);
	put16(frame + 1, (unsigned)(at + 3 + len) - 1);
	put16(frame + header - 2, (unsigned)(at + 3 + len - header));
	return at + 3 + len;
}

size_t wire_add_result(uint8_t *frame, uint16_t error)
{
	uint8_t value[4];

	put16(value, error != 0);
	put16(value + 2, error);
	return wire_add(frame, 0x02, value, sizeof(value));
}

static size_t cut_short(size_t size, uint32_t n)
{
	return size - (n % 20 < size ? n % 20 : size - 1);
}

/* Lengthens the last TLV and everything that contains it, without adding bytes. */
static void swallow(uint8_t *frame, size_t size, unsigned more)
{
	size_t header = header_size(frame[4]);
	size_t at = header;

	if (at + 3 > size)
		return;
	while (at + 3 + get16(frame + at + 1) < size)
		at += 3 + get16(frame + at + 1);
	put16(frame + at + 1, get16(frame + at + 1) + more);
	put16(frame + header - 2, get16(frame + header - 2) + more);
	put16(frame + 1, get16(frame + 1) + more);
}

size_t wire_damage(uint8_t *frame, size_t size, uint32_t how)
{
	uint32_t n = how / 8;
	size_t header = header_size(frame[4]);

	switch (how % 8) {
	case 0:
	case 1:
		frame[n % size] ^= (uint8_t)(1 << n / 65536 % 8);
		break;
	case 2:
		return cut_short(size, n);
	case 3: /* the length of the first TLV */
	case 4:
		if (header + 3 <= size)
			put16(frame + header + 1, get16(frame + header + 1) + n % 5 - 2);
		break;
	case 5: /* the length of all TLVs */
		put16(frame + header - 2, get16(frame + header - 2) + n % 5 - 2);
		break;
	default:
		swallow(frame, size, 1 + n % 40);
	}
	return size;
}

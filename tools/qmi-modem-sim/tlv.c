/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tlv.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "frame.h"

void tlv_put_bytes(struct tlv *tlv, const void *bytes, size_t len)
{
	assert(len <= sizeof(tlv->value) - tlv->len);
	memcpy(tlv->value + tlv->len, bytes, len);
	tlv->len = (uint16_t)(tlv->len + len);
}

static void tlv_put_integer(struct tlv *tlv, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> (8 * i) & 0xFF);
	tlv_put_bytes(tlv, bytes, size);
}

static void tlv_put_string(struct tlv *tlv, const char *string, bool counted)
{
	size_t len = strlen(string);

	assert(!counted || len <= UINT8_MAX);
	if (counted)
		tlv_put_integer(tlv, len, 1);
	tlv_put_bytes(tlv, string, len);
}

static void tlv_put_all(struct tlv *tlv, const char *format, va_list ap)
{
	static const char integers[] = "bhw"; /* 1, 2 and 4 bytes */

	for (; *format; format++) {
		const char *integer = strchr(integers, *format);

		if (integer)
			tlv_put_integer(tlv, va_arg(ap, unsigned int), 1u << (integer - integers));
		else if (*format == 'q')
			tlv_put_integer(tlv, va_arg(ap, uint64_t), 8);
		else
			tlv_put_string(tlv, va_arg(ap, const char *), *format == 's');
	}
}

void tlv_put(struct tlv *tlv, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	tlv_put_all(tlv, format, ap);
	va_end(ap);
}

void tlv_end(const struct tlv *tlv, uint8_t *frame, uint8_t type)
{
	frame_add_tlv(frame, type, tlv->value, tlv->len);
}

void tlv_add(uint8_t *frame, uint8_t type, const char *format, ...)
{
	struct tlv tlv = {0};
	va_list ap;

	va_start(ap, format);
	tlv_put_all(&tlv, format, ap);
	va_end(ap);
	tlv_end(&tlv, frame, type);
}

uint32_t tlv_get_u32(const uint8_t *p)
{
	return le16_get(p) | (uint32_t)le16_get(p + 2) << 16;
}

uint64_t tlv_get_u64(const uint8_t *p)
{
	return tlv_get_u32(p) | (uint64_t)tlv_get_u32(p + 4) << 32;
}

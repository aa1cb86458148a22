/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pack.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 4096

static bool pack_grow(struct pack *pack, size_t size)
{
	size_t room = pack->room ? pack->room : ROOM_MIN;
	uint8_t *data;

	while (room - pack->size < size)
		room *= 2;
	if (room == pack->room)
		return true;
	data = realloc(pack->data, room);
	if (!data)
		return false;
	pack->data = data;
	pack->room = room;
	return true;
}

void pack_bytes(struct pack *pack, const void *data, size_t size)
{
	pack->failed = pack->failed || !pack_grow(pack, size);
	if (pack->failed || size == 0)
		return;
	memcpy(pack->data + pack->size, data, size);
	pack->size += size;
}

void pack_number(struct pack *pack, uint64_t number)
{
	pack_bytes(pack, &number, sizeof(number));
}

void pack_text(struct pack *pack, const char *text)
{
	size_t size = strlen(text) + 1;

	pack_number(pack, size);
	pack_bytes(pack, text, size);
}

const uint8_t *unpack_bytes(struct unpack *unpack, size_t size)
{
	const uint8_t *data = unpack->data;

	unpack->failed = unpack->failed || unpack->left < size;
	if (unpack->failed)
		return NULL;
	unpack->data += size;
	unpack->left -= size;
	return data;
}

uint64_t unpack_number(struct unpack *unpack, uint64_t max)
{
	uint64_t number;
	const uint8_t *data = unpack_bytes(unpack, sizeof(number));

	if (!data)
		return 0;
	memcpy(&number, data, sizeof(number));
	if (number <= max)
		return number;
	unpack->failed = true;
	return 0;
}

void unpack_text(struct unpack *unpack, char *text, size_t size)
{
	size_t used = (size_t)unpack_number(unpack, size);
	const uint8_t *data = unpack_bytes(unpack, used);

	if (data && (used == 0 || data[used - 1] != '\0'))
		unpack->failed = true;
	if (data && !unpack->failed)
		memcpy(text, data, used);
	else
		text[0] = '\0';
}

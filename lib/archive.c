/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "archive.h"

#include <stdlib.h>
#include <string.h>

/* "qsav", and the version of the layout. */
#define MAGIC   0x71736176U
#define VERSION 1

struct archive_header {
	uint32_t magic;
	uint32_t version;
	uint64_t size; /* with the header */
	uint64_t check;
};

/* Of what follows the header. */
static uint64_t archive_check(const uint8_t *data, size_t size)
{
	uint64_t check = UINT64_C(0xCBF29CE484222325);

	for (size_t i = sizeof(struct archive_header); i < size; i++)
		check = (check ^ data[i]) * UINT64_C(0x100000001B3);
	return check;
}

void archive_fail(struct archive *archive, const char *fault)
{
	if (!archive->fault)
		archive->fault = fault;
}

void archive_lack_memory(struct archive *archive)
{
	archive->no_memory = true;
}

void archive_begin(struct archive *archive)
{
	struct archive_header header = {0};

	*archive = (struct archive){0};
	archive_bytes(archive, &header, sizeof(header));
}

void archive_seal(uint8_t *data, size_t size)
{
	struct archive_header header = {.magic = MAGIC, .version = VERSION, .size = size};

	header.check = archive_check(data, size);
	memcpy(data, &header, sizeof(header));
}

uint8_t *archive_end(struct archive *archive, size_t *size)
{
	if (archive->no_memory) {
		free(archive->data);
		return NULL;
	}
	archive_seal(archive->data, archive->at);
	*size = archive->at;
	return archive->data;
}

void archive_open(struct archive *archive, const uint8_t *data, size_t size)
{
	struct archive_header header = {0};

	*archive = (struct archive){.from = data, .size = size, .reading = true};
	archive_bytes(archive, &header, sizeof(header));
	if (archive->fault)
		return;
	if (header.magic != MAGIC || header.version != VERSION)
		archive_fail(archive, "not of this version");
	else if (header.size != size)
		archive_fail(archive, "of the wrong size");
	else if (header.check != archive_check(data, size))
		archive_fail(archive, "damaged");
}

void archive_close(struct archive *archive)
{
	if (archive->at != archive->size)
		archive_fail(archive, "too long");
}

/* Makes room to write more. */
static bool archive_grow(struct archive *archive, size_t size)
{
	size_t wanted = archive->size ? 2 * archive->size : 4096;
	uint8_t *data;

	if (archive->no_memory)
		return false;
	if (archive->size - archive->at >= size)
		return true;
	while (wanted - archive->at < size)
		wanted *= 2;
	data = realloc(archive->data, wanted);
	archive->no_memory = !data;
	if (!data)
		return false;
	archive->data = data;
	archive->size = wanted;
	return true;
}

const uint8_t *archive_take(struct archive *archive, size_t size)
{
	const uint8_t *data = archive->from + archive->at;

	if (!archive_is_good(archive))
		return NULL;
	if (archive->size - archive->at < size) {
		archive_fail(archive, "too short");
		return NULL;
	}
	archive->at += size;
	return data;
}

void archive_write(struct archive *archive, const void *bytes, size_t size)
{
	if (size == 0 || !archive_grow(archive, size))
		return;
	memcpy(archive->data + archive->at, bytes, size);
	archive->at += size;
}

void archive_bytes(struct archive *archive, void *bytes, size_t size)
{
	const uint8_t *data;

	if (!archive->reading) {
		archive_write(archive, bytes, size);
		return;
	}
	data = size > 0 ? archive_take(archive, size) : NULL;
	if (data)
		memcpy(bytes, data, size);
	else if (size > 0)
		memset(bytes, 0, size);
}

void archive_bool(struct archive *archive, bool *value)
{
	uint8_t byte = archive->reading ? 0 : *value;

	archive_bytes(archive, &byte, 1);
	if (byte > 1)
		archive_fail(archive, "damaged: neither true nor false");
	*value = byte == 1;
}

void archive_u8(struct archive *archive, uint8_t *value)
{
	archive_bytes(archive, value, sizeof(*value));
}

void archive_u16(struct archive *archive, uint16_t *value)
{
	archive_bytes(archive, value, sizeof(*value));
}

void archive_u32(struct archive *archive, uint32_t *value)
{
	archive_bytes(archive, value, sizeof(*value));
}

void archive_u64(struct archive *archive, uint64_t *value)
{
	archive_bytes(archive, value, sizeof(*value));
}

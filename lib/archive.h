/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V29: values to and from bytes, by the same calls: when the archive is read, they set
 * what they save otherwise. After a fault, nothing more is read, and values are 0.
 */
#ifndef ARCHIVE_H
#define ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct archive {
	uint8_t *data;       /* in writing */
	const uint8_t *from; /* in reading */
	size_t size;         /* bytes allocated, or to be read */
	size_t at;
	bool reading;
	bool no_memory;
	const char *fault; /* a few words, or NULL */
};

void archive_begin(struct archive *archive);
/* The data with its header, to be freed by the caller, or NULL if out of memory. */
uint8_t *archive_end(struct archive *archive, size_t *size);

/* Writes the header of such data anew, which is at least as long as that. */
void archive_seal(uint8_t *data, size_t size);

/* The data must stay. It has a fault at once if it is not of this version, or damaged. */
void archive_open(struct archive *archive, const uint8_t *data, size_t size);
/* There must be nothing left. */
void archive_close(struct archive *archive);

void archive_fail(struct archive *archive, const char *fault); /* the first one counts */
void archive_lack_memory(struct archive *archive);

/* True while no fault has been found. */
static inline bool archive_is_good(const struct archive *archive)
{
	return !archive->fault && !archive->no_memory;
}

void archive_bytes(struct archive *archive, void *bytes, size_t size);

void archive_write(struct archive *archive, const void *bytes, size_t size);

/* These are in the archive itself; NULL after a fault. Only for reading. */
const uint8_t *archive_take(struct archive *archive, size_t size);

void archive_bool(struct archive *archive, bool *value);
void archive_u8(struct archive *archive, uint8_t *value);
void archive_u16(struct archive *archive, uint16_t *value);
void archive_u32(struct archive *archive, uint32_t *value);
void archive_u64(struct archive *archive, uint64_t *value);

/* A field of a struct, by its type. */
#define ARCHIVE(archive, field)                                                                    \
	_Generic((field), bool                                                                     \
		 : archive_bool, uint8_t                                                           \
		 : archive_u8, uint16_t                                                            \
		 : archive_u16, uint32_t                                                           \
		 : archive_u32, uint64_t                                                           \
		 : archive_u64)(archive, &(field))

#endif

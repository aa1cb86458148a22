/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values one after the other in memory, for another process of the same machine. */
#ifndef PACK_H
#define PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Grows as it is filled. The caller frees data. */
struct pack {
	uint8_t *data;
	size_t size;
	size_t room;
	bool failed; /* out of memory: what is in it is not all */
};

void pack_bytes(struct pack *pack, const void *data, size_t size);
void pack_number(struct pack *pack, uint64_t number);
void pack_text(struct pack *pack, const char *text);

/* Begun with data and left; they move on. */
struct unpack {
	const uint8_t *data;
	size_t left;
	bool failed; /* it ended too early, or a value is not one that pack_*() makes */
};

/* The next size bytes in place; NULL once it has failed. */
const uint8_t *unpack_bytes(struct unpack *unpack, size_t size);

/* 0 once it has failed; so it does if the number is larger than max. */
uint64_t unpack_number(struct unpack *unpack, uint64_t max);

/* Stores a text, at most size bytes with its end; an empty one once it has failed. */
void unpack_text(struct unpack *unpack, char *text, size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V29: memory that outlives the process, as a descriptor. It says what it is, so that a
 * process can tell whether it understands it: by the layout's version, the boot, and a
 * checksum.
 */
#ifndef ESTATE_H
#define ESTATE_H

#include <stddef.h>
#include <stdint.h>

#include "pack.h"

/* What pack has, and then size bytes of data. Returns a descriptor or -errno. */
int estate_write(const struct pack *pack, const void *data, size_t size);

struct estate {
	void *map;
	size_t map_size;
	struct unpack packed;
	const uint8_t *data; /* after it */
	size_t size;
};

/* NULL, or why it cannot be used, in a few words. On NULL estate_forget() must follow. */
const char *estate_read(struct estate *estate, int fd);
void estate_forget(struct estate *estate);

#endif

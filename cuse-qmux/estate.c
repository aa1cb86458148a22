/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "estate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ESTATE_MAGIC "cuse-qmux state"

/* To be raised with each change of what is packed. */
#define ESTATE_LAYOUT 1

#define BOOT_MAX 40

struct estate_header {
	char magic[sizeof(ESTATE_MAGIC)];
	uint32_t layout;
	uint32_t word; /* bytes of a long: another architecture has other structures */
	char boot[BOOT_MAX];
	size_t packed_size;
	size_t size;
	uint64_t sum; /* of all the rest */
};

/* FNV-1a over words. It is meant against accidents, not against root. */
static uint64_t estate_sum(uint64_t sum, const void *data, size_t size)
{
	const uint8_t *at = data;

	for (; size > 0; size -= size < 8 ? size : 8, at += 8) {
		uint64_t word = 0;

		memcpy(&word, at, size < 8 ? size : 8);
		sum = (sum ^ word) * UINT64_C(0x100000001b3);
		sum ^= sum >> 32;
	}
	return sum;
}

/* Without the sum itself. */
static uint64_t estate_sum_of(const struct estate_header *header, const void *packed,
			      const void *data)
{
	struct estate_header rest = *header;
	uint64_t sum;

	rest.sum = 0;
	sum = estate_sum(UINT64_C(0xcbf29ce484222325), &rest, sizeof(rest));
	sum = estate_sum(sum, packed, header->packed_size);
	return estate_sum(sum, data, header->size);
}

/* Empty if the process cannot tell, as in some sandboxes. Memory is lost with the boot anyway. */
static void estate_find_boot(char boot[BOOT_MAX])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	memset(boot, 0, BOOT_MAX);
	if (!file)
		return;
	if (!fgets(boot, BOOT_MAX, file))
		boot[0] = '\0';
	fclose(file);
}

static struct estate_header estate_header(size_t packed_size, size_t size)
{
	struct estate_header header = {.magic = ESTATE_MAGIC,
				       .layout = ESTATE_LAYOUT,
				       .word = sizeof(long),
				       .packed_size = packed_size,
				       .size = size};

	estate_find_boot(header.boot);
	return header;
}

static int estate_write_all(int fd, const void *data, size_t size)
{
	const uint8_t *at = data;

	while (size > 0) {
		ssize_t written = write(fd, at, size);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			at += written;
			size -= (size_t)written;
		}
	}
	return 0;
}

int estate_write(const struct pack *pack, const void *data, size_t size)
{
	struct estate_header header = estate_header(pack->size, size);
	int fd = memfd_create("cuse-qmux", MFD_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	header.sum = estate_sum_of(&header, pack->data, data);
	err = estate_write_all(fd, &header, sizeof(header));
	if (err == 0)
		err = estate_write_all(fd, pack->data, pack->size);
	if (err == 0)
		err = estate_write_all(fd, data, size);
	if (err < 0)
		close(fd);
	return err < 0 ? err : fd;
}

static const char *estate_check(const struct estate *estate)
{
	const struct estate_header *header = estate->map;
	struct estate_header expected = estate_header(0, 0);
	size_t left = estate->map_size - sizeof(*header);

	if (memcmp(header->magic, expected.magic, sizeof(header->magic)) != 0)
		return "it is none";
	if (header->layout != expected.layout || header->word != expected.word)
		return "it is of another version";
	if (memcmp(header->boot, expected.boot, sizeof(header->boot)) != 0)
		return "it is from before the machine was started";
	if (header->packed_size > left || header->size != left - header->packed_size ||
	    header->sum != estate_sum_of(header, estate->packed.data,
					 estate->packed.data + header->packed_size))
		return "it is damaged";
	return NULL;
}

const char *estate_read(struct estate *estate, int fd)
{
	struct stat st;
	const char *why;

	*estate = (struct estate){0};
	if (fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof(struct estate_header))
		return "it is damaged";
	estate->map_size = (size_t)st.st_size;
	estate->map = mmap(NULL, estate->map_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (estate->map == MAP_FAILED)
		return "out of memory";
	estate->packed.data = (const uint8_t *)estate->map + sizeof(struct estate_header);
	why = estate_check(estate);
	if (why) {
		estate_forget(estate);
		return why;
	}
	estate->packed.left = ((const struct estate_header *)estate->map)->packed_size;
	estate->data = estate->packed.data + estate->packed.left;
	estate->size = ((const struct estate_header *)estate->map)->size;
	return NULL;
}

void estate_forget(struct estate *estate)
{
	munmap(estate->map, estate->map_size);
}

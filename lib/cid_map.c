/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cid_map.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

struct cid_row {
	unsigned used;
	struct client *clients[256];
};

void cid_map_init(struct cid_map *map)
{
	*map = (struct cid_map){{NULL}};
}

void cid_map_finish(struct cid_map *map)
{
	for (size_t service = 0; service < 256; service++)
		free(map->rows[service]);
	cid_map_init(map);
}

struct client *cid_map_get(const struct cid_map *map, uint8_t service, uint8_t cid)
{
	const struct cid_row *row = map->rows[service];

	return row ? row->clients[cid] : NULL;
}

int cid_map_set(struct cid_map *map, uint8_t service, uint8_t cid, struct client *client)
{
	struct cid_row *row = map->rows[service];

	if (!row && !client)
		return 0;
	if (!row)
		row = map->rows[service] = calloc(1, sizeof(*row));
	if (!row)
		return -ENOMEM;
	row->used += client != NULL;
	row->used -= row->clients[cid] != NULL;
	row->clients[cid] = client;
	/* Users may use each of 256 services once. */
	if (row->used == 0) {
		free(row);
		map->rows[service] = NULL;
	}
	return 0;
}

uint8_t cid_map_lowest_free(const struct cid_map *map, uint8_t service)
{
	for (unsigned cid = 1; cid <= QMI_CID_MAX; cid++) {
		if (!cid_map_get(map, service, (uint8_t)cid))
			return (uint8_t)cid;
	}
	return QMI_CID_NONE;
}

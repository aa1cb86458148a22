/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Maps a service and a CID to a QMI client. Each node has a map for its
 * virtual CIDs; the port has one for the device CIDs.
 */
#ifndef CID_MAP_H
#define CID_MAP_H

#include <stdint.h>

#include "qmi.h"

struct client;

struct cid_map {
	struct cid_row *rows[256]; /* by service; NULL until the service is used */
};

void cid_map_init(struct cid_map *map);
void cid_map_finish(struct cid_map *map); /* does not free the clients */

struct client *cid_map_get(const struct cid_map *map, uint8_t service, uint8_t cid);

/* Sets an entry to a client, or clears it with NULL. 0, or -ENOMEM with nothing changed. */
int cid_map_set(struct cid_map *map, uint8_t service, uint8_t cid, struct client *client);

/* The lowest unused CID from 1 to 254, or QMI_CID_NONE if all are in use. */
uint8_t cid_map_lowest_free(const struct cid_map *map, uint8_t service);

#endif

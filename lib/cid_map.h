/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a service and a CID to the QMI client that has it. Each node has such
 * a map for its virtual CIDs, the port has one for the modem's.
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
void cid_map_finish(struct cid_map *map); /* the clients stay their owner's */

struct client *cid_map_get(const struct cid_map *map, uint8_t service, uint8_t cid);

/* Puts a client, or NULL for none, at a place. 0, or -ENOMEM with nothing changed. */
int cid_map_set(struct cid_map *map, uint8_t service, uint8_t cid, struct client *client);

/* The lowest CID from 1 to 254 that nobody has, or QMI_CID_NONE if there is none. */
uint8_t cid_map_lowest_free(const struct cid_map *map, uint8_t service);

#endif

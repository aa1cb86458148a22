/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int clients_init(struct clients *clients, unsigned node_count)
{
	list_init(&clients->all);
	cid_map_init(&clients->device);
	clients->nodes = calloc(node_count, sizeof(*clients->nodes));
	clients->node_count = clients->nodes ? node_count : 0;
	return clients->nodes ? 0 : -ENOMEM;
}

void clients_finish(struct clients *clients)
{
	list_for_each (link, &clients->all)
		clients_remove(clients, container_of(link, struct client, link));
	cid_map_finish(&clients->device);
	for (unsigned node = 0; node < clients->node_count; node++)
		cid_map_finish(&clients->nodes[node]);
	free(clients->nodes);
}

struct client *clients_add(struct clients *clients, unsigned node, uint8_t service,
			   uint8_t device_cid, struct session *holder)
{
	struct cid_map *map = &clients->nodes[node];
	uint8_t cid = cid_map_lowest_free(map, service);
	struct client *client;

	assert(!clients_of_modem(clients, service, device_cid));
	if (cid == QMI_CID_NONE) {
		errno = EMFILE;
		return NULL;
	}
	client = calloc(1, sizeof(*client));
	if (!client || cid_map_set(map, service, cid, client) < 0)
		goto no_memory;
	if (cid_map_set(&clients->device, service, device_cid, client) < 0) {
		cid_map_set(map, service, cid, NULL);
		goto no_memory;
	}
	client->service = service;
	client->cid = cid;
	client->device_cid = device_cid;
	client->node = node;
	client->holder = holder;
	list_init(&client->transactions);
	list_init(&client->link);
	list_append(&clients->all, &client->link);
	return client;

no_memory:
	free(client);
	errno = ENOMEM;
	return NULL;
}

void clients_remove(struct clients *clients, struct client *client)
{
	assert(list_empty(&client->transactions));
	cid_map_set(&clients->nodes[client->node], client->service, client->cid, NULL);
	cid_map_set(&clients->device, client->service, client->device_cid, NULL);
	list_remove(&client->link);
	free(client);
}

struct client *clients_of_node(const struct clients *clients, unsigned node, uint8_t service,
			       uint8_t cid)
{
	return cid_map_get(&clients->nodes[node], service, cid);
}

struct client *clients_of_modem(const struct clients *clients, uint8_t service, uint8_t device_cid)
{
	return cid_map_get(&clients->device, service, device_cid);
}

bool clients_exhausted(const struct clients *clients, unsigned node, uint8_t service)
{
	return cid_map_lowest_free(&clients->nodes[node], service) == QMI_CID_NONE;
}

void client_use(struct clients *clients, struct client *client, struct session *session)
{
	list_append(&clients->all, &client->link);
	if (session)
		client->holder = session;
}

void client_orphan(struct client *client, uint64_t now)
{
	client->holder = NULL;
	client->orphaned_at = now;
}

bool client_reclaimable(const struct client *client)
{
	return !client->holder && !client->releasing && !client->call_up;
}

struct client *clients_reclaimable(const struct clients *clients, uint8_t service)
{
	list_for_each (link, &clients->all) {
		struct client *client = container_of(link, struct client, link);

		if (client->service == service && client_reclaimable(client))
			return client;
	}
	return NULL;
}

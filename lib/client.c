/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int clients_init(struct clients *clients, unsigned node_count, uint64_t orphan_timeout)
{
	list_init(&clients->all);
	clients->count = 0;
	clients->orphans = 0;
	clients->orphan_timeout = orphan_timeout;
	clients->orphan_deadline = UINT64_MAX;
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
	clients->count++;
	clients->orphans += !holder;
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
	clients->count--;
	clients->orphans -= !client->holder;
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
	if (!session)
		return;
	clients->orphans -= !client->holder;
	client->holder = session;
}

static void clients_note_age(struct clients *clients, uint64_t deadline)
{
	if (deadline < clients->orphan_deadline)
		clients->orphan_deadline = deadline;
}

void clients_orphan(struct clients *clients, const struct session *session, uint64_t now)
{
	uint64_t deadline = clients->orphan_timeout ? now + clients->orphan_timeout : UINT64_MAX;

	list_for_each (link, &clients->all) {
		struct client *client = container_of(link, struct client, link);

		if (client->holder != session)
			continue;
		client->holder = NULL;
		clients->orphans++;
		client->orphaned_at = now;
		clients_note_age(clients, deadline);
	}
}

static bool client_reclaimable(const struct client *client)
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

bool clients_begin_ageing(struct clients *clients, uint64_t now)
{
	if (clients->orphan_deadline > now)
		return false;
	clients->orphan_deadline = UINT64_MAX;
	return true;
}

bool clients_age(struct clients *clients, const struct client *client, uint64_t now)
{
	uint64_t deadline = client->orphaned_at + clients->orphan_timeout;

	if (!client_reclaimable(client))
		return false;
	if (deadline <= now)
		return true;
	clients_note_age(clients, deadline);
	return false;
}

void clients_check_ages(struct clients *clients)
{
	if (clients->orphan_timeout)
		clients->orphan_deadline = 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "session.h"

int clients_init(struct clients *clients, unsigned node_count, uint64_t orphan_timeout)
{
	*clients = (struct clients){.orphan_timeout = orphan_timeout};
	for (unsigned service = 0; service < 256; service++)
		list_init(&clients->services[service].clients);
	list_init(&clients->orphans);
	cid_map_init(&clients->device);
	clients->nodes = calloc(node_count, sizeof(*clients->nodes));
	clients->node_count = clients->nodes ? node_count : 0;
	return clients->nodes ? table_init(&clients->holdings) : -ENOMEM;
}

void clients_finish(struct clients *clients)
{
	for (unsigned service = 0; service < 256; service++) {
		list_for_each (link, &clients->services[service].clients)
			clients_remove(clients, container_of(link, struct client, link));
	}
	cid_map_finish(&clients->device);
	for (unsigned node = 0; node < clients->node_count; node++)
		cid_map_finish(&clients->nodes[node]);
	free(clients->nodes);
	table_finish(&clients->holdings);
}

/* Under both of its numbers. */
static int clients_enter(struct clients *clients, struct client *client)
{
	struct cid_map *map = &clients->nodes[client->node];

	if (cid_map_set(map, client->service, client->cid, client) < 0)
		return -ENOMEM;
	if (cid_map_set(&clients->device, client->service, client->device_cid, client) == 0)
		return 0;
	cid_map_set(map, client->service, client->cid, NULL);
	return -ENOMEM;
}

static uint32_t holding_hash(const struct client *client, const struct session *session)
{
	return table_hash((uint64_t)client->service << 56 | (uint64_t)client->device_cid << 48 |
			  session->id);
}

struct holding *clients_holding(const struct clients *clients, const struct client *client,
				const struct session *session)
{
	list_for_each (link, table_bucket(&clients->holdings, holding_hash(client, session))) {
		struct holding *holding = container_of(link, struct holding, entry.link);

		if (holding->client == client && holding->session == session)
			return holding;
	}
	return NULL;
}

static void client_adopt(struct clients *clients, struct client *client)
{
	clients->orphan_count--;
	client->overdue = false;
	list_remove(&client->orphan);
	list_remove(&client->age);
}

static struct holding *client_enter_holder(struct clients *clients, struct client *client,
					   struct session *session)
{
	struct holding *holding = account_alloc(&session->user->account, sizeof(*holding));

	if (!holding)
		return NULL;
	holding->kept = KEPT_NOWHERE;
	holding->session = session;
	holding->client = client;
	list_init(&holding->of_session);
	list_init(&holding->of_client);
	list_append(&session->holdings, &holding->of_session);
	list_append(&client->holders, &holding->of_client);
	table_add(&clients->holdings, &holding->entry, holding_hash(client, session));
	return holding;
}

static bool client_hold(struct clients *clients, struct client *client, struct session *session)
{
	struct holding *holding = client_enter_holder(clients, client, session);

	if (!holding)
		return false;
	session_keep(session);
	holding->kept = kept_add_holder(clients->kept, session->kept, client->kept);
	return true;
}

static void holding_free(struct clients *clients, struct holding *holding)
{
	kept_remove_holder(clients->kept, holding->kept);
	table_remove(&clients->holdings, &holding->entry);
	list_remove(&holding->of_session);
	list_remove(&holding->of_client);
	account_free(&holding->session->user->account, holding, sizeof(*holding));
}

static struct client *client_create(struct user *user, uint8_t service, uint8_t device_cid,
				    unsigned node)
{
	struct client *client = account_alloc(&user->account, sizeof(*client));

	if (!client)
		return NULL;
	*client = (struct client){.service = service,
				  .device_cid = device_cid,
				  .node = node,
				  .user = user_hold(user)};
	list_init(&client->holders);
	list_init(&client->heads);
	list_init(&client->transactions);
	list_init(&client->link);
	list_init(&client->orphan);
	list_init(&client->age);
	return client;
}

static void client_free(struct client *client)
{
	struct user *user = client->user;

	account_free(&user->account, client, sizeof(*client));
	user_put(user);
}

static void clients_include(struct clients *clients, struct client *client)
{
	struct service_clients *all = &clients->services[client->service];

	client->user->clients[client->service]++;
	list_append(&all->clients, &client->link);
	all->count++;
	clients->count++;
}

/* A client for which there is no room is at least released after a crash. */
static void clients_keep(struct clients *clients, struct client *client)
{
	client->kept = kept_add_client(clients->kept,
				       &(struct kept_client){.service = client->service,
							     .cid = client->cid,
							     .device_cid = client->device_cid,
							     .node = client->node,
							     .uid = client->user->uid});
	kept_set_leaving(clients->kept, client->service, client->device_cid,
			 client->kept == KEPT_NOWHERE);
}

struct client *clients_add(struct clients *clients, struct session *session, uint8_t service,
			   uint8_t device_cid)
{
	uint8_t cid = cid_map_lowest_free(&clients->nodes[session->node], service);
	struct client *client;

	assert(!clients_of_modem(clients, service, device_cid));
	if (cid == QMI_CID_NONE) {
		errno = EMFILE;
		return NULL;
	}
	errno = ENOMEM;
	client = client_create(session->user, service, device_cid, session->node);
	if (!client)
		return NULL;
	client->cid = cid;
	if (clients_enter(clients, client) < 0) {
		client_free(client);
		return NULL;
	}
	clients_keep(clients, client);
	if (!client_hold(clients, client, session)) {
		kept_remove_client(clients->kept, client->kept);
		cid_map_set(&clients->nodes[client->node], service, cid, NULL);
		cid_map_set(&clients->device, service, device_cid, NULL);
		client_free(client);
		return NULL;
	}
	clients_include(clients, client);
	return client;
}

struct client *clients_restore(struct clients *clients, struct user *user,
			       const struct kept_client *from, unsigned kept)
{
	struct client *client;

	errno = EINVAL;
	if (from->node >= clients->node_count || from->cid == QMI_CID_NONE ||
	    from->cid > QMI_CID_MAX ||
	    clients_of_node(clients, from->node, from->service, from->cid) ||
	    clients_of_modem(clients, from->service, from->device_cid))
		return NULL;
	errno = ENOMEM;
	client = client_create(user, from->service, from->device_cid, from->node);
	if (!client)
		return NULL;
	client->cid = from->cid;
	client->kept = kept;
	if (clients_enter(clients, client) < 0) {
		client_free(client);
		return NULL;
	}
	clients_include(clients, client);
	return client;
}

bool client_restore_holder(struct clients *clients, struct client *client, struct session *session,
			   unsigned kept)
{
	struct holding *holding;

	errno = EINVAL;
	if (session->closed || session->node != client->node ||
	    clients_holding(clients, client, session))
		return false;
	errno = ENOMEM;
	holding = client_enter_holder(clients, client, session);
	if (!holding)
		return false;
	holding->kept = kept;
	return true;
}

/* Once all are gone, nobody knows how many there can be. */
static void clients_check_exhaustion(struct clients *clients, uint8_t service)
{
	struct service_clients *all = &clients->services[service];

	if (all->count + all->leaving == 0)
		all->exhausted = false;
}

void clients_begin_leaving(struct clients *clients, uint8_t service)
{
	clients->services[service].leaving++;
}

void clients_end_leaving(struct clients *clients, uint8_t service)
{
	clients->services[service].leaving--;
	clients_check_exhaustion(clients, service);
}

void clients_remove(struct clients *clients, struct client *client)
{
	assert(list_empty(&client->transactions) && list_empty(&client->heads));
	kept_remove_client(clients->kept, client->kept);
	if (client_is_orphan(client))
		client_adopt(clients, client);
	list_for_each (link, &client->holders)
		holding_free(clients, container_of(link, struct holding, of_client));
	cid_map_set(&clients->nodes[client->node], client->service, client->cid, NULL);
	cid_map_set(&clients->device, client->service, client->device_cid, NULL);
	list_remove(&client->link);
	clients->services[client->service].count--;
	clients_check_exhaustion(clients, client->service);
	clients->count--;
	client->user->clients[client->service]--;
	client_free(client);
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
	/* Fewer than 254 in all need no search. */
	return clients->services[service].count >= QMI_CID_MAX &&
	       cid_map_lowest_free(&clients->nodes[node], service) == QMI_CID_NONE;
}

bool client_use(struct clients *clients, struct client *client, struct session *session)
{
	bool orphan = client_is_orphan(client);

	if (session && !clients_holding(clients, client, session)) {
		if (!client_hold(clients, client, session))
			return false;
		if (orphan)
			client_adopt(clients, client);
	}
	list_append(&clients->services[client->service].clients, &client->link);
	return true;
}

void client_orphan(struct clients *clients, struct client *client, uint64_t now)
{
	client->orphaned_at = now;
	list_append(&client->user->orphans, &client->orphan);
	list_append(&clients->orphans, &client->age);
	clients->orphan_count++;
}

void holding_end(struct clients *clients, struct holding *holding, uint64_t now)
{
	struct client *client = holding->client;

	holding_free(clients, holding);
	if (client_is_orphan(client))
		client_orphan(clients, client, now);
}

void client_keep_calls(struct clients *clients, const struct client *client)
{
	for (unsigned family = 0; family < CALLS_FAMILIES; family++)
		kept_set_call(clients->kept, client->kept, family, client->calls.up[family],
			      client->calls.handle[family]);
}

struct session *client_only_holder(const struct client *client)
{
	struct list *first = client->holders.next;

	if (client_is_orphan(client) || first->next != &client->holders)
		return NULL;
	return container_of(first, struct holding, of_client)->session;
}

bool client_is_held_by_only(const struct client *client, const struct session *session)
{
	return client_only_holder(client) == session;
}

bool client_is_reclaimable(const struct client *client)
{
	return client_is_orphan(client) && !client->releasing && !calls_are_up(&client->calls);
}

static bool client_helps(const struct client *client, unsigned node)
{
	return client_is_reclaimable(client) && (node == NODE_ANY || client->node == node);
}

static void clients_clear_tallies(const struct list *clients)
{
	list_for_each (link, clients)
		container_of(link, struct client, link)->user->tally = 0;
}

struct client *clients_reclaimable_own(const struct clients *clients, const struct user *user,
				       uint8_t service)
{
	list_for_each (link, &clients->services[service].clients) {
		struct client *client = container_of(link, struct client, link);

		if (client->user == user && client_is_reclaimable(client))
			return client;
	}
	return NULL;
}

struct client *clients_reclaimable(const struct clients *clients, const struct user *user,
				   uint8_t service, unsigned node)
{
	const struct list *all = &clients->services[service].clients;
	struct client *best = NULL;
	unsigned most = 0;

	clients_clear_tallies(all);
	list_for_each (link, all) {
		struct client *client = container_of(link, struct client, link);

		client->user->tally += client_helps(client, node);
	}
	list_for_each (link, all) {
		struct client *client = container_of(link, struct client, link);

		if (!client_helps(client, node))
			continue;
		if (client->user == user)
			return client;
		if (client->user->tally > most) {
			best = client;
			most = client->user->tally;
		}
	}
	return best;
}

struct client *clients_revocable(const struct clients *clients, struct user *user, uint8_t service)
{
	const struct service_clients *all = &clients->services[service];
	unsigned most = (all->count + all->leaving) / 2;

	user->tally = 0;
	clients_clear_tallies(&all->clients);
	list_for_each (link, &all->clients)
		container_of(link, struct client, link)->user->tally++;
	if (user->tally == 0 && most > 1)
		most = 1;
	list_for_each (link, &all->clients) {
		struct client *client = container_of(link, struct client, link);

		if (client->user != user && !user_is_root(client->user) && !client->releasing &&
		    !calls_are_up(&client->calls) && client->user->tally > most)
			return client;
	}
	return NULL;
}

void clients_note_exhaustion(struct clients *clients, uint8_t service)
{
	clients->services[service].exhausted = true;
	clients->services[service].modem_has =
		clients->services[service].count + clients->services[service].leaving;
}

unsigned clients_limit(const struct clients *clients, const struct user *user, uint8_t service)
{
	unsigned half = clients->services[service].modem_has / 2;

	if (user_is_root(user))
		return UINT_MAX;
	if (!clients->services[service].exhausted || half >= USER_CLIENTS)
		return USER_CLIENTS;
	return half > 0 ? half : 1;
}

bool client_is_overdue(const struct client *client)
{
	return client->overdue && client_is_reclaimable(client);
}

struct client *clients_too_old(struct clients *clients, uint64_t now)
{
	while (clients_deadline(clients) <= now) {
		struct client *client = container_of(clients->orphans.next, struct client, age);

		client->overdue = true;
		list_remove(&client->age);
		if (client_is_reclaimable(client))
			return client;
	}
	return NULL;
}

uint64_t clients_deadline(const struct clients *clients)
{
	if (clients->orphan_timeout == 0 || list_empty(&clients->orphans))
		return UINT64_MAX;
	return container_of(clients->orphans.next, struct client, age)->orphaned_at +
	       clients->orphan_timeout;
}

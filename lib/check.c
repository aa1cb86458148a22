/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Consistency of a mux: that pointers agree in pairs, and counts with their lists. */
#include "frame.h"
#include "mux_private.h"

/* Returns the text of the first expectation that does not hold. */
#define CHECK(expectation)                                                                         \
	do {                                                                                       \
		if (!(expectation))                                                                \
			return #expectation;                                                       \
	} while (0)

/* Frames of longer queues are not counted: that would cost more than everything else. */
#define CHECK_FRAMES_MAX 16

static const char *check_queue(const struct queue *queue)
{
	size_t at = queue->head;
	size_t frames = 0;
	size_t bytes = 0;

	CHECK(queue->tail <= queue->capacity);
	CHECK(!queue->wrapped || queue->end <= queue->capacity);
	CHECK((queue->frames == 0) == (queue->bytes == 0));
	CHECK(queue->offset == 0 || queue->offset < frame_size(queue_front(queue)));
	if (queue->frames > CHECK_FRAMES_MAX)
		return NULL;
	while (frames < queue->frames) {
		size_t size = frame_size(queue->data + at + sizeof(uint32_t));

		bytes += size;
		frames++;
		at += sizeof(uint32_t) + size;
		if (queue->wrapped && at == queue->end)
			at = queue->begin;
	}
	CHECK(frames == 0 || at == queue->tail);
	CHECK(bytes == queue->bytes);
	return NULL;
}

static const char *check_stand(const struct mux *mux, const struct session *session)
{
	bool local = place_is_taken(&session->local);
	bool head = place_is_taken(&session->turn.head_place);
	bool waits = !list_empty(&session->waits);

	CHECK(local + head + waits <= 1);
	CHECK(session_request(session) || !(local || head || waits));
	CHECK(session->slot != SLOT_BOTH || head);
	CHECK(session->slot != SLOT_USER || waits);
	CHECK(local || head || waits || list_empty(&session->followers));
	CHECK(!session_request(session) || local || head || waits || session->sync_left > 0 ||
	      session->in_flight >= SESSION_IN_FLIGHT ||
	      session->ctl_in_flight >= SESSION_CTL_IN_FLIGHT || mux->unplugged);
	CHECK(list_empty(&session->turn.own) == !place_is_taken(&session->turn.own_place));
	return NULL;
}

/* Compares the session's counts with its transactions. */
static const char *check_owed(const struct session *session)
{
	unsigned in_flight = 0;
	unsigned ctl_in_flight = 0;
	unsigned releases = 0;

	list_for_each (link, &session->transactions) {
		const struct transaction *t = container_of(link, struct transaction, of_session);
		bool own = t->purpose >= PURPOSE_CLEAN;

		CHECK(t->session == session && !t->expired);
		in_flight += t->in_flight && t->client;
		ctl_in_flight += t->in_flight && !t->client && !own;
		releases += t->purpose == PURPOSE_SYNC_RELEASE;
	}
	CHECK(in_flight == session->in_flight);
	CHECK(ctl_in_flight == session->ctl_in_flight);
	CHECK(releases == session->sync_left);
	list_for_each (link, &session->holdings)
		CHECK(container_of(link, struct holding, of_session)->session == session);
	return NULL;
}

static const char *check_session(const struct mux *mux, const struct session *session)
{
	const char *fault;

	CHECK(session->all == &mux->sessions);
	CHECK(session->node < mux->config.nodes + mux->config.proxy);
	CHECK(session->id <= mux->sessions.seen);
	CHECK(session->partial_bytes <= session->partial_capacity);
	fault = check_queue(&session->responses);
	if (!fault)
		fault = check_queue(&session->indications);
	if (!fault)
		fault = check_queue(&session->out);
	if (!fault)
		fault = check_owed(session);
	return fault ? fault : check_stand(mux, session);
}

static const char *check_sessions(const struct mux *mux)
{
	unsigned count = 0;
	unsigned lingering = 0;

	list_for_each (link, &mux->sessions.open) {
		const struct session *session = container_of(link, struct session, link);
		const char *fault = check_session(mux, session);

		if (fault)
			return fault;
		CHECK(!session->closed);
		count++;
	}
	CHECK(count == mux->sessions.count);
	list_for_each (link, &mux->sessions.lingering) {
		const struct session *session = container_of(link, struct session, link);
		const char *fault = check_session(mux, session);

		if (fault)
			return fault;
		CHECK(session->closed && session_request(session));
		CHECK(list_empty(&session->holdings) && list_empty(&session->transactions));
		lingering++;
	}
	CHECK(count + lingering == mux->users.sessions);
	list_for_each (link, &mux->sessions.changed)
		CHECK(!container_of(link, struct session, changed)->closed);
	return NULL;
}

static const char *check_client(const struct mux *mux, const struct client *client)
{
	const struct clients *clients = &mux->clients;

	CHECK(clients_of_node(clients, client->node, client->service, client->cid) == client);
	CHECK(clients_of_modem(clients, client->service, client->device_cid) == client);
	CHECK(!client->releasing || client->releasing->released == client);
	CHECK(client_is_orphan(client) == !list_empty(&client->orphan));
	list_for_each (link, &client->holders) {
		const struct holding *holding = container_of(link, struct holding, of_client);

		CHECK(holding->client == client);
		CHECK(!holding->session->closed && holding->session->node == client->node);
	}
	list_for_each (link, &client->transactions)
		CHECK(container_of(link, struct transaction, of_client)->client == client);
	return NULL;
}

static const char *check_clients(const struct mux *mux)
{
	unsigned count = 0;
	unsigned orphans = 0;

	for (unsigned service = 0; service < 256; service++) {
		const struct service_clients *of_service = &mux->clients.services[service];
		unsigned before = count;

		list_for_each (link, &of_service->clients) {
			const struct client *client = container_of(link, struct client, link);
			const char *fault = check_client(mux, client);

			if (fault)
				return fault;
			CHECK(client->service == service);
			count++;
			orphans += client_is_orphan(client);
		}
		CHECK(count - before == of_service->count);
	}
	CHECK(count == mux->clients.count);
	CHECK(orphans == mux->clients.orphan_count);
	return NULL;
}

static const char *check_transaction(const struct transactions *transactions,
				     const struct transaction *t)
{
	CHECK(t->client || transactions->ctl[t->device_tid] == t);
	CHECK(!t->client == list_empty(&t->of_client));
	CHECK(!t->session == list_empty(&t->of_session));
	CHECK(!t->session || !t->session->closed);
	CHECK(!t->released || t->released->releasing == t);
	return NULL;
}

static const char *check_in_flight(const struct transactions *transactions,
				   const struct list *in_flight, unsigned *count)
{
	uint64_t deadline = 0;

	list_for_each (link, in_flight) {
		const struct transaction *t = container_of(link, struct transaction, age);
		const char *fault = check_transaction(transactions, t);

		if (fault)
			return fault;
		CHECK(t->in_flight && !t->expired && t->deadline >= deadline);
		deadline = t->deadline;
		++*count;
	}
	return NULL;
}

static const char *check_transactions(const struct transactions *transactions)
{
	unsigned count = 0;
	unsigned ctl = 0;
	unsigned used = 0;
	const char *fault = check_in_flight(transactions, &transactions->in_flight, &count);

	if (!fault)
		fault = check_in_flight(transactions, &transactions->ctl_in_flight, &ctl);
	if (fault)
		return fault;
	for (unsigned tid = 1; tid <= CTL_TIDS; tid++)
		used += transactions->ctl[tid] != NULL;
	CHECK(used == transactions->ctl_count);
	CHECK(ctl + transactions->resting_count == CTL_TIDS);
	return NULL;
}

/* What a user's expired requests and those under way leave to be explained. */
static const char *check_user(const struct mux *mux, const struct user *user)
{
	unsigned expired = 0;
	unsigned slots = 0;

	list_for_each (link, &user->expired) {
		const struct transaction *t = container_of(link, struct transaction, age);
		const char *fault = check_transaction(&mux->transactions, t);

		if (fault)
			return fault;
		CHECK(t->user == user && t->expired && !t->in_flight && !t->session);
		CHECK(!t->released);
		expired++;
	}
	CHECK(expired == user->expired_count && expired <= USER_EXPIRED);
	for (unsigned tid = 1; tid <= CTL_TIDS; tid++) {
		const struct transaction *t = mux->transactions.ctl[tid];

		slots += t && t->user == user && t->has_slot;
	}
	CHECK(slots <= user->ctl_slots);
	CHECK(user_is_root(user) || user->ctl_slots <= USER_CTL_SLOTS);
	CHECK(list_empty(&user->turn.own) == !place_is_taken(&user->turn.own_place));
	list_for_each (link, &user->orphans)
		CHECK(container_of(link, struct client, orphan)->user == user);
	return NULL;
}

/* The lines of users are where their limit says. */
static const char *check_rotation(const struct rotation *rotation, bool held)
{
	list_for_each (link, &rotation->lines) {
		const struct user *user = container_of(link, struct user, own.place.link);

		CHECK(user_may_send_own(user) != held);
		CHECK(line_place(&user->own));
	}
	return NULL;
}

static const char *check_users(const struct mux *mux)
{
	size_t used = 0;
	unsigned young = 0;
	unsigned own_young = 0;

	for (size_t i = 0; i < mux->users.table.size; i++) {
		list_for_each (link, &mux->users.table.buckets[i]) {
			const struct user *user = container_of(link, struct user, entry.link);
			const char *fault = check_user(mux, user);

			if (fault)
				return fault;
			CHECK(user->account.used <= user->account.limit || mux->users.overdrawn);
			used += user->account.used;
			young += user->young;
			own_young += user->own_young;
		}
	}
	CHECK(used == mux->users.everybody.used);
	CHECK(young == mux->window.count);
	CHECK(own_young == mux->own.window.count);
	return NULL;
}

static const char *check_window(const struct window *window)
{
	uint64_t sent = 0;
	unsigned count = 0;

	list_for_each (link, &window->young) {
		const struct window_entry *entry = container_of(link, struct window_entry, link);

		CHECK(entry->sent >= sent);
		sent = entry->sent;
		count++;
	}
	CHECK(count == window->count);
	return NULL;
}

static const char *check_input(const struct input *input)
{
	CHECK(input->at == 0 && input->skipped == 0);
	CHECK((input->bytes == 0) == (input->deadline == MUX_NEVER));
	return NULL;
}

const char *mux_check(const struct mux *mux)
{
	const char *fault = check_sessions(mux);

	if (!fault)
		fault = check_clients(mux);
	if (!fault)
		fault = check_transactions(&mux->transactions);
	if (!fault)
		fault = check_users(mux);
	if (!fault)
		fault = check_window(&mux->window);
	if (!fault)
		fault = check_window(&mux->own.window);
	if (!fault)
		fault = check_rotation(&mux->users.own, false);
	if (!fault)
		fault = check_rotation(&mux->users.held, true);
	return fault ? fault : check_input(&mux->input);
}

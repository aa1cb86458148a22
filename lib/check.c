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

	CHECK(queue->tail <= queue->capacity);
	CHECK((queue->frames == 0) == (queue->head == queue->tail));
	CHECK(queue->offset == 0 || queue->offset < frame_size(queue->data + queue->head));
	if (queue->frames > CHECK_FRAMES_MAX)
		return NULL;
	while (at < queue->tail) {
		at += frame_size(queue->data + at);
		frames++;
	}
	CHECK(at == queue->tail);
	CHECK(frames == queue->frames);
	return NULL;
}

static const char *check_session(const struct mux *mux, const struct session *session)
{
	const char *fault;

	CHECK(session->all == &mux->sessions);
	CHECK(session->node < mux->config.nodes);
	CHECK(session->id <= mux->sessions.seen);
	CHECK(!session->partial == !session->partial_bytes);
	CHECK(list_empty(&session->turn) == (session->out.frames == 0));
	fault = check_queue(&session->in);
	return fault ? fault : check_queue(&session->out);
}

static const char *check_sessions(const struct mux *mux)
{
	unsigned count = 0;

	list_for_each (link, &mux->sessions.open) {
		const struct session *session = container_of(link, struct session, link);
		const char *fault = check_session(mux, session);

		if (fault)
			return fault;
		CHECK(!session->closed);
		count++;
	}
	CHECK(count == mux->sessions.count);
	list_for_each (link, &mux->sessions.changed)
		CHECK(!container_of(link, struct session, changed)->closed);
	return NULL;
}

/* Compares the sessions' counts with the transactions in flight and waiting. */
static const char *check_owed(const struct mux *mux)
{
	unsigned in_flight = 0;
	unsigned sync_left = 0;

	list_for_each (link, &mux->sessions.open) {
		in_flight += container_of(link, struct session, link)->in_flight;
		sync_left += container_of(link, struct session, link)->sync_left;
	}
	list_for_each (link, &mux->transactions.in_flight) {
		const struct transaction *t = container_of(link, struct transaction, age);

		if (!t->session)
			continue;
		in_flight -= t->client != NULL;
		sync_left -= t->purpose == PURPOSE_SYNC_RELEASE;
	}
	list_for_each (link, &mux->transactions.waiting) {
		const struct transaction *t = container_of(link, struct transaction, age);

		sync_left -= t->session && t->purpose == PURPOSE_SYNC_RELEASE;
	}
	CHECK(in_flight == 0);
	CHECK(sync_left == 0);
	return NULL;
}

static const char *check_turns(const struct mux *mux)
{
	unsigned closed = 0;

	list_for_each (link, &mux->turns.order) {
		const struct session *session = container_of(link, struct session, turn);
		const char *fault;

		if (link == &mux->turns.own || !session->closed)
			continue;
		closed++;
		fault = check_session(mux, session);
		if (fault)
			return fault;
		CHECK(list_empty(&session->link) && list_empty(&session->changed));
		CHECK(session->in.frames == 0 && !session->partial);
	}
	CHECK(closed == mux->turns.lingering);
	CHECK(list_empty(&mux->turns.own) == list_empty(&mux->transactions.waiting));
	CHECK(!mux->heads_changed);
	return NULL;
}

static const char *check_client(const struct mux *mux, const struct client *client)
{
	const struct clients *clients = &mux->clients;

	CHECK(clients_of_node(clients, client->node, client->service, client->cid) == client);
	CHECK(clients_of_modem(clients, client->service, client->device_cid) == client);
	CHECK(!client->releasing || client->releasing->released == client);
	if (client->holder) {
		CHECK(!client->holder->closed);
		CHECK(client->holder->node == client->node);
	}
	list_for_each (link, &client->transactions)
		CHECK(container_of(link, struct transaction, of_client)->client == client);
	return NULL;
}

static const char *check_clients(const struct mux *mux)
{
	unsigned count = 0;
	unsigned orphans = 0;

	list_for_each (link, &mux->clients.all) {
		const struct client *client = container_of(link, struct client, link);
		const char *fault = check_client(mux, client);

		if (fault)
			return fault;
		count++;
		orphans += !client->holder;
	}
	CHECK(count == mux->clients.count);
	CHECK(orphans == mux->clients.orphans);
	return NULL;
}

static const char *check_transaction(const struct transactions *transactions,
				     const struct transaction *t)
{
	CHECK(t->client || transactions->ctl[t->device_tid] == t);
	CHECK(!t->client == list_empty(&t->of_client));
	CHECK(!t->client == list_empty(&t->by_tid));
	CHECK(!t->session || !t->session->closed);
	CHECK(!t->released || t->released->releasing == t);
	return NULL;
}

static const char *check_in_flight(const struct transactions *transactions, unsigned *ctl)
{
	uint64_t deadline = 0;

	list_for_each (link, &transactions->in_flight) {
		const struct transaction *t = container_of(link, struct transaction, age);
		const char *fault = check_transaction(transactions, t);

		if (fault)
			return fault;
		CHECK(!t->expired && t->deadline >= deadline);
		deadline = t->deadline;
		*ctl += !t->client;
	}
	return NULL;
}

static const char *check_expired(const struct transactions *transactions)
{
	unsigned count = 0;
	unsigned ctl = 0;

	list_for_each (link, &transactions->expired) {
		const struct transaction *t = container_of(link, struct transaction, age);
		const char *fault = check_transaction(transactions, t);

		if (fault)
			return fault;
		CHECK(t->expired && !t->session && !t->released);
		CHECK(!t->contended || t->deadline >= transactions->contention_deadline);
		CHECK(t->client || t->contended || !transactions->ctl_contended);
		count++;
		ctl += !t->client;
	}
	CHECK(count == transactions->expired_count);
	CHECK(ctl == transactions->expired_ctl_count);
	return NULL;
}

static const char *check_transactions(const struct transactions *transactions)
{
	unsigned ctl = 0;
	const char *fault = check_in_flight(transactions, &ctl);

	if (!fault)
		fault = check_expired(transactions);
	if (fault)
		return fault;
	CHECK(ctl + transactions->resting_count == CTL_TIDS);
	list_for_each (link, &transactions->waiting) {
		const struct transaction *t = container_of(link, struct transaction, age);

		CHECK(!t->client && !t->expired && !t->released);
		CHECK(!t->session || !t->session->closed);
	}
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
		fault = check_owed(mux);
	if (!fault)
		fault = check_turns(mux);
	if (!fault)
		fault = check_clients(mux);
	if (!fault)
		fault = check_transactions(&mux->transactions);
	return fault ? fault : check_input(&mux->input);
}

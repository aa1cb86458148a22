/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mux_private.h"
#include "names.h"

/* How many sessions may have closed with frames still to be sent; what more there are lose them. */
#define LINGERING_MAX 64

struct mux *mux_create(const struct mux_config *config)
{
	struct mux *mux = calloc(1, sizeof(*mux));

	assert(config->nodes >= 1 && config->nodes <= MUX_NODES_MAX);
	assert(config->frame_max <= QMUX_SIZE_MAX);
	if (!mux)
		return NULL;
	mux->config = *config;
	mux->orphan_deadline = MUX_NEVER;
	mux->input_deadline = MUX_NEVER;
	mux->contention_deadline = MUX_NEVER;
	mux->retry_at = MUX_NEVER;
	list_init(&mux->sessions);
	list_init(&mux->turns);
	list_init(&mux->own_turn);
	list_init(&mux->changed);
	transactions_init(&mux->transactions);
	mux->request = malloc(config->frame_max);
	mux->input = malloc(QMUX_SIZE_MAX);
	if (clients_init(&mux->clients, config->nodes) < 0 || !mux->request || !mux->input) {
		mux_destroy(mux);
		return NULL;
	}
	return mux;
}

void mux_destroy(struct mux *mux)
{
	list_for_each (link, &mux->turns) {
		if (link != &mux->own_turn)
			session_destroy(container_of(link, struct session, turn));
	}
	list_for_each (link, &mux->sessions)
		session_destroy(container_of(link, struct session, link));
	transactions_finish(&mux->transactions);
	clients_finish(&mux->clients);
	free(mux->request);
	free(mux->input);
	free(mux);
}

const struct mux_counters *mux_counters(const struct mux *mux)
{
	return &mux->counters;
}

unsigned mux_session_count(const struct mux *mux)
{
	unsigned count = 0;

	list_for_each (link, &mux->sessions)
		count++;
	return count;
}

unsigned mux_client_count(const struct mux *mux)
{
	unsigned count = 0;

	list_for_each (link, &mux->clients.all)
		count++;
	return count;
}

unsigned mux_orphan_count(const struct mux *mux)
{
	unsigned count = 0;

	list_for_each (link, &mux->clients.all)
		count += !container_of(link, struct client, link)->holder;
	return count;
}

void mux_log(struct mux *mux, enum mux_level level, const char *format, ...)
{
	va_list args;

	if (!mux->config.hooks.log)
		return;
	va_start(args, format);
	mux->config.hooks.log(mux->config.hooks.context, level, format, args);
	va_end(args);
}

const char *mux_service_name(uint8_t service)
{
	const char *name = qmi_service_name(service);

	return name ? name : "unknown service";
}

void mux_trace(struct mux *mux, const struct mux_trace *trace)
{
	if (mux->config.hooks.trace)
		mux->config.hooks.trace(mux->config.hooks.context, trace);
}

static void mark_changed(struct mux *mux, struct session *session)
{
	if (!session->closed && list_empty(&session->changed))
		list_append(&mux->changed, &session->changed);
}

bool mux_has_changed(const struct mux *mux)
{
	return !list_empty(&mux->changed);
}

struct session *mux_next_changed(struct mux *mux)
{
	struct session *session;

	if (list_empty(&mux->changed))
		return NULL;
	session = container_of(mux->changed.next, struct session, changed);
	list_remove(&session->changed);
	return session;
}

void mux_deliver(struct mux *mux, struct session *session, const uint8_t *frame)
{
	bool known = session->overflowed;
	unsigned dropped = session_deliver(session, frame, mux->config.queue_bytes);

	if (dropped > 0 && !known)
		mux_log(mux, MUX_DEBUG, "session %llu does not read: it loses indications",
			(unsigned long long)session->id);
	mux->counters.overflowed += dropped;
	mark_changed(mux, session);
}

void mux_answer(struct mux *mux, struct session *session, uint8_t service, uint8_t cid,
		uint16_t tid, uint16_t message, uint16_t error)
{
	uint8_t frame[FRAME_HEADER_MAX + 7];

	if (session->closed)
		return;
	frame_begin(frame, FRAME_RESPONSE, service, cid, tid, message);
	frame_add_result(frame, error);
	mux_trace(mux, &(struct mux_trace){.path = MUX_ANSWERED,
					   .session = session,
					   .frame = frame,
					   .cid = cid,
					   .tid = tid});
	mux_deliver(mux, session, frame);
}

void mux_answer_transaction(struct mux *mux, const struct transaction *transaction, uint16_t error)
{
	uint16_t message = transaction->message;

	if (!transaction->session)
		return;
	if (transaction->purpose == PURPOSE_RECLAIM)
		message = QMI_CTL_ALLOCATE_CID;
	mux_answer(mux, transaction->session,
		   transaction->client ? transaction->service : QMI_SERVICE_CTL,
		   transaction->client ? transaction->cid : QMI_CID_NONE, transaction->tid, message,
		   error);
}

void mux_abandon(struct mux *mux, struct transaction *transaction, uint16_t error)
{
	if (transaction->purpose == PURPOSE_SYNC_RELEASE)
		own_sync_step(mux, transaction->session);
	else
		mux_answer_transaction(mux, transaction, error);
}

static void leave_flight(struct transaction *transaction)
{
	if (transaction->client && transaction->session)
		transaction->session->in_flight--;
}

void mux_expire(struct mux *mux, struct transaction *transaction)
{
	leave_flight(transaction);
	transaction_expire(&mux->transactions, transaction);
}

void mux_end(struct mux *mux, struct transaction *transaction)
{
	leave_flight(transaction);
	transaction_end(&mux->transactions, transaction);
}

void mux_forget(struct mux *mux, struct client *client)
{
	list_for_each (link, &client->transactions) {
		struct transaction *transaction = container_of(link, struct transaction, of_client);

		mux_answer_transaction(mux, transaction, QMI_ERROR_ABORTED);
		mux_end(mux, transaction);
	}
	if (client->releasing)
		client->releasing->released = NULL;
	clients_remove(&mux->clients, client);
	mux->heads_changed = true;
}

void mux_check_orphans(struct mux *mux)
{
	if (mux->config.orphan_timeout)
		mux->orphan_deadline = 0;
}

void mux_keep(struct mux *mux, struct client *client)
{
	client->releasing->released = NULL;
	client->releasing = NULL;
	mux_check_orphans(mux);
	if (mux->stopping)
		own_release_client(mux, client);
}

/* Sessions. */

void mux_pop_request(struct mux *mux, struct session *session)
{
	bool was_full = session_out_full(session);

	queue_pop(&session->out);
	if (was_full && !session_out_full(session))
		mark_changed(mux, session);
}

static void bury(struct mux *mux, struct session *session)
{
	mux->lingering--;
	session_destroy(session);
}

void mux_settle(struct mux *mux, struct session *session)
{
	const uint8_t *frame;
	size_t size;

	while (session->sync_left == 0 && (frame = queue_front(&session->out, &size)) &&
	       request_answer(mux, session, frame))
		mux_pop_request(mux, session);
	if (session->out.frames > 0)
		return;
	list_remove(&session->turn);
	if (session->closed)
		bury(mux, session);
}

void mux_settle_all(struct mux *mux)
{
	while (mux->heads_changed) {
		mux->heads_changed = false;
		list_for_each (link, &mux->turns) {
			if (link != &mux->own_turn)
				mux_settle(mux, container_of(link, struct session, turn));
		}
	}
}

struct session *mux_open(struct mux *mux, unsigned node, void *owner)
{
	struct session *session;

	assert(node < mux->config.nodes);
	if (mux->unplugged || mux->stopping) {
		errno = ENODEV;
		return NULL;
	}
	session = session_create(mux, node, ++mux->sessions_seen, owner);
	if (session)
		list_append(&mux->sessions, &session->link);
	return session;
}

/* V6: nobody is there any more to take the answers. */
static void forget_requests(struct mux *mux, const struct session *session)
{
	list_for_each (link, &mux->transactions.in_flight) {
		struct transaction *transaction = container_of(link, struct transaction, age);

		if (transaction->session == session)
			transaction->session = NULL;
	}
	own_forget_asker(mux, session);
}

static void orphan_clients(struct mux *mux, const struct session *session, uint64_t now)
{
	uint64_t deadline =
		mux->config.orphan_timeout ? now + mux->config.orphan_timeout : MUX_NEVER;

	list_for_each (link, &mux->clients.all) {
		struct client *client = container_of(link, struct client, link);

		if (client->holder != session)
			continue;
		client_orphan(client, now);
		if (deadline < mux->orphan_deadline)
			mux->orphan_deadline = deadline;
	}
}

void mux_close(struct session *session, uint64_t now)
{
	struct mux *mux = session->mux;

	forget_requests(mux, session);
	orphan_clients(mux, session, now);
	if (mux->unplugged || mux->lingering == LINGERING_MAX) {
		session_destroy(session);
		return;
	}
	session_close(session);
	mux->lingering++;
	mux_settle(mux, session);
	mux_settle_all(mux);
}

void *mux_session_owner(const struct session *session)
{
	return session->owner;
}

unsigned mux_session_node(const struct session *session)
{
	return session->node;
}

uint64_t mux_session_id(const struct session *session)
{
	return session->id;
}

ssize_t mux_write(struct session *session, const uint8_t *data, size_t size)
{
	struct mux *mux = session->mux;
	ssize_t taken;

	if (mux->unplugged || mux->stopping)
		return -ENODEV;
	taken = session_accept(session, data, size, mux->config.frame_max);
	if (session->out.frames > 0 && list_empty(&session->turn))
		list_append(&mux->turns, &session->turn);
	mux_settle(mux, session);
	mux_settle_all(mux);
	return taken;
}

ssize_t mux_peek(struct session *session, const uint8_t **data)
{
	size_t size;

	if (session->mux->unplugged)
		return -ENODEV;
	if (session->overflowed) {
		session->overflowed = false;
		return -ENOBUFS;
	}
	*data = queue_front(&session->in, &size);
	return *data ? (ssize_t)size : -EAGAIN;
}

void mux_consume(struct session *session, size_t size)
{
	queue_consume(&session->in, size);
}

unsigned mux_session_state(const struct session *session)
{
	unsigned state = 0;

	if (session->mux->unplugged)
		return SESSION_DEAD;
	if (session->in.frames > 0 || session->overflowed)
		state |= SESSION_READABLE;
	if (!session->mux->stopping && !session_out_full(session))
		state |= SESSION_WRITABLE;
	return state;
}

void mux_restart(struct mux *mux)
{
	mux->counters.restarts++;
	mux->sync_answered = true;
	mux_log(mux, MUX_INFO, "the modem restarted: its clients are gone");
	list_for_each (link, &mux->clients.all)
		mux_forget(mux, container_of(link, struct client, link));
	/* Those of clients have ended; what is left is CTL's. */
	list_for_each (link, &mux->transactions.in_flight) {
		struct transaction *transaction = container_of(link, struct transaction, age);

		mux_abandon(mux, transaction, QMI_ERROR_ABORTED);
		transaction_expire(&mux->transactions, transaction);
	}
	list_for_each (link, &mux->transactions.waiting) {
		struct transaction *transaction = container_of(link, struct transaction, age);

		mux_abandon(mux, transaction, QMI_ERROR_ABORTED);
		mux_end(mux, transaction);
	}
	list_remove(&mux->own_turn);
}

void mux_port_unplugged(struct mux *mux)
{
	mux->unplugged = true;
	mux->port_busy = false;
	list_for_each (link, &mux->sessions)
		mark_changed(mux, container_of(link, struct session, link));
}

/* Life. */

bool mux_sync_answered(const struct mux *mux)
{
	return mux->sync_answered;
}

static void discard_requests(struct mux *mux, struct session *session)
{
	queue_finish(&session->out);
	list_remove(&session->turn);
	if (session->closed)
		bury(mux, session);
}

void mux_stop(struct mux *mux)
{
	mux->stopping = true;
	list_for_each (link, &mux->sessions)
		forget_requests(mux, container_of(link, struct session, link));
	list_for_each (link, &mux->turns) {
		if (link != &mux->own_turn)
			discard_requests(mux, container_of(link, struct session, turn));
	}
	list_for_each (link, &mux->clients.all) {
		struct client *client = container_of(link, struct client, link);

		if (!client->releasing)
			own_release_client(mux, client);
	}
}

/* Whether a client on the modem depends on its answer. */
static bool is_about_client(const struct transaction *transaction)
{
	return !transaction->client && transaction->purpose != PURPOSE_FORWARD &&
	       transaction->purpose != PURPOSE_START;
}

bool mux_stopped(const struct mux *mux)
{
	if (mux->unplugged)
		return true;
	if (mux->port_busy || !list_empty(&mux->transactions.waiting))
		return false;
	list_for_each (link, &mux->transactions.in_flight) {
		if (is_about_client(container_of(link, struct transaction, age)))
			return false;
	}
	return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens only because time passes: V9's and V15's timeouts. */
#include "mux_private.h"

/* ms that a request waits at most for the late answer that it could be given: V15. */
#define CONTENTION_TIMEOUT 1000

/* ms that a port has to recover before what it failed to send is tried again. */
#define RETRY_PAUSE 200

static void note_contention(struct mux *mux, uint64_t deadline)
{
	if (deadline < mux->contention_deadline)
		mux->contention_deadline = deadline;
}

bool mux_lacks_ctl_tid(struct mux *mux, uint64_t now)
{
	if (transactions_ctl_free(&mux->transactions))
		return false;
	if (mux->transactions.resting_count > 0) {
		transactions_contend_ctl(&mux->transactions, now + CONTENTION_TIMEOUT);
		note_contention(mux, now + CONTENTION_TIMEOUT);
	}
	return true;
}

void mux_contend(struct mux *mux, struct transaction *expired, uint64_t now)
{
	transaction_contend(expired, now + CONTENTION_TIMEOUT);
	note_contention(mux, expired->deadline);
}

void mux_retry_later(struct mux *mux, uint64_t now)
{
	if (mux->retry_at == MUX_NEVER)
		mux->retry_at = now + RETRY_PAUSE;
}

static uint64_t first_deadline(const struct mux *mux)
{
	if (list_empty(&mux->transactions.in_flight))
		return MUX_NEVER;
	return container_of(mux->transactions.in_flight.next, struct transaction, age)->deadline;
}

uint64_t mux_deadline(const struct mux *mux)
{
	uint64_t deadline = first_deadline(mux);

	if (mux->unplugged)
		return MUX_NEVER;
	if (mux->orphan_deadline < deadline)
		deadline = mux->orphan_deadline;
	if (mux->contention_deadline < deadline)
		deadline = mux->contention_deadline;
	if (mux->retry_at < deadline)
		deadline = mux->retry_at;
	return mux->input_deadline < deadline ? mux->input_deadline : deadline;
}

static void expire(struct mux *mux, struct transaction *transaction)
{
	mux->counters.expired++;
	mux_log(mux, MUX_DEBUG, "the modem did not answer %s message 0x%04x",
		transaction->client ? mux_service_name(transaction->service) : "CTL",
		transaction->message);
	/* Nobody can tell whether the modem has released it, so it must not be used again. */
	if (transaction->released)
		mux_forget(mux, transaction->released);
	if (transaction->purpose == PURPOSE_SYNC_RELEASE)
		own_sync_step(mux, transaction->session);
	mux_expire(mux, transaction);
}

static void release_old_orphans(struct mux *mux, uint64_t now)
{
	mux->orphan_deadline = MUX_NEVER;
	list_for_each (link, &mux->clients.all) {
		struct client *client = container_of(link, struct client, link);
		uint64_t deadline = client->orphaned_at + mux->config.orphan_timeout;

		if (!client_reclaimable(client))
			continue;
		if (deadline <= now) {
			mux->counters.reclaimed++;
			own_release_client(mux, client);
		} else if (deadline < mux->orphan_deadline) {
			mux->orphan_deadline = deadline;
		}
	}
}

/* Their answers will not come any more; the requests that waited for them may go on. */
static void end_contention(struct mux *mux, uint64_t now)
{
	mux->contention_deadline = MUX_NEVER;
	list_for_each (link, &mux->transactions.expired) {
		struct transaction *transaction = container_of(link, struct transaction, age);

		if (!transaction->contended)
			continue;
		if (transaction->deadline <= now)
			mux_end(mux, transaction);
		else
			note_contention(mux, transaction->deadline);
	}
}

void mux_tick(struct mux *mux, uint64_t now)
{
	while (first_deadline(mux) <= now)
		expire(mux,
		       container_of(mux->transactions.in_flight.next, struct transaction, age));
	if (mux->contention_deadline <= now)
		end_contention(mux, now);
	if (mux->orphan_deadline <= now)
		release_old_orphans(mux, now);
	if (mux->input_deadline <= now)
		answer_skip_partial(mux, now);
	if (mux->retry_at <= now)
		mux->retry_at = MUX_NEVER;
	mux_settle_all(mux);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "resume.h"

#include <errno.h>
#include <string.h>

#include "device_sync.h"
#include "ledger.h"

/* V15: as long as a request waits for a late answer that it could be given. */
#define RESUME_MS 1000

void resume_init(struct resumption *resumption)
{
	*resumption = (struct resumption){.waits_until = MUX_NEVER};
}

/* In the slots of kept: what is in each, or NULL. */
struct resumed {
	struct session *sessions[KEPT_SESSIONS + 1];
	struct client *clients[KEPT_CLIENTS + 1];
};

static int resume_session(struct mux *mux, struct resumed *resumed, unsigned slot)
{
	struct kept_session kept;
	struct session *session;
	struct user *user;

	resumed->sessions[slot] = NULL;
	if (!kept_session(&mux->kept, slot, &kept))
		return 0;
	user = user_get(&mux->users, kept.uid);
	if (!user)
		return -ENOMEM;
	session = session_restore(&mux->sessions, user, kept.node, kept.id);
	user_put(user);
	if (!session)
		return -ENOMEM;
	session->kept = slot;
	if (kept.reads)
		session_restore_loss(session);
	resumed->sessions[slot] = session;
	return 0;
}

static int resume_client(struct mux *mux, struct resumed *resumed, unsigned slot)
{
	struct kept_client kept;
	struct client *client;
	struct user *user;

	resumed->clients[slot] = NULL;
	if (!kept_client(&mux->kept, slot, &kept))
		return 0;
	if (kept_is_leaving(&mux->kept, kept.service, kept.device_cid)) {
		kept_remove_client(&mux->kept, slot);
		return 0;
	}
	user = user_get(&mux->users, kept.uid);
	if (!user)
		return -ENOMEM;
	errno = ENOMEM;
	client = clients_restore(&mux->clients, user, &kept, slot);
	user_put(user);
	if (!client)
		return -errno;
	for (unsigned family = 0; family < CALLS_FAMILIES; family++)
		client->calls.up[family] =
			kept_call(&mux->kept, slot, family, &client->calls.handle[family]);
	resumed->clients[slot] = client;
	return 0;
}

static int resume_holder(struct mux *mux, const struct resumed *resumed, unsigned slot)
{
	unsigned session;
	unsigned client;

	if (!kept_holder(&mux->kept, slot, &session, &client))
		return 0;
	if (!resumed->clients[client]) {
		kept_remove_holder(&mux->kept, slot);
		return 0;
	}
	errno = ENOMEM;
	return client_restore_holder(&mux->clients, resumed->clients[client],
				     resumed->sessions[session], slot)
		       ? 0
		       : -errno;
}

/* Only a client with one holder has one that may await answers. */
static void resume_asked(struct mux *mux, struct client *client)
{
	const struct session *holder = client_only_holder(client);

	client->asker = holder ? holder->id : 0;
	if (client_is_orphan(client))
		client_orphan(&mux->clients, client, mux->now);
}

static int resume_records(struct mux *mux, struct resumed *resumed)
{
	int err = 0;

	for (unsigned slot = 1; slot <= KEPT_SESSIONS && err == 0; slot++)
		err = resume_session(mux, resumed, slot);
	for (unsigned slot = 1; slot <= KEPT_CLIENTS && err == 0; slot++)
		err = resume_client(mux, resumed, slot);
	for (unsigned slot = 1; slot <= KEPT_HOLDERS && err == 0; slot++)
		err = resume_holder(mux, resumed, slot);
	return err;
}

/* When each was last used is not known: the order is that of the modem's CIDs. */
static void resume_clients(struct mux *mux)
{
	for (unsigned i = 0; i < 256 * 256 && mux->clients.count > 0; i++) {
		uint8_t service = (uint8_t)(i / 256);
		struct client *client =
			clients_of_modem(&mux->clients, service, (uint8_t)(i % 256));

		if (!client)
			continue;
		list_append(&mux->clients.services[service].clients, &client->link);
		resume_asked(mux, client);
	}
}

static enum transaction_purpose resume_purpose(uint16_t message)
{
	switch (message) {
	case QMI_CTL_ALLOCATE_CID:
		return PURPOSE_ALLOCATE;
	case QMI_CTL_RELEASE_CID:
		return PURPOSE_CLEAN;
	case QMI_CTL_SYNC:
		return PURPOSE_START;
	default:
		return PURPOSE_FORWARD;
	}
}

/* V15: late answers to CTL requests have to be told from those to new ones. */
static int resume_request(struct mux *mux, struct user *root, uint8_t tid)
{
	struct transaction *transaction;
	struct kept_request kept;

	if (!kept_request(&mux->kept, tid, &kept))
		return 0;
	transaction = transaction_create_own(&mux->transactions, root);
	if (!transaction)
		return -ENOMEM;
	transaction->purpose = resume_purpose(kept.message);
	transaction->message = kept.message;
	transaction->service = kept.service;
	transaction->device_cid = kept.device_cid;
	transaction->device_tid = tid;
	transaction->resumed = true;
	if (transaction->purpose == PURPOSE_ALLOCATE)
		mux->resumption.allocates[kept.service]++;
	transaction_restore_ctl(&mux->transactions, transaction);
	transaction_expire(&mux->transactions, transaction);
	return 0;
}

static int resume_requests(struct mux *mux)
{
	struct user *root = user_get(&mux->users, 0);
	int err = 0;

	if (!root)
		return -ENOMEM;
	for (unsigned tid = 1; tid <= CTL_TIDS && err == 0; tid++)
		err = resume_request(mux, root, (uint8_t)tid);
	user_put(root);
	transactions_restore_tids(&mux->transactions, kept_last_tid(&mux->kept));
	return err;
}

static int resume_release(struct mux *mux, uint8_t service, uint8_t device_cid)
{
	struct user *root = user_get(&mux->users, 0);

	if (!root)
		return -ENOMEM;
	own_release(mux, root, service, device_cid);
	user_put(root);
	return 0;
}

/* They may be there still, or not any more. */
static int resume_releases(struct mux *mux)
{
	int err = 0;

	for (unsigned i = 0; i < 256 * 256 && err == 0; i++) {
		if (kept_is_leaving(&mux->kept, (uint8_t)(i / 256), (uint8_t)(i % 256)))
			err = resume_release(mux, (uint8_t)(i / 256), (uint8_t)(i % 256));
	}
	return err;
}

int resume_from_kept(struct mux *mux)
{
	struct resumed resumed;
	int err = resume_records(mux, &resumed);

	if (err == 0)
		err = resume_requests(mux);
	if (err == 0)
		err = resume_releases(mux);
	if (err < 0)
		return err;
	resume_clients(mux);
	mux->sessions.seen = kept_seen(&mux->kept);
	mux->device_sync.answered = mux->clients.count > 0;
	mux->device_sync.clean = mux->clients.count == 0;
	mux->resumption.holds = true;
	mux->resumption.waits_until = mux->now + RESUME_MS;
	mux->resumption.answers_until = mux->now + mux->config.transaction_timeout;
	mux->resumption.seen = mux->sessions.seen;
	if (mux->clients.count > 0 || !mux->config.sync)
		return 0;
	/* It leaves no unknown client either. */
	memset(mux->resumption.allocates, 0, sizeof(mux->resumption.allocates));
	return device_sync_start(mux);
}

/* V6: its answer may have been read and lost, and one of those CIDs is nobody's. */
static void resume_release_unknown(struct mux *mux, uint8_t service)
{
	ledger_log(mux, MUX_INFO,
		   "a crash may have left a %s client that nobody knows: releasing all such",
		   ledger_service_name(service));
	for (unsigned cid = 1; cid <= QMI_CID_MAX; cid++) {
		if (!clients_of_modem(&mux->clients, service, (uint8_t)cid))
			resume_release(mux, service, (uint8_t)cid);
	}
}

void resume_tick(struct mux *mux)
{
	if (mux->now < mux->resumption.waits_until)
		return;
	mux->resumption.waits_until = MUX_NEVER;
	if (mux->stopping)
		return;
	for (unsigned service = 0; service < 256; service++) {
		if (mux->resumption.allocates[service] > 0)
			resume_release_unknown(mux, (uint8_t)service);
	}
}

void resume_note_answer(struct mux *mux, const struct transaction *transaction)
{
	uint8_t *awaited = &mux->resumption.allocates[transaction->service];

	/* None is awaited any more if the modem has forgotten all clients since. */
	if (transaction->resumed && transaction->purpose == PURPOSE_ALLOCATE && *awaited > 0)
		--*awaited;
}

void resume_note_restart(struct mux *mux)
{
	memset(mux->resumption.allocates, 0, sizeof(mux->resumption.allocates));
}

void resume_go_on(struct mux *mux)
{
	struct resumption *resumption = &mux->resumption;

	if (resumption->holds && resumption->waits_until == MUX_NEVER && !own_is_waiting(mux))
		resumption->holds = false;
}

struct session *resume_asker(const struct mux *mux, const struct client *client)
{
	if (!client || client->asker == 0 || mux->stopping ||
	    mux->now >= mux->resumption.answers_until)
		return NULL;
	list_for_each (link, &client->holders) {
		struct session *holder = container_of(link, struct holding, of_client)->session;

		if (holder->id == client->asker)
			return holder;
	}
	return NULL;
}

static unsigned resume_count(const struct kept *kept)
{
	struct kept_session session;
	struct kept_client client;
	unsigned count = 0;

	for (unsigned slot = 1; slot <= KEPT_SESSIONS; slot++)
		count += kept_session(kept, slot, &session);
	for (unsigned slot = 1; slot <= KEPT_CLIENTS; slot++)
		count += kept_client(kept, slot, &client);
	return count;
}

static bool resume_fits_session(const struct kept *kept, const struct session *session,
				unsigned *count)
{
	struct kept_session is;

	if (session->kept == KEPT_NOWHERE)
		return true;
	++*count;
	return session->kept <= KEPT_SESSIONS && kept_session(kept, session->kept, &is) &&
	       is.id == session->id && is.uid == session->user->uid && is.node == session->node;
}

static bool resume_fits_client(const struct kept *kept, const struct client *client,
			       unsigned *count)
{
	struct kept_client is;

	if (client->kept == KEPT_NOWHERE)
		return true;
	++*count;
	return client->kept <= KEPT_CLIENTS && kept_client(kept, client->kept, &is) &&
	       is.service == client->service && is.cid == client->cid &&
	       is.device_cid == client->device_cid && is.node == client->node &&
	       is.uid == client->user->uid;
}

static bool resume_fits_holdings(const struct kept *kept, const struct session *session)
{
	list_for_each (link, &session->holdings) {
		const struct holding *holding = container_of(link, struct holding, of_session);
		unsigned holder;
		unsigned client;

		if (holding->kept == KEPT_NOWHERE)
			continue;
		if (holding->kept > KEPT_HOLDERS ||
		    !kept_holder(kept, holding->kept, &holder, &client) ||
		    holder != session->kept || client != holding->client->kept)
			return false;
	}
	return true;
}

bool resume_fits(const struct mux *mux)
{
	unsigned count = 0;

	if (kept_seen(&mux->kept) != mux->sessions.seen)
		return false;
	list_for_each (link, &mux->sessions.open) {
		const struct session *session = container_of(link, struct session, link);

		if (!resume_fits_session(&mux->kept, session, &count) ||
		    !resume_fits_holdings(&mux->kept, session))
			return false;
	}
	for (unsigned service = 0; service < 256; service++) {
		list_for_each (link, &mux->clients.services[service].clients) {
			if (!resume_fits_client(&mux->kept, container_of(link, struct client, link),
						&count))
				return false;
		}
	}
	return count == resume_count(&mux->kept);
}

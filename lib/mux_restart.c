/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of mux.h for restarts: V29. */
#include <assert.h>
#include <errno.h>
#include <limits.h>

#include "mux_private.h"
#include "saved.h"

static unsigned mux_proxy_node(const struct mux *mux)
{
	return mux->config.proxy ? mux->config.nodes : UINT_MAX;
}

size_t mux_kept_size(void)
{
	return kept_size();
}

void mux_keep(struct mux *mux, void *kept)
{
	assert(mux->sessions.seen == 0 && mux->clients.count == 0);
	kept_begin(&mux->kept, kept, mux_proxy_node(mux));
}

int mux_save(struct mux *mux, uint8_t **saved, size_t *size)
{
	*saved = saved_write(mux, size);
	return *saved ? 0 : -ENOMEM;
}

/* 0, or -EINVAL with *why. */
static int mux_find_nodes(void *kept, const uint8_t *saved, size_t size, unsigned *nodes,
			  bool *proxy, const char **why)
{
	*nodes = 0;
	*proxy = false;
	*why = kept ? kept_fault(kept) : saved ? NULL : "nothing was kept";
	if (!*why && saved)
		*why = saved_nodes(saved, size, nodes, proxy);
	else if (!*why)
		*nodes = kept_nodes(kept, proxy);
	return *why ? -EINVAL : 0;
}

/* 0, -ENOMEM, or -EINVAL with *why. */
static int mux_restore(struct mux *mux, void *kept, const uint8_t *saved, size_t size,
		       const char **why)
{
	int err;

	if (!saved) {
		kept_resume(&mux->kept, kept, mux_proxy_node(mux));
		*why = "damaged: it contradicts itself";
		return resume_from_kept(mux);
	}
	err = saved_read(mux, saved, size, why);
	if (err < 0 || !kept)
		return err;
	kept_resume(&mux->kept, kept, mux_proxy_node(mux));
	*why = "what was kept is another's";
	return resume_fits(mux) ? 0 : -EINVAL;
}

struct mux *mux_load(const struct mux_config *config, void *kept, const uint8_t *saved, size_t size,
		     uint64_t now, const char **why)
{
	struct mux_config wide = *config;
	struct mux *mux;
	unsigned nodes;
	bool proxy;
	int err = mux_find_nodes(kept, saved, size, &nodes, &proxy, why);

	if (err == 0) {
		wide.nodes = nodes > config->nodes ? nodes : config->nodes;
		wide.proxy = config->proxy || proxy;
		/* What was allowed once is not refused now. */
		wide.memory = SIZE_MAX;
		mux = mux_create(&wide);
		if (!mux) {
			errno = ENOMEM;
			return NULL;
		}
		mux->now = now;
		err = mux_restore(mux, kept, saved, size, why);
		if (err == 0) {
			*why = NULL;
			users_set_memory(&mux->users, config->memory);
			return mux;
		}
		mux_destroy(mux);
	}
	errno = -err;
	return NULL;
}

unsigned mux_nodes(const struct mux *mux)
{
	return mux->config.nodes;
}

static struct session *mux_find_session(const struct mux *mux, uint64_t id)
{
	list_for_each (link, &mux->sessions.open) {
		struct session *session = container_of(link, struct session, link);

		if (session->id == id)
			return session;
	}
	return NULL;
}

/* One that nothing is known of but that its number was given. */
static struct session *mux_open_again(struct mux *mux, uint64_t id, unsigned node, uint32_t uid)
{
	struct session *session;
	struct user *user;

	if (id == 0 || id > mux->resumption.seen) {
		errno = ENOENT;
		return NULL;
	}
	user = user_get(&mux->users, uid);
	if (!user) {
		errno = ENOMEM;
		return NULL;
	}
	session = session_restore(&mux->sessions, user, node, id);
	user_put(user);
	return session;
}

struct session *mux_reopen(struct mux *mux, uint64_t id, unsigned node, uint32_t uid, void *owner)
{
	struct session *session = mux_find_session(mux, id);

	assert(node < mux->config.nodes + mux->config.proxy);
	if (session && !session->left) {
		errno = EEXIST;
		return NULL;
	}
	if (!session && (mux->unplugged || mux->stopping)) {
		errno = ENODEV;
		return NULL;
	}
	if (!session)
		session = mux_open_again(mux, id, node, uid);
	if (!session)
		return NULL;
	session->left = false;
	session->owner = owner;
	return session;
}

struct session *mux_next_left(const struct mux *mux, const struct session *session)
{
	struct list *link = session ? session->link.next : mux->sessions.open.next;

	for (; link != &mux->sessions.open; link = link->next) {
		struct session *next = container_of(link, struct session, link);

		if (next->left)
			return next;
	}
	return NULL;
}

size_t mux_charged(const struct session *session)
{
	return session->charged;
}

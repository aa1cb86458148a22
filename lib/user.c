/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "user.h"

#include <assert.h>
#include <stdlib.h>

/* The rest is root's alone, so that nobody else can keep it out. */
static void users_limit_all_but_root(struct users *users)
{
	size_t memory = users->everybody.limit;

	users->all_but_root.limit = memory - memory / 8;
	users->all_but_root.reserve = memory / 8;
}

int users_init(struct users *users, size_t memory)
{
	*users = (struct users){.everybody.limit = memory};
	users->all_but_root.above = &users->everybody;
	users_limit_all_but_root(users);
	rotation_init(&users->own, &users->clock);
	rotation_init(&users->held, &users->clock);
	rotation_init(&users->heads, &users->clock);
	rotation_init(&users->first, &users->clock);
	rotation_init(&users->local, &users->clock);
	return table_init(&users->table);
}

void users_finish(struct users *users)
{
	assert(!users->table.buckets || users->table.count == 0);
	table_finish(&users->table);
}

void turn_init(struct turn *turn, struct user *user, struct session *session)
{
	turn->user = user;
	turn->session = session;
	list_init(&turn->own);
	place_init(&turn->own_place);
	place_init(&turn->head_place);
}

static void user_limit(struct user *user)
{
	size_t memory = user->all->everybody.limit;

	user->account.limit = user_is_root(user) ? memory : memory / 2;
}

void users_set_memory(struct users *users, size_t memory)
{
	users->everybody.limit = memory;
	users_limit_all_but_root(users);
	for (size_t i = 0; i < users->table.size; i++) {
		list_for_each (link, &users->table.buckets[i]) {
			struct user *user = container_of(link, struct user, entry.link);

			user_limit(user);
			if (user->account.used > user->account.limit)
				users->overdrawn = true;
		}
	}
}

static struct user *user_create(struct users *users, uint32_t uid)
{
	struct user *user = calloc(1, sizeof(*user));

	if (!user)
		return NULL;
	user->all = users;
	user->uid = uid;
	user->account.above = user_is_root(user) ? &users->everybody : &users->all_but_root;
	user_limit(user);
	list_init(&user->expired);
	list_init(&user->orphans);
	list_init(&user->ctl_waiting);
	for (unsigned i = 0; i < QUEUE_CLASSES; i++)
		list_init(&user->queues[i]);
	turn_init(&user->turn, user, NULL);
	line_init(&user->own);
	line_init(&user->heads);
	line_init(&user->local);
	if (!account_charge(&user->account, sizeof(*user))) {
		free(user);
		return NULL;
	}
	table_add(&users->table, &user->entry, table_hash(uid));
	return user;
}

struct user *user_find(const struct users *users, uint32_t uid)
{
	list_for_each (link, table_bucket(&users->table, table_hash(uid))) {
		struct user *user = container_of(link, struct user, entry.link);

		if (user->uid == uid)
			return user;
	}
	return NULL;
}

struct user *user_get(struct users *users, uint32_t uid)
{
	struct user *user = user_find(users, uid);

	if (!user)
		user = user_create(users, uid);
	return user ? user_hold(user) : NULL;
}

struct user *user_hold(struct user *user)
{
	user->references++;
	return user;
}

void user_put(struct user *user)
{
	if (--user->references > 0)
		return;
	table_remove(&user->all->table, &user->entry);
	account_refund(&user->account, sizeof(*user));
	assert(user->account.used == 0);
	free(user);
}

bool user_may_open(const struct user *user)
{
	if (user_is_root(user))
		return user->all->sessions < SESSIONS_MAX;
	/* The more it has, the more it leaves free: few users cannot take all. */
	return user->sessions < USER_SESSIONS &&
	       user->all->sessions + user->sessions < SESSIONS_MAX - ROOT_SESSIONS;
}

bool user_may_linger(const struct user *user)
{
	return user_is_root(user) || user->lingering < USER_LINGERING;
}

struct rotation *user_heads(const struct user *user)
{
	return user->young ? &user->all->heads : &user->all->first;
}

void user_add_young(struct user *user)
{
	if (user->young++ == 0)
		rotation_take_over(&user->all->heads, &user->heads);
}

void user_drop_young(struct user *user)
{
	if (--user->young == 0)
		rotation_take_back(&user->all->first, &user->heads);
}

bool user_may_send_own(const struct user *user)
{
	return user->own_young < USER_OWN || user_is_root(user) || user->all->ending;
}

struct rotation *user_owns(const struct user *user)
{
	return user_may_send_own(user) ? &user->all->own : &user->all->held;
}

void user_add_own_young(struct user *user)
{
	user->own_young++;
	if (!user_may_send_own(user))
		rotation_take_over(&user->all->held, &user->own);
}

void user_drop_own_young(struct user *user)
{
	bool held = !user_may_send_own(user);

	user->own_young--;
	if (held && user_may_send_own(user))
		rotation_take_back(&user->all->own, &user->own);
}

void users_release_held(struct users *users)
{
	struct line *line;

	users->ending = true;
	while ((line = rotation_line(&users->held)))
		rotation_take_back(&users->own, line);
}

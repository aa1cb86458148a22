/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users, and how many clients they may have: V28. */
#include <stdlib.h>

#include "model_private.h"

int user_of(struct model *m, uint32_t uid)
{
	int user = 0;

	while (user < m->user_count && m->users[user].uid != uid)
		user++;
	if (user < m->user_count)
		return user;
	if (user == MODEL_USERS)
		abort();
	m->user_count++;
	m->users[user].uid = uid;
	lapse(&m->users[user].local);
	lapse(&m->users[user].port);
	lapse(&m->users[user].pseudo);
	return user;
}

bool is_root(const struct model *m, int user)
{
	return m->users[user].uid == 0;
}

enum may may_ask(const struct model *m, int user, uint8_t service)
{
	const struct user *u = &m->users[user];
	unsigned has = u->owns[service] + u->asks[service];

	if (is_root(m, user) || has + u->may_ask[service] < m->sure_limit[service])
		return MUST;
	return has < m->limit[service] ? MAY : NO;
}

/* An Allocate CID is under way from now on. */
void count_ask(struct model *m, struct flight *f)
{
	uint8_t service = *subject(f->frame, 1);

	if (f->counted)
		return;
	f->counted = &m->users[f->user].asks[service];
	++*f->counted;
}

void uncount_ask(struct flight *f)
{
	if (f->counted)
		--*f->counted;
	f->counted = NULL;
}

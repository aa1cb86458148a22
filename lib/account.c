/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "account.h"

#include <stdlib.h>

/* What an allocator needs for itself in each block. */
#define OVERHEAD 16

bool account_charge(struct account *account, size_t bytes)
{
	size_t below = 0;

	for (const struct account *a = account; a; a = a->above) {
		size_t limit = a->limit - (below > ACCOUNT_MODEST ? a->reserve : 0);

		if (bytes > limit || a->used > limit - bytes)
			return false;
		below = a->used + bytes;
	}
	for (struct account *a = account; a; a = a->above)
		a->used += bytes;
	return true;
}

bool account_is_full(const struct account *account, size_t bytes)
{
	return bytes > account->limit || account->used > account->limit - bytes;
}

void account_refund(struct account *account, size_t bytes)
{
	for (struct account *a = account; a; a = a->above)
		a->used -= bytes;
}

void *account_alloc(struct account *account, size_t size)
{
	return account_resize(account, NULL, 0, size);
}

void *account_resize(struct account *account, void *memory, size_t from, size_t to)
{
	size_t charge = memory ? to - from : to + OVERHEAD;
	void *resized;

	if (!account_charge(account, charge))
		return NULL;
	resized = realloc(memory, to);
	if (!resized)
		account_refund(account, charge);
	return resized;
}

void account_free(struct account *account, void *memory, size_t size)
{
	if (memory)
		account_refund(account, size + OVERHEAD);
	free(memory);
}

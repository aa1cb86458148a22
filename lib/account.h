/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V28: memory accounts. What is charged to an account counts for those above it
 * too: a user's, that of all users but root, that of everybody.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

/* A user who needs no more than this gets it even if others use up all but a reserve. */
#define ACCOUNT_MODEST 65536

struct account {
	size_t used;
	size_t limit;          /* bytes */
	size_t reserve;        /* of the limit, for those below that use at most ACCOUNT_MODEST */
	struct account *above; /* or NULL */
};

/* Counts bytes. False if that is over a limit, here or above; then nothing is counted. */
bool account_charge(struct account *account, size_t bytes);
void account_refund(struct account *account, size_t bytes);

/* True if it is this account, not one above, that has no room for these bytes. */
bool account_is_full(const struct account *account, size_t bytes);

/*
 * malloc(), realloc() and free() for memory that is charged. The caller remembers
 * the sizes. NULL if memory runs out or the charge is over a limit; then nothing
 * has changed.
 */
void *account_alloc(struct account *account, size_t size);
void *account_resize(struct account *account, void *memory, size_t from, size_t to);
void account_free(struct account *account, void *memory, size_t size);

#endif

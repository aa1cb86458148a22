/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files saved*.c. */
#ifndef SAVED_PRIVATE_H
#define SAVED_PRIVATE_H

#include "archive.h"
#include "frame.h"
#include "mux_private.h"

/* Objects of one kind, by number. */
struct saved_kind {
	void **all;
	uint32_t count;
	uint32_t room;
	size_t number; /* where an object has its number: an offset */
};

struct saved {
	struct archive archive;
	struct mux *mux;
	struct saved_kind users;
	struct saved_kind sessions;
	struct saved_kind clients;
	struct saved_kind transactions;
};

/* saved_refs.c */
void saved_node(struct saved *saved, unsigned *node);
void saved_add(struct saved *saved, struct saved_kind *kind, void *object);
/* An object by number: the one given, or in reading the one that was, or NULL. */
void *saved_ref(struct saved *saved, const struct saved_kind *kind, void *object);
void *saved_owner(struct saved *saved, const struct saved_kind *kind,
		  void *object); /* never NULL
				   but by a fault */
/* A list, whose links are at an offset in the objects. */
void saved_list(struct saved *saved, const struct saved_kind *kind, struct list *list, size_t at);
bool saved_goes_on(struct saved *saved, uint32_t done, uint32_t count);
bool saved_is_frame(const uint8_t *data, size_t bytes, enum frame_origin origin);

/* saved_objects.c: numbers all objects, then saves each. */
void saved_number(struct saved *saved);
void saved_users(struct saved *saved);
void saved_sessions(struct saved *saved);
void saved_clients(struct saved *saved);
void saved_transactions(struct saved *saved);

/* saved_lists.c: what lists they are in, and what follows from that. */
void saved_lists(struct saved *saved);

/* Takes apart what has been read, as far as it has, so that the mux can be destroyed. */
void saved_undo(struct saved *saved);

#endif

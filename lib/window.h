/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V28: the window of requests that the modem may have at a time. It counts those
 * that are unanswered and young; older ones are slow for reasons of their own.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"

/* A request's part in the window. */
struct window_entry {
	struct list link; /* in the window's young ones */
	uint64_t sent;    /* ms */
};

struct window {
	struct list young; /* oldest first */
	unsigned count;
	unsigned size;
	unsigned quick;  /* answers in time since it grew */
	uint64_t shrunk; /* ms: when it last shrank */
};

void window_init(struct window *window);
bool window_is_open(const struct window *window);

void window_entry_init(struct window_entry *entry);
void window_sent(struct window *window, struct window_entry *entry, uint64_t now);

/* The modem has answered it, or it is over in another way. True if it was young until now. */
bool window_answered(struct window *window, struct window_entry *entry, uint64_t now);
bool window_forget(struct window *window, struct window_entry *entry);

/* V29: one more, which was sent later than the others. */
void window_restore(struct window *window, struct window_entry *entry);
bool window_is_sane(const struct window *window);

/* One that is not young any more, and was until now, or NULL. */
struct window_entry *window_aged(struct window *window, uint64_t now);
uint64_t window_deadline(const struct window *window); /* when the next one ages */

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "window.h"

#define SIZE_FIRST 16
#define SIZE_MIN   8
#define SIZE_LAST  1024

#define YOUNG_MS 1000 /* a request is young for so long */
#define QUICK_MS 25   /* an answer within it lets the window grow */
#define SLOW_MS  50   /* one beyond it makes it shrink, and not again within it */

void window_init(struct window *window)
{
	*window = (struct window){.size = SIZE_FIRST};
	list_init(&window->young);
}

bool window_is_open(const struct window *window)
{
	return window->count < window->size;
}

void window_entry_init(struct window_entry *entry)
{
	list_init(&entry->link);
}

void window_sent(struct window *window, struct window_entry *entry, uint64_t now)
{
	entry->sent = now;
	list_append(&window->young, &entry->link);
	window->count++;
}

void window_restore(struct window *window, struct window_entry *entry)
{
	list_append(&window->young, &entry->link);
	window->count++;
}

bool window_is_sane(const struct window *window)
{
	return window->size >= SIZE_MIN && window->size <= SIZE_LAST &&
	       window->quick <= window->size;
}

bool window_forget(struct window *window, struct window_entry *entry)
{
	if (list_empty(&entry->link))
		return false;
	list_remove(&entry->link);
	window->count--;
	return true;
}

static void window_shrink(struct window *window, uint64_t now)
{
	window->quick = 0;
	if (now < window->shrunk + SLOW_MS)
		return;
	window->shrunk = now;
	window->size -= window->size / 8;
	if (window->size < SIZE_MIN)
		window->size = SIZE_MIN;
}

/* Only a window that was full tells whether a larger one would do. */
static void window_grow(struct window *window)
{
	if (window->count < window->size || window->size == SIZE_LAST)
		return;
	if (++window->quick < window->size)
		return;
	window->quick = 0;
	window->size++;
}

bool window_answered(struct window *window, struct window_entry *entry, uint64_t now)
{
	uint64_t took = now - entry->sent;

	if (list_empty(&entry->link))
		return false;
	if (took > SLOW_MS)
		window_shrink(window, now);
	else if (took <= QUICK_MS)
		window_grow(window);
	return window_forget(window, entry);
}

uint64_t window_deadline(const struct window *window)
{
	if (list_empty(&window->young))
		return UINT64_MAX;
	return container_of(window->young.next, struct window_entry, link)->sent + YOUNG_MS;
}

struct window_entry *window_aged(struct window *window, uint64_t now)
{
	struct window_entry *oldest;

	if (window_deadline(window) > now)
		return NULL;
	oldest = container_of(window->young.next, struct window_entry, link);
	window_shrink(window, now);
	window_forget(window, oldest);
	return oldest;
}

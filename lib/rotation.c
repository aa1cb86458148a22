/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rotation.h"

#include <stddef.h>

void rotation_init(struct rotation *rotation, uint64_t *clock)
{
	list_init(&rotation->lines);
	rotation->clock = clock;
}

void place_init(struct place *place)
{
	list_init(&place->link);
	place->since = 0;
}

void line_init(struct line *line)
{
	list_init(&line->members);
	place_init(&line->place);
}

static void rotation_take(const struct rotation *rotation, struct list *list, struct place *place)
{
	list_append(list, &place->link);
	place->since = ++*rotation->clock;
}

void rotation_join(struct rotation *rotation, struct line *line, struct place *place)
{
	if (place_is_taken(place))
		return;
	rotation_take(rotation, &line->members, place);
	if (!place_is_taken(&line->place))
		rotation_take(rotation, &rotation->lines, &line->place);
}

void rotation_leave(struct line *line, struct place *place)
{
	list_remove(&place->link);
	if (list_empty(&line->members))
		list_remove(&line->place.link);
}

void rotation_pass(struct rotation *rotation, struct line *line, struct place *place)
{
	if (place_is_taken(place))
		rotation_take(rotation, &line->members, place);
	if (place_is_taken(&line->place))
		rotation_take(rotation, &rotation->lines, &line->place);
}

void rotation_take_over(struct rotation *rotation, struct line *line)
{
	if (place_is_taken(&line->place))
		rotation_take(rotation, &rotation->lines, &line->place);
}

/* Where it belongs by what it has since. */
static void rotation_insert(struct list *list, struct place *place)
{
	struct list *behind = list;

	while (behind->prev != list &&
	       container_of(behind->prev, struct place, link)->since > place->since)
		behind = behind->prev;
	list_append(behind, &place->link);
}

void rotation_take_back(struct rotation *rotation, struct line *line)
{
	if (!place_is_taken(&line->place))
		return;
	list_remove(&line->place.link);
	rotation_insert(&rotation->lines, &line->place);
}

void line_restore(struct line *line, struct place *place, uint64_t since)
{
	place->since = since;
	rotation_insert(&line->members, place);
}

void rotation_restore(struct rotation *rotation, struct line *line, uint64_t since)
{
	line->place.since = since;
	if (!list_empty(&line->members))
		rotation_insert(&rotation->lines, &line->place);
}

struct line *rotation_line(const struct rotation *rotation)
{
	if (list_empty(&rotation->lines))
		return NULL;
	return container_of(rotation->lines.next, struct line, place.link);
}

struct place *line_place(const struct line *line)
{
	if (list_empty(&line->members))
		return NULL;
	return container_of(line->members.next, struct place, link);
}

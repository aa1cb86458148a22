/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rotation of users, and within each user of its sessions: whoever was served
 * goes to the end of both.
 */
#ifndef ROTATION_H
#define ROTATION_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"

/* A place in a line. */
struct place {
	struct list link;
	uint64_t since; /* when it was taken: a count that rotations share */
};

/* A user's line. */
struct line {
	struct list members; /* places, next turn first */
	struct place place;  /* in the rotation while there are members */
};

struct rotation {
	struct list lines; /* next turn first */
	uint64_t *clock;   /* counts places taken, to compare those in several rotations */
};

void rotation_init(struct rotation *rotation, uint64_t *clock);
void line_init(struct line *line);
void place_init(struct place *place);

/* Takes a place at the end of the line, unless there is one already. */
void rotation_join(struct rotation *rotation, struct line *line, struct place *place);

/* Gives the place up, if there is one. */
void rotation_leave(struct line *line, struct place *place);

/* Served: it goes to the end of its line, and the line to the end, as far as they have places. */
void rotation_pass(struct rotation *rotation, struct line *line, struct place *place);

/* The line goes from another rotation to the end of this one, or to where it was taken. */
void rotation_take_over(struct rotation *rotation, struct line *line);
void rotation_take_back(struct rotation *rotation, struct line *line);

/* V29: takes the place, or that of a line with members, where it was, by what it had since. */
void line_restore(struct line *line, struct place *place, uint64_t since);
void rotation_restore(struct rotation *rotation, struct line *line, uint64_t since);

/* The next line and its next place, or NULL. */
struct line *rotation_line(const struct rotation *rotation);
struct place *line_place(const struct line *line);

static inline bool place_is_taken(const struct place *place)
{
	return !list_empty(&place->link);
}

#endif

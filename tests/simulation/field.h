/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers of a step or a world by name, for shrinking, printing and parsing. */
#ifndef FIELD_H
#define FIELD_H

#include "operation.h"
#include "world.h"

struct field {
	const char *name; /* NULL after the last */
	size_t offset;
	size_t size;
	uint64_t simplest;
};

extern const struct field operation_fields[];
extern const struct field world_fields[];

uint64_t field_get(const void *object, const struct field *field);
void field_set(void *object, const struct field *field, uint64_t value);

/*
 * Sets the fields named in text, such as ":amount=3:cut=0". Returns the end of that, or
 * NULL if a field or a number is invalid.
 */
char *field_parse(void *object, const struct field *fields, char *text);

/* Prints the fields that differ in after, in the same form. */
void field_print(const void *before, const void *after, const struct field *fields);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers that make up a step or a world, by name: they can be made simpler, told and typed. */
#ifndef FIELD_H
#define FIELD_H

#include "operation.h"
#include "world.h"

struct field {
	const char *name; /* NULL behind the last one */
	size_t offset;
	size_t size;
	uint64_t simplest;
};

extern const struct field operation_fields[];
extern const struct field world_fields[];

uint64_t field_get(const void *object, const struct field *field);
void field_set(void *object, const struct field *field, uint64_t value);

/*
 * Sets what text names, as in ":amount=3:cut=0". Returns where that ends, or
 * NULL if it is none of these fields or no number.
 */
char *field_parse(void *object, const struct field *fields, char *text);

/* Prints in this form what is different in after. */
void field_print(const void *before, const void *after, const struct field *fields);

#endif

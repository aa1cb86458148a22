/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes allocations fail on demand. The binary is linked with --wrap for malloc, calloc
 * and realloc, so that the core's allocations pass through here.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Makes the count-th allocation from now fail, counted from 1; 0: none. */
void memory_fail(unsigned count);

/* True if that one has failed. Later allocations succeed. */
bool memory_failed(void);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);

#endif

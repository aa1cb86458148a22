/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that runs out on demand. The binary is linked with --wrap for malloc,
 * calloc and realloc, so that the core's allocations come by here.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* The count-th allocation from now on fails, the next one being the first; 0: none does. */
void memory_fail(unsigned count);

/* Whether that one has failed since; none will fail after this. */
bool memory_failed(void);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory.h"

static unsigned countdown;
static bool failed;

static bool fails(void)
{
	if (countdown == 0 || --countdown > 0)
		return false;
	failed = true;
	return true;
}

void memory_fail(unsigned count)
{
	countdown = count;
	failed = false;
}

bool memory_failed(void)
{
	bool was = failed;

	memory_fail(0);
	return was;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

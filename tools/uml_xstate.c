/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded by with-cuse into User-Mode Linux, whose buffers for a process's extended
 * registers end before those of AMX. Linux only takes back the complete set
 * (xstateregs_set() in arch/x86/kernel/fpu/regset.c), so without this no process starts.
 * AMX needs a permission that nothing in User-Mode Linux asks for, so zeros complete it.
 */
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

#define XSTATE_MAX 16384

static long xstate_ptrace(enum __ptrace_request request, pid_t pid, void *address, void *data)
{
	static long (*next)(enum __ptrace_request request, ...);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "ptrace");
	return next(request, pid, address, data);
}

/* The size in bytes of the complete set, 0 if unknown. Its contents go to set. */
static size_t xstate_size(pid_t pid, char set[XSTATE_MAX])
{
	static size_t size;
	struct iovec all = {.iov_base = set, .iov_len = XSTATE_MAX};

	if (!size && xstate_ptrace(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &all) == 0)
		size = all.iov_len;
	return size;
}

static long xstate_set(pid_t pid, void *address, struct iovec *part)
{
	static char set[XSTATE_MAX]; /* larger than the stack, and there is only one thread */
	struct iovec all = {.iov_base = set, .iov_len = xstate_size(pid, set)};

	if (all.iov_len <= part->iov_len)
		return xstate_ptrace(PTRACE_SETREGSET, pid, address, part);
	memcpy(set, part->iov_base, part->iov_len);
	return xstate_ptrace(PTRACE_SETREGSET, pid, address, &all);
}

long ptrace(enum __ptrace_request request, ...)
{
	va_list arguments;
	pid_t pid;
	void *address;
	void *data;

	va_start(arguments, request);
	pid = va_arg(arguments, pid_t);
	address = va_arg(arguments, void *);
	data = va_arg(arguments, void *);
	va_end(arguments);
	if (request == PTRACE_SETREGSET && address == (void *)NT_X86_XSTATE)
		return xstate_set(pid, address, data);
	return xstate_ptrace(request, pid, address, data);
}

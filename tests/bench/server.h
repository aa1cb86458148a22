/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resources that another process, the server, has used. */
#ifndef SERVER_H
#define SERVER_H

#include <stdint.h>
#include <sys/types.h>

/* In user space and in the kernel. User-Mode Linux counts whole ticks of 10 ms. */
uint64_t server_cpu_ns(pid_t pid);
uint64_t server_peak_kib(pid_t pid); /* peak resident memory since its start */

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * V29: a planned restart: all of a mux as bytes. Objects are numbered; then come the
 * lists that they are in, by number. What follows from other things is not saved: counts,
 * and in which rotation a line is.
 */
#ifndef SAVED_H
#define SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mux;

/* To be freed by the caller; NULL if out of memory. */
uint8_t *saved_write(struct mux *mux, size_t *size);

/*
 * How many nodes the saved sessions and clients need, and whether they need that of the
 * proxy. NULL, or what is wrong with the bytes.
 */
const char *saved_nodes(const uint8_t *saved, size_t size, unsigned *nodes, bool *proxy);

/*
 * Into a mux just created, with limits that allow everything. 0, -ENOMEM, or -EINVAL with
 * *why; then the mux may only be destroyed.
 */
int saved_read(struct mux *mux, const uint8_t *saved, size_t size, const char **why);

#endif

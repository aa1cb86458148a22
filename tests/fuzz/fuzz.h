/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the fuzz targets: the simulation's world, driven by a fuzzer's bytes, with
 * the model of the rules watching the core.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "world.h"

struct input {
	const uint8_t *data;
	size_t size;
};

/* Returns the next byte of the input, or 0 at its end. */
uint8_t input_byte(struct input *input);

/* Returns the next bytes. A byte of the input says how many; *size is set to the actual number. */
const uint8_t *input_bytes(struct input *input, size_t *size);

/* Makes a world chosen by the first byte, with a session and a DMS client on node 0. */
struct world *fuzz_begin(struct input *input);

/* Does a step, and prints it if FUZZ_TRACE is set. A broken rule ends the process. */
void fuzz_do(struct world *world, const struct operation *op);

/* Finishes the world and checks it. */
void fuzz_end(struct world *world);

#endif

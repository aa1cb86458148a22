/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share: the simulation's world, in which the model of
 * the rules watches the core all along, led by a fuzzer's bytes.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "world.h"

struct input {
	const uint8_t *data;
	size_t size;
};

/* The next byte of the input; 0 behind its end. */
uint8_t input_byte(struct input *input);

/* The next bytes, as many as a byte of the input says, and as there are; *size is set. */
const uint8_t *input_bytes(struct input *input, size_t *size);

/* A world that the input's first byte chooses, with a session and a client of DMS on node 0. */
struct world *fuzz_begin(struct input *input);

/* Does a step, and prints it if FUZZ_TRACE is set; a rule that is broken ends the process. */
void fuzz_do(struct world *world, const struct operation *op);

/* Lets everything come to an end, and checks it. */
void fuzz_end(struct world *world);

#endif

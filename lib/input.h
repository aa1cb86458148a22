/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the port has delivered and nobody has looked at yet: bytes go in, whole
 * frames come out, and garbage between them is counted and dropped.
 */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>

struct input {
	uint8_t *data; /* room for one frame of any size */
	size_t bytes;
	size_t at;         /* what lies before it has been looked at */
	size_t skipped;    /* bytes of garbage since the last frame */
	uint64_t deadline; /* ms, for the rest of the partial frame; UINT64_MAX: there is none */
};

/* 0, or -ENOMEM. input_finish() takes either. */
int input_init(struct input *input);
void input_finish(struct input *input);

/*
 * Takes as many of the bytes as there is room for, and returns how many. After
 * input_next() has returned NULL there is room for one at least.
 */
size_t input_push(struct input *input, const uint8_t *data, size_t size);

/*
 * The next whole frame, which may be changed in place and is valid until the
 * next call; or NULL, and the bytes of the partial frame that are there wait
 * for its rest: V19. *skipped is the size of the garbage before either.
 */
uint8_t *input_next(struct input *input, uint64_t now, size_t *skipped);

/* What looked like the beginning of a frame is garbage: its rest has not come. */
void input_skip(struct input *input);

void input_discard(struct input *input);

#endif
